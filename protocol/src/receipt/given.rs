//! One line of a receipt.

use crate::cbor::{self, Decoder, Encoder, Malformed, Written};
use crate::limits::COUNT_MAX;

/// What was given away of one line, as the dongle counts it: never less afterwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GivenAway {
    /// Line id.
    pub line: u32,
    /// Given away before this receipt, in channels.
    pub before: u64,
    /// Given away with it.
    pub after: u64,
}

impl GivenAway {
    /// Channels that this receipt stands for.
    #[must_use]
    pub const fn channels(&self) -> u64 {
        self.after - self.before
    }

    pub(super) fn encode(&self, e: &mut Encoder<'_>) -> Written {
        e.array(3)?
            .u32(self.line)?
            .u64(self.before)?
            .u64(self.after)?
            .ok()
    }

    pub(super) fn decode(d: &mut Decoder<'_>) -> Result<Self, Malformed> {
        if cbor::array(d, 3, "given")? != 3 {
            return Err(Malformed::Field("given"));
        }
        let given = Self {
            line: d.u32().map_err(|_| Malformed::Field("given"))?,
            before: cbor::number(d, COUNT_MAX, "given")?,
            after: cbor::number(d, COUNT_MAX, "given")?,
        };
        if given.before >= given.after {
            return Err(Malformed::Field("given"));
        }
        Ok(given)
    }
}
