//! The order inside `convert` and `retire`: what the owner proof covers, byte for byte.

use super::{Decode, Encode};
use crate::cbor::{self, Decoder, Full, Malformed};
use crate::id;
use crate::limits::{COUNT_MAX, LINES_MAX, ORDER_MAX};
use crate::list::List;
use crate::receipt::Kind;
use crate::target::Target;

/// Channels of one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Line id.
    pub line: u32,
    /// Channels to give away, at least 1.
    pub count: u64,
}

/// What is to be given away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order<'b> {
    /// The receipt that is wanted.
    pub kind: Kind,
    /// A new UUID: the same order is sent again under the same id, and done once.
    pub request_id: [u8; 16],
    /// The dongle's counter as the host knows it: if it is another, the host decided on something old.
    pub counter: u64,
    /// Product of the grant.
    pub product: &'b str,
    /// Lines by rising id; at least one.
    pub shares: List<Share, LINES_MAX>,
    /// The machine that the channels go to; none for [`Kind::Retire`].
    pub target: Option<Target>,
}

/// The order and the proof that its owner means it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'b> {
    /// An [`Order`].
    pub order: &'b [u8],
    /// [`crate::owner::proof`] over it.
    pub proof: [u8; 32],
}

/// The receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'b> {
    /// A COSE_Sign1 ([`crate::receipt`]).
    pub record: &'b [u8],
}

/// Body of a reply with [`crate::status::Status::OwnerProofWrong`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TriesLeft {
    /// Proofs that may still be tried.
    pub left: u8,
}

impl Encode for Order<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(5 + u64::from(self.target.is_some()))?;
            e.u8(1)?.u8(self.kind.code())?;
            e.u8(2)?.bytes(&self.request_id)?;
            e.u8(3)?.u64(self.counter)?.u8(4)?.str(self.product)?;
            e.u8(5)?.array(self.shares.len() as u64)?;
            for share in &*self.shares {
                e.array(2)?.u32(share.line)?.u64(share.count)?;
            }
            if let Some(target) = &self.target {
                e.u8(6)?;
                target.encode(e)?;
            }
            Ok(())
        })
    }
}

impl<'b> Decode<'b> for Order<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let (mut kind, mut request_id, mut counter) = (None, None, None);
        let (mut product, mut shares, mut target) = (None, None, None);
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => kind = Kind::from_code(cbor::code(d, "kind")?),
                2 => request_id = Some(cbor::bytes(d, "request id")?),
                3 => counter = Some(cbor::number(d, u64::MAX, "counter")?),
                4 => product = Some(cbor::text(d, id::is_name, "product")?),
                5 => shares = Some(read_shares(d)?),
                6 => target = Some(Target::decode(d)?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        let kind = cbor::need(kind, "kind")?;
        if target.is_none() != (kind == Kind::Retire) {
            return Err(Malformed::Field("target"));
        }
        Ok(Self {
            kind,
            request_id: cbor::need(request_id, "request id")?,
            counter: cbor::need(counter, "counter")?,
            product: cbor::need(product, "product")?,
            shares: cbor::need(shares, "shares")?,
            target,
        })
    }
}

fn read_shares(d: &mut Decoder<'_>) -> Result<List<Share, LINES_MAX>, Malformed> {
    let wrong = Malformed::Field("shares");
    let mut shares = List::<Share, LINES_MAX>::default();
    for _ in 0..cbor::array(d, LINES_MAX, "shares")? {
        if cbor::array(d, 2, "shares")? != 2 {
            return Err(wrong);
        }
        let share = Share {
            line: d.u32().map_err(|_| wrong)?,
            count: cbor::number(d, COUNT_MAX, "shares")?,
        };
        if share.count == 0 || shares.last().is_some_and(|last| last.line >= share.line) {
            return Err(wrong);
        }
        shares.push(share).map_err(|Full| wrong)?;
    }
    if shares.is_empty() {
        Err(wrong)
    } else {
        Ok(shares)
    }
}

impl Encode for Request<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(2)?.u8(1)?.bytes(self.order)?;
            e.u8(2)?.bytes(&self.proof)?.ok()
        })
    }
}

impl<'b> Decode<'b> for Request<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let (mut order, mut proof) = (None, None);
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => order = Some(cbor::slice(d, ORDER_MAX, "order")?),
                2 => proof = Some(cbor::bytes(d, "proof")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        Ok(Self {
            order: cbor::need(order, "order")?,
            proof: cbor::need(proof, "proof")?,
        })
    }
}

impl Encode for Reply<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.bytes(self.record)?.ok())
    }
}

impl<'b> Decode<'b> for Reply<'b> {
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        Ok(Self {
            record: super::one_bytes(bytes, crate::limits::RECEIPT_MAX, "record")?,
        })
    }
}

impl Encode for TriesLeft {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(1)?.u8(1)?.u8(self.left)?.ok())
    }
}

impl Decode<'_> for TriesLeft {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut left = None;
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => left = Some(cbor::code(d, "left")?),
                _ => d.skip().map_err(|_| Malformed::Truncated)?,
            }
            Ok(())
        })?;
        Ok(Self {
            left: cbor::need(left, "left")?,
        })
    }
}
