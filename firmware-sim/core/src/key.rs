//! The dongle key, and what follows from it.

use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};
use tallykey_protocol::id::{self, PublicKey};
use zeroize::Zeroizing;

/// The private key that never leaves the dongle, with its public half.
pub(crate) struct DongleKey {
    signing: SigningKey,
    public: PublicKey,
    thumbprint: [u8; 32],
}

impl DongleKey {
    /// The key with this scalar; `None` if it is zero or not below the order of the curve.
    pub(crate) fn from_scalar(scalar: &Zeroizing<[u8; 32]>) -> Option<Self> {
        let signing = SigningKey::from_slice(&scalar[..]).ok()?;
        let public = *signing
            .verifying_key()
            .to_sec1_point(false)
            .as_bytes()
            .first_chunk()?;
        Some(Self {
            thumbprint: id::thumbprint(&public),
            public,
            signing,
        })
    }

    /// The public half.
    pub(crate) const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// COSE Key Thumbprint (RFC 9679) of the public half.
    pub(crate) const fn thumbprint(&self) -> &[u8; 32] {
        &self.thumbprint
    }

    /// ES256 over a message with this SHA-256 `digest`, raw r ‖ s; RFC 6979 nonce, low s. `None` only if
    /// that nonce has no signature, which nobody has ever met.
    pub(crate) fn sign(&self, digest: &[u8; 32]) -> Option<[u8; 64]> {
        let signature: Signature = self.signing.sign_prehash(digest).ok()?;
        Some(signature.normalize_s().to_bytes().into())
    }
}
