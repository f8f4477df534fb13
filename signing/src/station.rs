//! Who makes dongles: the factory's roles, each with its key.

use tallykey_protocol::id::PublicKey;

use crate::{
    Issuer,
    certificate::{self, CertifyError, NO_END, Subject, Terms},
};

/// The roles at a factory's station. All are of one vendor.
#[derive(Clone, Copy)]
pub struct Station<'a> {
    /// The factory CA, which certifies dongles.
    pub factory: Issuer<'a>,
    /// Signs first grants.
    pub factory_issuer: Issuer<'a>,
    /// Signs every other grant; a station that holds the factory's roles only has none.
    pub issuer: Option<Issuer<'a>>,
}

impl Station<'_> {
    /// The factory CA's certificate for a dongle's key. `number` must be new for each certificate, e.g.
    /// random; `now` in seconds since 1970.
    ///
    /// # Errors
    /// [`CertifyError`].
    pub fn certify_dongle(
        &self,
        serial: &str,
        chip_id: &[u8],
        key: &PublicKey,
        number: [u8; 16],
        now: u64,
    ) -> Result<Vec<u8>, CertifyError> {
        let terms = Terms {
            serial_number: number,
            not_before: now,
            not_after: NO_END,
        };
        let subject = Subject::Dongle { serial, chip_id };
        let Issuer {
            key: signer,
            certificate,
            ..
        } = self.factory;
        certificate::certify(&subject, key, certificate, signer, &terms)
    }
}
