//! `prove`: a signed statement of the dongle's state now.

use super::{Decode, Encode, one_bytes};
use crate::cbor::{self, Full, Malformed};
use crate::limits::{NONCE_LEN, PROOF_MAX, STATEMENT_MAX};
use crate::proof::Kind;

/// Which proof, over what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'b> {
    /// `attest`, `request` or `state`; `open` proofs are only made by `open`.
    pub kind: Kind,
    /// Fresh nonce of whoever will check the proof.
    pub nonce: [u8; NONCE_LEN],
    /// What an `attest` proof binds; empty otherwise.
    pub statement: &'b [u8],
}

/// The proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'b> {
    /// A COSE_Sign1 ([`crate::proof`]).
    pub proof: &'b [u8],
}

impl Encode for Request<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(3)?
                .u8(1)?
                .u8(self.kind.code())?
                .u8(2)?
                .bytes(&self.nonce)?;
            e.u8(3)?.bytes(self.statement)?.ok()
        })
    }
}

impl<'b> Decode<'b> for Request<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let (mut kind, mut nonce, mut statement) = (None, None, None);
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => kind = Kind::from_code(cbor::code(d, "kind")?),
                2 => nonce = Some(cbor::bytes(d, "nonce")?),
                3 => statement = Some(cbor::slice(d, STATEMENT_MAX, "statement")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        let kind = kind
            .filter(|kind| *kind != Kind::Open)
            .ok_or(Malformed::Field("kind"))?;
        let statement = cbor::need(statement, "statement")?;
        if kind != Kind::Attest && !statement.is_empty() {
            return Err(Malformed::Field("statement"));
        }
        Ok(Self {
            kind,
            nonce: cbor::need(nonce, "nonce")?,
            statement,
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
