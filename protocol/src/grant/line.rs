//! One line of a grant.

use crate::cbor::{self, Decoder, Encoder, Malformed, Written};
use crate::id;
use crate::limits::{COUNT_MAX, TIME_MAX};

/// How long a line counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Plan {
    /// For ever.
    #[default]
    Perpetual = 0,
    /// Renewed from term to term.
    Subscription = 1,
    /// Once, up to its end.
    FixedTerm = 2,
}

impl Plan {
    fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Perpetual),
            1 => Some(Self::Subscription),
            2 => Some(Self::FixedTerm),
            _ => None,
        }
    }

    /// Word for people and for the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Perpetual => "perpetual",
            Self::Subscription => "subscription",
            Self::FixedTerm => "fixed-term",
        }
    }
}

/// Fields of a line.
pub(crate) const FIELDS: usize = 6;

/// Channels of one feature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line<'b> {
    /// Line id; within one grant ids rise.
    pub id: u32,
    /// Feature id.
    pub feature: &'b str,
    /// Gross total ever granted on this line, in channels. On a dongle it never falls.
    pub count: u64,
    /// Plan.
    pub plan: Plan,
    /// Counts from here on (the purchase date), seconds since 1970.
    pub valid_from: u64,
    /// Counts until here, seconds since 1970; a perpetual line has none.
    pub valid_to: Option<u64>,
}

impl<'b> Line<'b> {
    pub(super) fn encode(&self, e: &mut Encoder<'_>) -> Written {
        e.array(FIELDS as u64)?;
        self.encode_fields(e)
    }

    /// Writes the fields without the array around them: a software licence's line may have one more.
    pub(crate) fn encode_fields(&self, e: &mut Encoder<'_>) -> Written {
        e.u32(self.id)?
            .str(self.feature)?
            .u64(self.count)?
            .u8(self.plan as u8)?;
        e.u64(self.valid_from)?;
        match self.valid_to {
            Some(end) => e.u64(end)?.ok(),
            None => e.null()?.ok(),
        }
    }

    pub(super) fn decode(d: &mut Decoder<'b>) -> Result<Self, Malformed> {
        cbor::tuple(d, FIELDS, "line")?;
        Self::decode_fields(d)
    }

    /// Reads what [`Self::encode_fields`] wrote.
    pub(crate) fn decode_fields(d: &mut Decoder<'b>) -> Result<Self, Malformed> {
        let line = Self {
            id: d.u32().map_err(|_| Malformed::Field("line id"))?,
            feature: cbor::text(d, id::is_name, "feature")?,
            count: cbor::number(d, COUNT_MAX, "count")?,
            plan: Plan::from_code(cbor::code(d, "plan")?).ok_or(Malformed::Field("plan"))?,
            valid_from: cbor::number(d, TIME_MAX, "valid from")?,
            valid_to: cbor::maybe(d, |d| cbor::number(d, TIME_MAX, "valid to"))?,
        };
        let ends = line.valid_to.is_some_and(|end| end > line.valid_from);
        if ends == (line.plan == Plan::Perpetual) || (line.valid_to.is_some() && !ends) {
            return Err(Malformed::Field("valid to"));
        }
        Ok(line)
    }

    /// Whether the line counts at `now`, seconds since 1970.
    #[must_use]
    pub fn is_valid_at(&self, now: u64) -> bool {
        now >= self.valid_from && self.valid_to.is_none_or(|end| now < end)
    }
}
