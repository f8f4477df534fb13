//! What time the vendor says it is.

use tallykey_protocol::limits::INSTRUCTION_MAX;
use tallykey_protocol::time::TimeToken;

use super::{IssuedRefusal, digest_of, not_vendors};
use crate::licence::Trust;

/// A time token that verified up to the vendor's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeWord {
    /// It is now this, Unix time in seconds.
    pub now: u64,
    /// The nonce of a host's request that it answers, if it answers one.
    pub nonce: Option<[u8; 32]>,
    /// Digest of the record.
    pub digest: [u8; 32],
}

impl TimeWord {
    /// Verifies a token.
    ///
    /// # Errors
    /// [`IssuedRefusal::NotVendors`]; nothing in it may be believed then.
    pub fn verify(record: &[u8], trust: &Trust) -> Result<Self, IssuedRefusal> {
        let token = TimeToken::verify(record, &trust.root()).map_err(not_vendors)?;
        Ok(Self {
            now: token.now,
            nonce: token.nonce,
            digest: digest_of(record, INSTRUCTION_MAX).map_err(not_vendors)?,
        })
    }
}
