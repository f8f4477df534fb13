//! Time tokens: an issuer says what time it is. Without a nonce a token may only raise a floor; answering a
//! host's own outstanding nonce it may also lower that host's.

use crate::cbor::{self, Full, Malformed};
use crate::cert::{Anchor, Role};
use crate::claim::{IAT, ISS, NONCE};
use crate::cose::{Sign1, Typ};
use crate::id;
use crate::issued::{self, IssuedError};
use crate::limits::{INSTRUCTION_MAX, NONCE_LEN, TIME_MAX};

/// The claims of a time token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeToken<'b> {
    /// The vendor's name.
    pub vendor: &'b str,
    /// It is now this many seconds since 1970.
    pub now: u64,
    /// The host's nonce that it answers, if it answers one.
    pub nonce: Option<[u8; NONCE_LEN]>,
}

impl<'b> TimeToken<'b> {
    /// Reads `record` and verifies it up to `anchor`.
    ///
    /// # Errors
    /// [`IssuedError`]; nothing inside may be believed then.
    pub fn verify<'a>(
        record: &'b [u8],
        anchor: impl Into<Anchor<'a>>,
    ) -> Result<Self, IssuedError> {
        let sign1 = Sign1::parse(record, INSTRUCTION_MAX)?;
        let token = Self::decode(sign1.payload())?;
        issued::verify(&sign1, Typ::Time, &[Role::Issuer], anchor.into(), token.now)?;
        Ok(token)
    }

    /// Writes the claims into `out`; returns their length.
    ///
    /// # Errors
    /// [`Full`] if `out` is too small.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(2 + u64::from(self.nonce.is_some()))?;
            e.i64(ISS)?.str(self.vendor)?.i64(IAT)?.u64(self.now)?;
            if let Some(nonce) = &self.nonce {
                e.i64(NONCE)?.bytes(nonce)?;
            }
            Ok(())
        })
    }

    fn decode(claims: &'b [u8]) -> Result<Self, Malformed> {
        let (mut vendor, mut now, mut nonce) = (None, None, None);
        cbor::read_map(claims, |key, d| {
            match key {
                ISS => vendor = Some(cbor::text(d, id::is_label, "vendor")?),
                IAT => now = Some(cbor::number(d, TIME_MAX, "now")?),
                NONCE => nonce = Some(cbor::bytes(d, "nonce")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        Ok(Self {
            vendor: cbor::need(vendor, "vendor")?,
            now: cbor::need(now, "now")?,
            nonce,
        })
    }
}
