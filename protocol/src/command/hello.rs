//! `hello`: the first words on a channel. Unsigned; the transcript of `open` covers both.

use super::{Decode, Encode};
use crate::cbor::{self, Full, Malformed};
use crate::id;
use crate::lifecycle::Lifecycle;

/// Version of this protocol, and the oldest one that is still spoken.
pub const VERSION: u8 = 1;
/// See [`VERSION`].
pub const VERSION_MIN: u8 = 1;

/// What the host speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Oldest version.
    pub min: u8,
    /// Newest version.
    pub current: u8,
}

/// What the dongle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'b> {
    /// Oldest version that the dongle speaks.
    pub min: u8,
    /// Newest version that the dongle speaks.
    pub current: u8,
    /// Chip id, which a blank dongle shows as its USB serial.
    pub chip_id: [u8; 8],
    /// Serial, from Personalised on.
    pub serial: Option<&'b str>,
    /// Lifecycle.
    pub lifecycle: Lifecycle,
    /// Whether this is a simulated device. Every proof says so again, signed.
    pub simulated: bool,
    /// Firmware version.
    pub firmware: &'b str,
    /// Longest message in bytes.
    pub message_max: u16,
}

/// The highest version that both speak, if there is one.
#[must_use]
pub fn negotiate(host: Request, dongle_min: u8, dongle_current: u8) -> Option<u8> {
    let version = host.current.min(dongle_current);
    (version >= host.min && version >= dongle_min).then_some(version)
}

impl Encode for Request {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(2)?.u8(1)?.u8(self.min)?.u8(2)?.u8(self.current)?.ok()
        })
    }
}

impl Decode<'_> for Request {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (mut min, mut current) = (None, None);
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => min = Some(cbor::code(d, "min")?),
                2 => current = Some(cbor::code(d, "current")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        Ok(Self {
            min: cbor::need(min, "min")?,
            current: cbor::need(current, "current")?,
        })
    }
}

impl Encode for Reply<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(7 + u64::from(self.serial.is_some()))?;
            e.u8(1)?
                .u8(self.min)?
                .u8(2)?
                .u8(self.current)?
                .u8(3)?
                .bytes(&self.chip_id)?;
            if let Some(serial) = self.serial {
                e.u8(4)?.str(serial)?;
            }
            e.u8(5)?
                .u8(self.lifecycle.code())?
                .u8(6)?
                .bool(self.simulated)?;
            e.u8(7)?
                .str(self.firmware)?
                .u8(8)?
                .u16(self.message_max)?
                .ok()
        })
    }
}

impl<'b> Decode<'b> for Reply<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let (mut min, mut current, mut chip_id, mut serial) = (None, None, None, None);
        let (mut lifecycle, mut simulated, mut firmware, mut message_max) =
            (None, None, None, None);
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => min = Some(cbor::code(d, "min")?),
                2 => current = Some(cbor::code(d, "current")?),
                3 => chip_id = Some(cbor::bytes(d, "chip id")?),
                4 => serial = Some(cbor::text(d, id::is_serial, "serial")?),
                5 => lifecycle = Lifecycle::from_code(cbor::code(d, "lifecycle")?),
                6 => simulated = Some(cbor::flag(d, "simulated")?),
                7 => firmware = Some(cbor::text(d, id::is_version, "firmware")?),
                8 => message_max = Some(d.u16().map_err(|_| Malformed::Field("message max"))?),
                // A newer dongle may say more.
                _ => d.skip().map_err(|_| Malformed::Truncated)?,
            }
            Ok(())
        })?;
        Ok(Self {
            min: cbor::need(min, "min")?,
            current: cbor::need(current, "current")?,
            chip_id: cbor::need(chip_id, "chip id")?,
            serial,
            lifecycle: cbor::need(lifecycle, "lifecycle")?,
            simulated: cbor::need(simulated, "simulated")?,
            firmware: cbor::need(firmware, "firmware")?,
            message_max: cbor::need(message_max, "message max")?,
        })
    }
}
