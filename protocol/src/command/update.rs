//! `update`: applies one grant, exactly one revision further, in one commit.

use super::{Decode, Encode, one_bytes};
use crate::cbor::{self, Full, Malformed};
use crate::limits::GRANT_MAX;

/// The grant to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'b> {
    /// A COSE_Sign1 ([`crate::grant`]).
    pub record: &'b [u8],
}

/// What is held now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Revision of the grant for this product.
    pub revision: u64,
    /// The dongle's counter after the commit.
    pub counter: u64,
}

impl Encode for Request<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.bytes(self.record)?.ok())
    }
}

impl<'b> Decode<'b> for Request<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        Ok(Self {
            record: one_bytes(bytes, GRANT_MAX, "record")?,
        })
    }
}

impl Encode for Reply {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(2)?
                .u8(1)?
                .u64(self.revision)?
                .u8(2)?
                .u64(self.counter)?
                .ok()
        })
    }
}

impl Decode<'_> for Reply {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (mut revision, mut counter) = (None, None);
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => revision = Some(cbor::number(d, u64::MAX, "revision")?),
                2 => counter = Some(cbor::number(d, u64::MAX, "counter")?),
                _ => d.skip().map_err(|_| Malformed::Truncated)?,
            }
            Ok(())
        })?;
        Ok(Self {
            revision: cbor::need(revision, "revision")?,
            counter: cbor::need(counter, "counter")?,
        })
    }
}
