//! `certificate`: the dongle's chain, leaf first, without the root. A host that knows the leaf by its
//! digest is spared the bytes.

use super::{Decode, Encode};
use crate::cbor::{self, Full, Malformed};
use crate::cert::read_pair;

/// Which certificate the host has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// SHA-256 of the leaf that the host has.
    pub known: Option<[u8; 32]>,
}

/// The chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'b> {
    /// SHA-256 of the leaf.
    pub digest: [u8; 32],
    /// Leaf and factory CA in DER; absent if the host named the right digest.
    pub chain: Option<[&'b [u8]; 2]>,
}

impl Encode for Request {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| match &self.known {
            Some(digest) => e.map(1)?.u8(1)?.bytes(digest)?.ok(),
            None => e.map(0)?.ok(),
        })
    }
}

impl Decode<'_> for Request {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut known = None;
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => known = Some(cbor::bytes(d, "known")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        Ok(Self { known })
    }
}

impl Encode for Reply<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(1 + u64::from(self.chain.is_some()))?
                .u8(1)?
                .bytes(&self.digest)?;
            if let Some([leaf, authority]) = self.chain {
                e.u8(2)?.array(2)?.bytes(leaf)?.bytes(authority)?;
            }
            Ok(())
        })
    }
}

impl<'b> Decode<'b> for Reply<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let (mut digest, mut chain) = (None, None);
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => digest = Some(cbor::bytes(d, "digest")?),
                2 => chain = Some(read_pair(d)?),
                _ => d.skip().map_err(|_| Malformed::Truncated)?,
            }
            Ok(())
        })?;
        Ok(Self {
            digest: cbor::need(digest, "digest")?,
            chain,
        })
    }
}
