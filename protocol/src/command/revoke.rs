//! `revoke`: a revocation list of CAs and issuers, signed by the vendor's root; only a newer one is taken.

use super::{Decode, Encode, one_bytes, one_number};
use crate::cbor::{self, Full, Malformed};
use crate::limits::CRL_MAX;

/// The list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'b> {
    /// CertificateList in DER (RFC 5280 §5, [`crate::cert::Crl`]).
    pub list: &'b [u8],
}

/// What is held now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// cRLNumber of the list.
    pub number: u64,
}

impl Encode for Request<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.bytes(self.list)?.ok())
    }
}

impl<'b> Decode<'b> for Request<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        Ok(Self {
            list: one_bytes(bytes, CRL_MAX, "list")?,
        })
    }
}

impl Encode for Reply {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.u64(self.number)?.ok())
    }
}

impl Decode<'_> for Reply {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        Ok(Self {
            number: one_number(bytes, u64::MAX, "number")?,
        })
    }
}
