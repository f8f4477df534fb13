//! Which CAs and issuers the vendor's root does not stand by any more.

use sha2::{Digest, Sha256};
use tallykey_protocol::cert::Crl;

use super::{IssuedRefusal, not_vendors};
use crate::licence::Trust;

/// A certificate revocation list (RFC 5280) that the vendor's root signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootList {
    /// Its number: a dongle takes only a higher one than it has.
    pub number: u64,
    /// SHA-256 of the list.
    pub digest: [u8; 32],
}

impl RootList {
    /// Verifies a list, DER.
    ///
    /// # Errors
    /// [`IssuedRefusal::NotVendors`]; nothing in it may be believed then.
    pub fn verify(der: &[u8], trust: &Trust) -> Result<Self, IssuedRefusal> {
        let list = Crl::parse(der).and_then(|list| list.verify(&trust.root()).map(|()| list));
        let list = list.map_err(|error| not_vendors(error.into()))?;
        Ok(Self {
            number: list.number(),
            digest: Sha256::digest(der).into(),
        })
    }
}
