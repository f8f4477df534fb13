//! `make-key` (factory): a new key pair, made in the dongle; certificate and grants are erased with the
//! old one.

use super::{Decode, Encode, one_bytes};
use crate::cbor::{self, Full, Malformed};
use crate::limits::CERT_MAX;

/// The station's nonce, so that the answer is of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Fresh random nonce of the station.
    pub nonce: [u8; 16],
}

/// The certification request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'b> {
    /// PKCS#10 (RFC 2986) in DER, with the nonce in hexadecimal as challengePassword (RFC 2985 §5.4.1).
    pub request: &'b [u8],
}

impl Encode for Request {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.bytes(&self.nonce)?.ok())
    }
}

impl Decode<'_> for Request {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let nonce = one_bytes(bytes, 16, "nonce")?;
        Ok(Self {
            nonce: nonce.try_into().map_err(|_| Malformed::Field("nonce"))?,
        })
    }
}

impl Encode for Reply<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.bytes(self.request)?.ok())
    }
}

impl<'b> Decode<'b> for Reply<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        Ok(Self {
            request: one_bytes(bytes, CERT_MAX, "request")?,
        })
    }
}
