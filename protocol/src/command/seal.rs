//! `seal` (factory): makes the owner code and puts the dongle into use.

use super::{Decode, Encode, one_text};
use crate::cbor::{self, Full, Malformed};
use crate::limits::OWNER_CODE_LEN;

/// Nothing to say.
pub type Request = super::Empty;

/// The owner code, given out here and nowhere else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reply<'b> {
    /// 16 characters of base32 (RFC 4648 §6).
    pub owner_code: &'b str,
}

/// Whether `text` has the form of an owner code.
#[must_use]
pub fn is_owner_code(text: &str) -> bool {
    text.len() == OWNER_CODE_LEN && text.bytes().all(|b| matches!(b, b'A'..=b'Z' | b'2'..=b'7'))
}

impl core::fmt::Debug for Reply<'_> {
    // The code is a secret: it must not reach a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Reply").finish_non_exhaustive()
    }
}

impl Encode for Reply<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.str(self.owner_code)?.ok())
    }
}

impl<'b> Decode<'b> for Reply<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        Ok(Self {
            owner_code: one_text(bytes, is_owner_code, "owner code")?,
        })
    }
}
