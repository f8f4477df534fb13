//! `grant`: reads one grant as the dongle holds it, or one that went before and that a receipt names.

use super::{Decode, Encode, one_bytes};
use crate::cbor::{self, Full, Malformed};
use crate::limits::{GRANT_MAX, GRANTS_MAX};

/// Which grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Its place in the order in which proofs list the grants, from 0.
    Index(u8),
    /// Its digest, as a proof or a receipt says it.
    Digest([u8; 32]),
}

/// The grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'b> {
    /// A COSE_Sign1 ([`crate::grant`]).
    pub record: &'b [u8],
}

impl Encode for Request {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| match self {
            Self::Index(index) => e.map(1)?.u8(1)?.u8(*index)?.ok(),
            Self::Digest(digest) => e.map(1)?.u8(2)?.bytes(digest)?.ok(),
        })
    }
}

impl Decode<'_> for Request {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (mut index, mut digest) = (None, None);
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => index = Some(cbor::code(d, "index")?),
                2 => digest = Some(cbor::bytes(d, "digest")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        match (index, digest) {
            (Some(index), None) if usize::from(index) < GRANTS_MAX => Ok(Self::Index(index)),
            (None, Some(digest)) => Ok(Self::Digest(digest)),
            _ => Err(Malformed::Field("index")),
        }
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
