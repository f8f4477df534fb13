//! `personalise` (factory): the serial. It must be the certificate's; saying it again is the check that
//! the station and the dongle mean the same one.

use super::{Decode, Encode, one_text};
use crate::cbor::{self, Full, Malformed};
use crate::id;

/// The serial that the station means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'b> {
    /// Serial ([`id::is_serial`]).
    pub serial: &'b str,
}

/// Nothing to say.
pub type Reply = super::Empty;

impl Encode for Request<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.str(self.serial)?.ok())
    }
}

impl<'b> Decode<'b> for Request<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        Ok(Self {
            serial: one_text(bytes, id::is_serial, "serial")?,
        })
    }
}
