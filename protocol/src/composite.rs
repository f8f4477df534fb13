//! Composite licences: what a dongle made into a software licence on its own authority. An unsigned envelope
//! of signed parts, so that nobody but the dongle and the vendor is believed.

use crate::cbor::{self, Full, Malformed};
use crate::cert::{Anchor, read_pair};
use crate::limits::{COMPOSITE_MAX, GRANT_MAX, RECEIPT_MAX};
use crate::receipt::{Evidence, Kind, TraceError, Traced};
use crate::target::Target;
use core::fmt;

/// Format of the envelope.
const FORMAT: u8 = 1;

/// An envelope: a `convert-offline` receipt, the grant it came from, the dongle's chain. Nothing in it is believed
/// before [`Self::verify`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Composite<'b>(pub Evidence<'b>);

/// A verified composite licence. Only [`Composite::verify`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Converted<'b> {
    /// The machine that the channels went to.
    pub target: Target,
    /// Dongle, grant, lines; its identity is the licence's.
    pub traced: Traced<'b>,
}

/// Why a composite licence was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompositeError {
    /// The envelope.
    Malformed(Malformed),
    /// What is in it.
    Trace(TraceError),
}

impl fmt::Display for CompositeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(malformed) => write!(f, "not a composite licence: {malformed}"),
            Self::Trace(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CompositeError {}

impl From<Malformed> for CompositeError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<TraceError> for CompositeError {
    fn from(error: TraceError) -> Self {
        Self::Trace(error)
    }
}

impl<'b> Composite<'b> {
    /// Reads `envelope` and verifies the whole up to `anchor` ([`Evidence::verify`]). Whether the machine is this
    /// one, and whether the dongle is on a revocation list, is the caller's to ask.
    ///
    /// # Errors
    /// [`CompositeError`]; nothing inside may be believed then.
    pub fn verify<'a>(
        envelope: &'b [u8],
        anchor: impl Into<Anchor<'a>>,
    ) -> Result<Converted<'b>, CompositeError> {
        let Self(evidence) = Self::decode(envelope)?;
        let traced = evidence.verify(Kind::ConvertOffline, anchor)?;
        let target = cbor::need(traced.receipt.target, "target")?;
        Ok(Converted { target, traced })
    }

    /// Writes the envelope into `out`; returns its length.
    ///
    /// # Errors
    /// [`Full`] if `out` is too small.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        let Self(evidence) = self;
        cbor::write(out, |e| {
            e.map(4)?.u8(1)?.u8(FORMAT)?;
            e.u8(2)?.bytes(evidence.receipt)?;
            e.u8(3)?.bytes(evidence.grant)?.u8(4)?.array(2)?;
            for certificate in evidence.chain {
                e.bytes(certificate)?;
            }
            Ok(())
        })
    }

    /// Reads the envelope and looks into none of its parts.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        if bytes.len() > COMPOSITE_MAX {
            return Err(Malformed::TooLong);
        }
        let (mut format, mut receipt, mut grant, mut chain) = (None, None, None, None);
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => format = Some(cbor::code(d, "format")?),
                2 => receipt = Some(cbor::slice(d, RECEIPT_MAX, "receipt")?),
                3 => grant = Some(cbor::slice(d, GRANT_MAX, "grant")?),
                4 => chain = Some(read_pair(d)?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        if format != Some(FORMAT) {
            return Err(Malformed::Field("format"));
        }
        Ok(Self(Evidence {
            receipt: cbor::need(receipt, "receipt")?,
            grant: cbor::need(grant, "grant")?,
            chain: cbor::need(chain, "chain")?,
        }))
    }
}
