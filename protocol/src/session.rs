//! The secure session that `open` makes: transcript, key agreement, one MAC key per direction.

mod mac;
mod transcript;

pub use mac::{MacError, open, seal};
pub use transcript::Transcript;

use crate::id::PublicKey;
use hkdf::Hkdf;
use p256::elliptic_curve::sec1::ToSec1Point;
use sha2::Sha256;
use zeroize::Zeroize;

/// Which way a message goes; part of what its MAC covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Host to dongle.
    ToDongle,
    /// Dongle to host.
    ToHost,
}

/// The MAC keys of one session.
pub struct Keys {
    to_dongle: [u8; 32],
    to_host: [u8; 32],
}

/// A public key that is no point of P-256 (SP 800-56A §5.6.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPoint;

impl Keys {
    /// Agrees with `peer` and derives the keys: HKDF-SHA-256 (RFC 5869) with the transcript as salt.
    ///
    /// # Errors
    /// [`NotAPoint`] if `peer` is not on the curve.
    pub fn agree(
        secret: &p256::SecretKey,
        peer: &PublicKey,
        transcript: &[u8; 32],
    ) -> Result<Self, NotAPoint> {
        let peer = p256::PublicKey::from_sec1_bytes(peer).map_err(|_| NotAPoint)?;
        let shared = p256::ecdh::diffie_hellman(secret.to_nonzero_scalar(), peer.as_affine());
        let expand = Hkdf::<Sha256>::new(Some(transcript), shared.raw_secret_bytes());
        let mut keys = Self {
            to_dongle: [0; 32],
            to_host: [0; 32],
        };
        for (info, key) in [
            (b"tallykey v1 to dongle".as_slice(), &mut keys.to_dongle),
            (b"tallykey v1 to host".as_slice(), &mut keys.to_host),
        ] {
            // 32 bytes are far below the 255 blocks at which HKDF ends, so this cannot fail.
            expand.expand(info, key).map_err(|_| NotAPoint)?;
        }
        Ok(keys)
    }

    fn of(&self, direction: Direction) -> &[u8; 32] {
        match direction {
            Direction::ToDongle => &self.to_dongle,
            Direction::ToHost => &self.to_host,
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.to_dongle.zeroize();
        self.to_host.zeroize();
    }
}

/// The uncompressed public key of `secret`.
#[must_use]
pub fn public_key(secret: &p256::SecretKey) -> PublicKey {
    let point = secret.public_key().to_sec1_point(false);
    let mut key = [0; 65];
    key.copy_from_slice(point.as_bytes());
    key
}
