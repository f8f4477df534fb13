//! `acknowledge`: the host keeps this receipt for good, so it may leave the ring. The digest shows that the host
//! has read what it speaks of.

use super::{Decode, Encode};
use crate::cbor::{self, Full, Malformed};

/// Which receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its counter.
    pub counter: u64,
    /// Its digest: SHA-256 of its Sig_structure.
    pub digest: [u8; 32],
}

/// Nothing to say.
pub type Reply = super::Empty;

impl Encode for Request {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(2)?.u8(1)?.u64(self.counter)?;
            e.u8(2)?.bytes(&self.digest)?.ok()
        })
    }
}

impl Decode<'_> for Request {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (mut counter, mut digest) = (None, None);
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => counter = Some(cbor::number(d, u64::MAX, "counter")?),
                2 => digest = Some(cbor::bytes(d, "digest")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        Ok(Self {
            counter: cbor::need(counter, "counter")?,
            digest: cbor::need(digest, "digest")?,
        })
    }
}
