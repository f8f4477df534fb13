//! `certify` (factory): the chain for the key that `make-key` made, and the trust anchor.

use super::{Decode, Encode};
use crate::cbor::{self, Full, Malformed};
use crate::cert::read_pair;
use crate::limits::CERT_MAX;

/// Chain and anchor, all in DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'b> {
    /// Dongle certificate and factory CA.
    pub chain: [&'b [u8]; 2],
    /// The vendor's root.
    pub root: &'b [u8],
}

/// Nothing to say.
pub type Reply = super::Empty;

impl Encode for Request<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            let [leaf, authority] = self.chain;
            e.map(2)?
                .u8(1)?
                .array(2)?
                .bytes(leaf)?
                .bytes(authority)?
                .u8(2)?
                .bytes(self.root)?
                .ok()
        })
    }
}

impl<'b> Decode<'b> for Request<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let (mut chain, mut root) = (None, None);
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => chain = Some(read_pair(d)?),
                2 => root = Some(cbor::slice(d, CERT_MAX, "root")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        Ok(Self {
            chain: cbor::need(chain, "chain")?,
            root: cbor::need(root, "root")?,
        })
    }
}
