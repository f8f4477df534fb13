//! Receipts: what a dongle signs when it gives channels away. Together with the dongle key's thumbprint the
//! counter in it is its identity everywhere.

mod given;
mod traced;

pub use given::GivenAway;
pub use traced::{Evidence, TraceError, Traced};

use crate::cbor::{self, Decoder, Full, Malformed};
use crate::claim::{COUNTER, GIVEN, GRANT_DIGEST, ISS, PRODUCT, REQUEST_ID, REVISION, TARGET};
use crate::cose::{CoseError, Sign1, Typ};
use crate::id::{self, PublicKey};
use crate::limits::{LINES_MAX, RECEIPT_MAX};
use crate::list::List;
use crate::target::Target;
use sha2::{Digest, Sha256};

/// Kind of a receipt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Converted on the dongle's own authority: counts only inside a composite licence, never at the desk.
    #[default]
    ConvertOffline = 1,
    /// To be converted by the vendor's desk: counts only there.
    ConvertDesk = 2,
    /// Returned to the vendor: counts only at the desk.
    Retire = 3,
}

impl Kind {
    /// The kind with this wire code.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::ConvertOffline),
            2 => Some(Self::ConvertDesk),
            3 => Some(Self::Retire),
            _ => None,
        }
    }

    /// Wire code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConvertOffline => "convert-offline",
            Self::ConvertDesk => "convert-desk",
            Self::Retire => "retire",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::ConvertOffline, Self::ConvertDesk, Self::Retire]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// The kind whose records have this media type.
    #[must_use]
    pub const fn from_typ(typ: Typ) -> Option<Self> {
        match typ {
            Typ::OfflineReceipt => Some(Self::ConvertOffline),
            Typ::DeskReceipt => Some(Self::ConvertDesk),
            Typ::RetireReceipt => Some(Self::Retire),
            _ => None,
        }
    }

    /// Media type of its records.
    #[must_use]
    pub const fn typ(self) -> Typ {
        match self {
            Self::ConvertOffline => Typ::OfflineReceipt,
            Self::ConvertDesk => Typ::DeskReceipt,
            Self::Retire => Typ::RetireReceipt,
        }
    }
}

/// A receipt's identity: SHA-256 of a label, the thumbprint of the dongle's key and the counter. One form with a
/// licence's identity, which is its digest, so that a record can name either as what it absorbs.
#[must_use]
pub fn identity(thumbprint: &[u8; 32], counter: u64) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"tallykey receipt identity")
        .chain_update(thumbprint)
        .chain_update(counter.to_be_bytes())
        .finalize()
        .into()
}

/// The claims of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt<'b> {
    /// The dongle's serial.
    pub serial: &'b str,
    /// Product of the grant that the channels came from.
    pub product: &'b str,
    /// Revision of that grant.
    pub revision: u64,
    /// Its digest.
    pub grant: [u8; 32],
    /// The dongle's counter after the commit.
    pub counter: u64,
    /// The host's name for the request: a UUID.
    pub request_id: [u8; 16],
    /// What was given away, by rising line id; at least one line.
    pub given: List<GivenAway, LINES_MAX>,
    /// The machine that it went to; none where it was returned.
    pub target: Option<Target>,
}

impl<'b> Receipt<'b> {
    /// Reads and verifies the receipt in `record`: its kind, its signature by the dongle's `key`, its claims.
    /// Returns the record's digest too.
    ///
    /// # Errors
    /// [`CoseError`] with what is wrong.
    pub fn verify(
        record: &'b [u8],
        kind: Kind,
        key: &PublicKey,
    ) -> Result<(Self, [u8; 32]), CoseError> {
        let sign1 = Sign1::parse(record, RECEIPT_MAX)?;
        sign1.verify(kind.typ(), key)?;
        let receipt = Self::decode(sign1.payload())?;
        if receipt.target.is_none() != (kind == Kind::Retire) {
            return Err(Malformed::Field("target").into());
        }
        Ok((receipt, sign1.digest()))
    }

    /// Reads the claims of `record` and verifies nothing: only to tell a person what it would say.
    ///
    /// # Errors
    /// [`CoseError`] with what is wrong.
    pub fn claimed(record: &'b [u8]) -> Result<Self, CoseError> {
        let sign1 = Sign1::parse(record, RECEIPT_MAX)?;
        Ok(Self::decode(sign1.payload())?)
    }

    /// Digest of the grant that `record` names: where to look, not yet believed.
    pub(crate) fn grant_named(record: &Sign1<'_>) -> Result<[u8; 32], CoseError> {
        Ok(Receipt::decode(record.payload())?.grant)
    }

    /// Writes the claims into `out`; returns their length.
    ///
    /// # Errors
    /// [`Full`] if `out` is too small.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(7 + u64::from(self.target.is_some()))?;
            e.i64(ISS)?
                .str(self.serial)?
                .i64(PRODUCT)?
                .str(self.product)?;
            e.i64(REVISION)?.u64(self.revision)?;
            e.i64(COUNTER)?.u64(self.counter)?;
            e.i64(REQUEST_ID)?.bytes(&self.request_id)?;
            e.i64(GRANT_DIGEST)?.bytes(&self.grant)?;
            e.i64(GIVEN)?.array(self.given.len() as u64)?;
            for given in &*self.given {
                given.encode(e)?;
            }
            if let Some(target) = &self.target {
                e.i64(TARGET)?;
                target.encode(e)?;
            }
            Ok(())
        })
    }

    fn decode(claims: &'b [u8]) -> Result<Self, Malformed> {
        let (mut serial, mut product, mut revision, mut grant) = (None, None, None, None);
        let (mut counter, mut request_id, mut given, mut target) = (None, None, None, None);
        cbor::read_map(claims, |key, d| {
            match key {
                ISS => serial = Some(cbor::text(d, id::is_serial, "serial")?),
                PRODUCT => product = Some(cbor::text(d, id::is_name, "product")?),
                REVISION => revision = Some(cbor::number(d, u64::MAX, "revision")?),
                COUNTER => counter = Some(cbor::number(d, u64::MAX, "counter")?),
                REQUEST_ID => request_id = Some(cbor::bytes(d, "request id")?),
                GRANT_DIGEST => grant = Some(cbor::bytes(d, "grant digest")?),
                GIVEN => given = Some(read_given(d)?),
                TARGET => target = Some(Target::decode(d)?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        Ok(Self {
            serial: cbor::need(serial, "serial")?,
            product: cbor::need(product, "product")?,
            revision: cbor::need(revision.filter(|revision| *revision > 0), "revision")?,
            grant: cbor::need(grant, "grant digest")?,
            counter: cbor::need(counter.filter(|counter| *counter > 0), "counter")?,
            request_id: cbor::need(request_id, "request id")?,
            given: cbor::need(given, "given")?,
            target,
        })
    }
}

fn read_given(d: &mut Decoder<'_>) -> Result<List<GivenAway, LINES_MAX>, Malformed> {
    let wrong = Malformed::Field("given");
    let mut list = List::<GivenAway, LINES_MAX>::default();
    for _ in 0..cbor::array(d, LINES_MAX, "given")? {
        let given = GivenAway::decode(d)?;
        if list.last().is_some_and(|last| last.line >= given.line) {
            return Err(wrong);
        }
        list.push(given).map_err(|Full| wrong)?;
    }
    if list.is_empty() {
        Err(wrong)
    } else {
        Ok(list)
    }
}
