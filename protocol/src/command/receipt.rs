//! `receipt`: lists the receipts in the ring, or reads one.

use super::{Decode, Encode};
use crate::cbor::{self, Decoder, Full, Malformed};
use crate::limits::{RECEIPT_MAX, RECEIPTS_MAX};
use crate::list::List;
use crate::receipt::Kind;

/// What to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Every receipt in the ring.
    List,
    /// The receipt with this counter.
    Read {
        /// Its counter.
        counter: u64,
    },
}

/// One receipt in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its counter: with the dongle key's thumbprint, its identity.
    pub counter: u64,
    /// Kind.
    pub kind: Kind,
    /// The request that it answers.
    pub request_id: [u8; 16],
    /// Whether a host has said that it keeps it.
    pub acknowledged: bool,
}

/// What was asked for.
#[expect(
    clippy::large_enum_variant,
    reason = "there is no heap to put the list on"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'b> {
    /// The ring, oldest first.
    List(List<Entry, RECEIPTS_MAX>),
    /// A COSE_Sign1 ([`crate::receipt`]).
    Record(&'b [u8]),
}

impl Encode for Request {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| match self {
            Self::List => e.map(0)?.ok(),
            Self::Read { counter } => e.map(1)?.u8(1)?.u64(*counter)?.ok(),
        })
    }
}

impl Decode<'_> for Request {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut request = Self::List;
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => {
                    request = Self::Read {
                        counter: cbor::number(d, u64::MAX, "counter")?,
                    }
                }
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        Ok(request)
    }
}

impl Encode for Reply<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| match self {
            Self::List(entries) => {
                e.map(1)?.u8(1)?.array(entries.len() as u64)?;
                for entry in &**entries {
                    e.array(4)?.u64(entry.counter)?.u8(entry.kind.code())?;
                    e.bytes(&entry.request_id)?.bool(entry.acknowledged)?;
                }
                Ok(())
            }
            Self::Record(record) => e.map(1)?.u8(2)?.bytes(record)?.ok(),
        })
    }
}

impl<'b> Decode<'b> for Reply<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let mut reply = None;
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => reply = Some(Self::List(read_list(d)?)),
                2 => reply = Some(Self::Record(cbor::slice(d, RECEIPT_MAX, "record")?)),
                _ => d.skip().map_err(|_| Malformed::Truncated)?,
            }
            Ok(())
        })?;
        cbor::need(reply, "receipts")
    }
}

fn read_list(d: &mut Decoder<'_>) -> Result<List<Entry, RECEIPTS_MAX>, Malformed> {
    let wrong = Malformed::Field("receipts");
    let mut entries = List::default();
    for _ in 0..cbor::array(d, RECEIPTS_MAX, "receipts")? {
        if cbor::array(d, 4, "receipts")? != 4 {
            return Err(wrong);
        }
        let entry = Entry {
            counter: cbor::number(d, u64::MAX, "counter")?,
            kind: Kind::from_code(cbor::code(d, "kind")?).ok_or(wrong)?,
            request_id: cbor::bytes(d, "request id")?,
            acknowledged: cbor::flag(d, "acknowledged")?,
        };
        entries.push(entry).map_err(|Full| wrong)?;
    }
    Ok(entries)
}
