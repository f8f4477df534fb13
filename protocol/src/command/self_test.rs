//! `self-test`: is the part in order. It writes nothing.

use super::{Decode, Encode};
use crate::cbor::{self, Full, Malformed};

/// Nothing to say.
pub type Request = super::Empty;

/// What was found; `true` is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The state in flash reads back whole.
    pub flash: bool,
    /// The random source is healthy and does not repeat itself.
    pub random: bool,
    /// The key's signature verifies; absent if there is no key yet.
    pub key: Option<bool>,
    /// The counter in flash is the one in RAM.
    pub counter: bool,
}

impl Reply {
    /// Whether everything that was tested is good.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.flash && self.random && self.key != Some(false) && self.counter
    }
}

impl Encode for Reply {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(3 + u64::from(self.key.is_some()))?;
            e.u8(1)?.bool(self.flash)?.u8(2)?.bool(self.random)?;
            if let Some(key) = self.key {
                e.u8(3)?.bool(key)?;
            }
            e.u8(4)?.bool(self.counter)?.ok()
        })
    }
}

impl Decode<'_> for Reply {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (mut flash, mut random, mut key, mut counter) = (None, None, None, None);
        cbor::read_map(bytes, |label, d| {
            match label {
                1 => flash = Some(cbor::flag(d, "flash")?),
                2 => random = Some(cbor::flag(d, "random")?),
                3 => key = Some(cbor::flag(d, "key")?),
                4 => counter = Some(cbor::flag(d, "counter")?),
                _ => d.skip().map_err(|_| Malformed::Truncated)?,
            }
            Ok(())
        })?;
        Ok(Self {
            flash: cbor::need(flash, "flash")?,
            random: cbor::need(random, "random")?,
            key,
            counter: cbor::need(counter, "counter")?,
        })
    }
}
