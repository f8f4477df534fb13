//! `open`: session and lease. The reply is an `open` proof over the transcript.

use super::{Decode, Encode, one_bytes, one_number};
use crate::cbor::{self, Full, Malformed};
use crate::id::PublicKey;
use crate::limits::{NONCE_LEN, PROOF_MAX};

/// What the host brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Fresh random nonce.
    pub nonce: [u8; NONCE_LEN],
    /// Ephemeral P-256 key of the host, uncompressed.
    pub ephemeral: PublicKey,
    /// Names the host in the transcript. It opens nothing: a lease is not given to an id.
    pub host_id: [u8; 16],
}

/// What the dongle answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'b> {
    /// The `open` proof, a COSE_Sign1 ([`crate::proof`]).
    pub proof: &'b [u8],
}

/// Body of a reply with [`crate::status::Status::Busy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// Milliseconds since the other host opened its lease.
    pub age_ms: u64,
}

impl Encode for Request {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(3)?
                .u8(1)?
                .bytes(&self.nonce)?
                .u8(2)?
                .bytes(&self.ephemeral)?;
            e.u8(3)?.bytes(&self.host_id)?.ok()
        })
    }
}

impl Decode<'_> for Request {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (mut nonce, mut ephemeral, mut host_id) = (None, None, None);
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => nonce = Some(cbor::bytes(d, "nonce")?),
                2 => ephemeral = Some(cbor::bytes(d, "ephemeral")?),
                3 => host_id = Some(cbor::bytes(d, "host id")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        Ok(Self {
            nonce: cbor::need(nonce, "nonce")?,
            ephemeral: cbor::need(ephemeral, "ephemeral")?,
            host_id: cbor::need(host_id, "host id")?,
        })
    }
}

impl Encode for Reply<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.bytes(self.proof)?.ok())
    }
}

impl<'b> Decode<'b> for Reply<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        Ok(Self {
            proof: one_bytes(bytes, PROOF_MAX, "proof")?,
        })
    }
}

impl Encode for Busy {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.u64(self.age_ms)?.ok())
    }
}

impl Decode<'_> for Busy {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        Ok(Self {
            age_ms: one_number(bytes, u64::MAX, "age")?,
        })
    }
}
