//! Dongles that the vendor does not stand by any more.

use std::collections::BTreeMap;

use tallykey_protocol::revocation::RevocationList;

use super::{IssuedRefusal, not_vendors};
use crate::licence::Trust;

/// The newest list of revoked dongles that this host took, verified up to the vendor's root; empty before the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revocations {
    epoch: u64,
    record: Vec<u8>,
    /// The last counter honoured, by thumbprint of the key.
    last: BTreeMap<[u8; 32], u64>,
}

impl Revocations {
    /// Verifies a list.
    ///
    /// # Errors
    /// [`IssuedRefusal::NotVendors`]; nothing in it may be believed then.
    pub fn verify(record: &[u8], trust: &Trust) -> Result<Self, IssuedRefusal> {
        let list = RevocationList::verify(record, &trust.root()).map_err(not_vendors)?;
        let last = list.revoked.iter().map(|one| (one.thumbprint, one.counter));
        Ok(Self {
            epoch: list.epoch,
            record: record.to_vec(),
            last: last.collect(),
        })
    }

    /// Number of the list.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The list, as signed.
    #[must_use]
    pub fn record(&self) -> &[u8] {
        &self.record
    }

    /// Whether it takes the place of `held`; not if it is the very same.
    ///
    /// # Errors
    /// [`IssuedRefusal::RevocationOlder`]: its epoch is not above.
    pub fn follows(&self, held: &Self) -> Result<bool, IssuedRefusal> {
        match self.epoch > held.epoch {
            true => Ok(true),
            false if self.record == held.record => Ok(false),
            false => Err(IssuedRefusal::RevocationOlder {
                epoch: self.epoch,
                held: held.epoch,
            }),
        }
    }

    /// The last counter honoured of the key with this thumbprint; none if it is not revoked.
    #[must_use]
    pub fn last_honoured(&self, thumbprint: &[u8; 32]) -> Option<u64> {
        self.last.get(thumbprint).copied()
    }
}
