//! `heartbeat`: renews the lease. Its MAC shows that the same dongle is still there; nothing is written.

use super::{Decode, Encode};
use crate::cbor::{self, Full, Malformed};
use crate::limits::BEAT_NONCE_LEN;

/// A fresh nonce, so that no answer can be collected ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Fresh random nonce of the host.
    pub nonce: [u8; BEAT_NONCE_LEN],
}

/// The nonce again, and whether anything changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The request's nonce.
    pub nonce: [u8; BEAT_NONCE_LEN],
    /// The dongle's counter: if it rose, the host asks for a new proof.
    pub counter: u64,
}

impl Encode for Request {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.bytes(&self.nonce)?.ok())
    }
}

impl Decode<'_> for Request {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut nonce = None;
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => nonce = Some(cbor::bytes(d, "nonce")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        Ok(Self {
            nonce: cbor::need(nonce, "nonce")?,
        })
    }
}

impl Encode for Reply {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(2)?
                .u8(1)?
                .bytes(&self.nonce)?
                .u8(2)?
                .u64(self.counter)?
                .ok()
        })
    }
}

impl Decode<'_> for Reply {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (mut nonce, mut counter) = (None, None);
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => nonce = Some(cbor::bytes(d, "nonce")?),
                2 => counter = Some(cbor::number(d, u64::MAX, "counter")?),
                _ => d.skip().map_err(|_| Malformed::Truncated)?,
            }
            Ok(())
        })?;
        Ok(Self {
            nonce: cbor::need(nonce, "nonce")?,
            counter: cbor::need(counter, "counter")?,
        })
    }
}
