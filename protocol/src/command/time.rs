//! `time`: an issuer's time token raises the dongle's floor; it never lowers it.

use super::{Decode, Encode, one_bytes, one_number};
use crate::cbor::{self, Full, Malformed};
use crate::limits::{INSTRUCTION_MAX, TIME_MAX};

/// The token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'b> {
    /// A COSE_Sign1 ([`crate::time`]).
    pub record: &'b [u8],
}

/// The floor now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// No time before this is believed, seconds since 1970.
    pub time_floor: u64,
}

impl Encode for Request<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.bytes(self.record)?.ok())
    }
}

impl<'b> Decode<'b> for Request<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        Ok(Self {
            record: one_bytes(bytes, INSTRUCTION_MAX, "record")?,
        })
    }
}

impl Encode for Reply {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.u64(self.time_floor)?.ok())
    }
}

impl Decode<'_> for Reply {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        Ok(Self {
            time_floor: one_number(bytes, TIME_MAX, "time floor")?,
        })
    }
}
