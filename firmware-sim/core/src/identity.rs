//! Who this dongle is: its key, and what its certificate says.

use crate::key::DongleKey;
use crate::platform::Platform;
use crate::store::{BootFault, Place, Store};
use crate::vault::{Bytes, KEPT_MAX, NotOurs, Secret, Vault};
use sha2::{Digest, Sha256};
use tallykey_protocol::cert::Certificate;
use tallykey_protocol::limits::{CERT_MAX, SERIAL_MAX};
use zeroize::Zeroizing;

/// Read from the store at boot and after every command that changes it: a multiplication on the curve is
/// too slow to repeat for each proof.
pub(crate) struct Identity {
    /// The dongle key, once made.
    pub(crate) key: Option<DongleKey>,
    /// What the certificate says, once there is one.
    pub(crate) certified: Option<Certified>,
}

/// What the dongle needs of its own certificate.
pub(crate) struct Certified {
    serial: [u8; SERIAL_MAX],
    serial_len: usize,
    /// SHA-256 of the certificate.
    pub(crate) digest: [u8; 32],
}

impl Identity {
    /// Reads key and certificate.
    pub(crate) fn load(store: &Store, platform: &mut impl Platform) -> Result<Self, BootFault> {
        let secret = secret(store, platform, Secret::Key)?;
        let mut leaf = [0; CERT_MAX];
        let leaf = store.read(platform.flash(), Place::Leaf, &mut leaf)?;
        Ok(Self {
            key: secret.as_ref().and_then(DongleKey::from_scalar),
            certified: leaf.and_then(Certified::read),
        })
    }
}

/// Reads a secret, if there is one.
pub(crate) fn secret(
    store: &Store,
    platform: &mut impl Platform,
    secret: Secret,
) -> Result<Option<Bytes>, BootFault> {
    let place = match secret {
        Secret::Key => Place::Secret,
        Secret::Verifier => Place::Verifier,
    };
    let vault = Vault::of(platform);
    let mut kept = Zeroizing::new([0; KEPT_MAX]);
    let kept = store.read(platform.flash(), place, &mut kept[..])?;
    kept.map(|kept| vault.recall(secret, kept))
        .transpose()
        .map_err(|NotOurs| BootFault::OtherPart)
}

impl Certified {
    fn read(leaf: &[u8]) -> Option<Self> {
        let certificate = Certificate::parse(leaf).ok()?;
        let text = certificate.serial_number()?;
        let mut serial = [0; SERIAL_MAX];
        serial
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        Some(Self {
            serial,
            serial_len: text.len(),
            digest: Sha256::digest(leaf).into(),
        })
    }

    /// The serial.
    pub(crate) fn serial(&self) -> &str {
        // Came from a `str` of this length.
        core::str::from_utf8(&self.serial[..self.serial_len]).unwrap_or_default()
    }
}
