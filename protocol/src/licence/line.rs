//! One line of a software licence.

use crate::cbor::{self, Decoder, Encoder, Malformed, Written};
use crate::grant::{self, FIELDS};
use crate::limits::MACS_MAX;

/// A MAC address (EUI-48).
pub type Mac = [u8; 6];

/// Addresses of devices, rising, each of one device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Macs<'b>(&'b [Mac]);

impl<'b> Macs<'b> {
    /// These addresses.
    ///
    /// # Errors
    /// [`Malformed::Field`] unless they rise, are at most [`MACS_MAX`], and none is zero or a group's (IEEE 802 §8.2.2).
    pub fn new(addresses: &'b [Mac]) -> Result<Self, Malformed> {
        let of_devices = addresses
            .iter()
            .all(|address| address[0] & 1 == 0 && *address != [0; 6]);
        match of_devices && addresses.len() <= MACS_MAX && addresses.is_sorted_by(|a, b| a < b) {
            true => Ok(Self(addresses)),
            false => Err(Malformed::Field("mac")),
        }
    }

    /// The addresses.
    #[must_use]
    pub const fn addresses(&self) -> &'b [Mac] {
        self.0
    }

    /// Whether `address` is among them.
    #[must_use]
    pub fn contains(&self, address: &Mac) -> bool {
        self.0.binary_search(address).is_ok()
    }
}

/// Channels of one feature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line<'b> {
    /// As in a grant, but that the count may be lower than in the revision before.
    pub line: grant::Line<'b>,
    /// The devices that it is for: some in a MAC licence, none in a machine's.
    pub macs: Macs<'b>,
}

impl<'b> Line<'b> {
    pub(super) fn encode(&self, e: &mut Encoder<'_>) -> Written {
        let macs = self.macs.0;
        e.array(length(!macs.is_empty()) as u64)?;
        self.line.encode_fields(e)?;
        if !macs.is_empty() {
            e.bytes(macs.as_flattened())?;
        }
        Ok(())
    }

    pub(super) fn decode(d: &mut Decoder<'b>, macs: bool) -> Result<Self, Malformed> {
        let length = length(macs);
        cbor::tuple(d, length, "line")?;
        Ok(Self {
            line: grant::Line::decode_fields(d)?,
            macs: match macs {
                true => read_macs(d)?,
                false => Macs::default(),
            },
        })
    }
}

const fn length(macs: bool) -> usize {
    if macs { FIELDS + 1 } else { FIELDS }
}

/// One byte string, address after address; a line without any is for no device.
fn read_macs<'b>(d: &mut Decoder<'b>) -> Result<Macs<'b>, Malformed> {
    let bytes = cbor::slice(d, size_of::<Mac>() * MACS_MAX, "mac")?;
    match bytes.as_chunks() {
        ([], _) | (_, [_, ..]) => Err(Malformed::Field("mac")),
        (addresses, []) => Macs::new(addresses),
    }
}
