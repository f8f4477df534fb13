//! `instruct`: executes an issuer's instruction, once.

use super::seal::is_owner_code;
use super::{Decode, Encode, one_bytes};
use crate::cbor::{self, Full, Malformed};
use crate::limits::INSTRUCTION_MAX;

/// The instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'b> {
    /// A COSE_Sign1 ([`crate::instruction`]).
    pub record: &'b [u8],
}

/// What came of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reply<'b> {
    /// The dongle's counter after the commit.
    pub counter: u64,
    /// The new owner code, if one was made: 16 characters of base32, given out here and nowhere else.
    pub owner_code: Option<&'b str>,
}

impl core::fmt::Debug for Reply<'_> {
    // The code is a secret: it must not reach a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Reply")
            .field("counter", &self.counter)
            .finish_non_exhaustive()
    }
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

impl Encode for Reply<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(1 + u64::from(self.owner_code.is_some()))?;
            e.u8(1)?.u64(self.counter)?;
            if let Some(code) = self.owner_code {
                e.u8(2)?.str(code)?;
            }
            Ok(())
        })
    }
}

impl<'b> Decode<'b> for Reply<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let (mut counter, mut owner_code) = (None, None);
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => counter = Some(cbor::number(d, u64::MAX, "counter")?),
                2 => owner_code = Some(cbor::text(d, is_owner_code, "owner code")?),
                _ => d.skip().map_err(|_| Malformed::Truncated)?,
            }
            Ok(())
        })?;
        Ok(Self {
            counter: cbor::need(counter, "counter")?,
            owner_code,
        })
    }
}
