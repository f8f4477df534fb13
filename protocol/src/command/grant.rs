//! `grant`: reads one grant as the dongle holds it.

use super::{Decode, Encode, one_bytes};
use crate::cbor::{self, Full, Malformed};
use crate::limits::{GRANT_MAX, GRANTS_MAX};

/// Which grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Place in the order in which proofs list the grants, from 0.
    pub index: u8,
}

/// The grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'b> {
    /// A COSE_Sign1 ([`crate::grant`]).
    pub record: &'b [u8],
}

impl Encode for Request {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.u8(self.index)?.ok())
    }
}

impl Decode<'_> for Request {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut index = None;
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => index = Some(cbor::code(d, "index")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        let index = index.filter(|index| usize::from(*index) < GRANTS_MAX);
        Ok(Self {
            index: cbor::need(index, "index")?,
        })
    }
}

impl Encode for Reply<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.bytes(self.record)?.ok())
    }
}

impl<'b> Decode<'b> for Reply<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        Ok(Self {
            record: one_bytes(bytes, GRANT_MAX, "record")?,
        })
    }
}
