//! Taking receipts: a conversion through the desk becomes a licence, retired channels are credited. Each once.

use tallykey_protocol::{
    cbor::Full,
    composite::Composite,
    cose::Sign1,
    file::{self, Objects},
    grant::Convert,
    id::thumbprint,
    licence::{self, Holder, Licence, Macs},
    limits::{OBJECT_MAX, RECEIPT_MAX},
    list::List,
    receipt::{self, Traced},
    request::Request,
};

use super::{Desk, DeskError, Refusal, machine::bindable};
use crate::ledger::{Change, Entry, Id, Kind, Seen};

impl Desk {
    /// An entry for each receipt in `file` that is for the desk and was not taken yet; they are in requests, or each
    /// with its grant and its dongle's chain in the envelope of a composite licence.
    pub(crate) fn redeem(&self, file: &[u8]) -> Result<Vec<Entry>, DeskError> {
        let mut buffer = vec![0; OBJECT_MAX];
        let mut objects = Objects::new(file);
        let mut redeemed = Redeemed::default();
        while let Some(object) = objects.next(&mut buffer) {
            let object = object.map_err(|source| Refusal::File { source })?;
            match object.kind {
                file::Kind::Request => self.redeem_request(object.bytes, &mut redeemed)?,
                file::Kind::Composite => self.redeem_alone(object.bytes, &mut redeemed)?,
                _ => {}
            }
        }
        match (redeemed.entries.is_empty(), redeemed.instead) {
            (false, _) => Ok(redeemed.entries),
            (true, instead) => Err(instead.unwrap_or(Refusal::NoReceipt).into()),
        }
    }

    fn redeem_request(&self, bytes: &[u8], redeemed: &mut Redeemed) -> Result<(), DeskError> {
        let (request, _) = Request::verify(bytes).map_err(|source| Refusal::Request { source })?;
        for dongle in request.dongles {
            for receipt in dongle.receipts {
                let traced = dongle.trace(receipt, &self.trust.root());
                let (kind, traced) = traced.map_err(|source| Refusal::Receipt { source })?;
                self.take(kind, &traced, redeemed)?;
            }
        }
        Ok(())
    }

    fn redeem_alone(&self, bytes: &[u8], redeemed: &mut Redeemed) -> Result<(), DeskError> {
        let Ok(Composite(evidence)) = Composite::decode(bytes) else {
            return Ok(());
        };
        let record = Sign1::parse(evidence.receipt, RECEIPT_MAX);
        let kind = record
            .ok()
            .and_then(|record| receipt::Kind::from_typ(record.typ()));
        let kind = kind.ok_or(Refusal::NoReceipt)?;
        let traced = evidence.verify(kind, &self.trust.root());
        let traced = traced.map_err(|source| Refusal::Receipt { source })?;
        self.take(kind, &traced, redeemed)
    }

    fn take(
        &self,
        kind: receipt::Kind,
        traced: &Traced<'_>,
        redeemed: &mut Redeemed,
    ) -> Result<(), DeskError> {
        let identity = Id(traced.identity);
        if let Some(entry) = self.register.taken(identity) {
            redeemed.instead = Some(Refusal::ReceiptTaken { entry });
            return Ok(());
        }
        if redeemed
            .entries
            .iter()
            .any(|entry| entry.absorbs.contains(&identity))
        {
            return Ok(());
        }
        let receipt = &traced.receipt;
        let entry = Entry {
            product: receipt.product.to_owned(),
            name: receipt.serial.to_owned(),
            absorbs: vec![identity],
            seen: Some(Seen {
                serial: receipt.serial.to_owned(),
                thumbprint: Id(traced.thumbprint),
                counter: receipt.counter,
            }),
            ..Entry::new(self.now, Kind::Retired)
        };
        let entry = match kind {
            receipt::Kind::ConvertOffline => {
                redeemed.instead.get_or_insert(Refusal::OfflineReceipt);
                return Ok(());
            }
            receipt::Kind::Retire => Entry {
                holder: Some(Id(traced.thumbprint)),
                changes: changes(traced, |count| (count, 0)),
                ..entry
            },
            receipt::Kind::ConvertDesk => self.convert(traced, entry, redeemed)?,
        };
        self.not_revoked(receipt.serial, &traced.thumbprint, receipt.counter)?;
        redeemed.entries.push(entry);
        Ok(())
    }

    /// The licence for the machine that the receipt names.
    fn convert(
        &self,
        traced: &Traced<'_>,
        entry: Entry,
        redeemed: &Redeemed,
    ) -> Result<Entry, DeskError> {
        // The reader takes no other receipt of this kind without a target.
        let target = traced.receipt.target.ok_or(Refusal::NoReceipt)?;
        bindable(&target.binding())?;
        let holder = Id(thumbprint(&target.host_key));
        let product = traced.receipt.product;
        self.no_open_return(holder, product)?;
        let lines = traced.lines.iter().map(|line| licence::Line {
            line: *line,
            macs: Macs::default(),
        });
        let lines: Vec<_> = lines.collect();
        let before = redeemed.entries.iter().filter(|entry| {
            entry.kind == Kind::Converted
                && (entry.holder, &*entry.product) == (Some(holder), product)
        });
        let before = before.count() as u64;
        let licence = Licence {
            vendor: &self.trust.vendor,
            issued_at: self.now,
            holder: Holder::Machine {
                thumbprint: holder.0,
                binding: target.binding(),
            },
            product,
            revision: self.register.revision(holder, product) + before + 1,
            profile_revision: traced.grant.profile_revision,
            request_nonce: None,
            lines: List::of(&lines).map_err(|Full| Refusal::TooMuch {
                lines: lines.len(),
                absorbs: 1,
            })?,
            convert: Convert::None,
            flags: traced.grant.flags,
            absorbs: List::of(&[traced.identity]).unwrap_or_default(),
            customer: traced.grant.customer,
            project: traced.grant.project,
            desk_nonce: None,
        };
        let entry = Entry {
            kind: Kind::Converted,
            holder: Some(holder),
            ..entry
        };
        self.signed(&licence, changes(traced, |count| (0, count)), entry)
    }
}

/// What was found in a file.
#[derive(Default)]
struct Redeemed {
    entries: Vec<Entry>,
    /// Why a receipt was passed over.
    instead: Option<Refusal>,
}

fn changes(traced: &Traced<'_>, of: impl Fn(u64) -> (u64, u64)) -> Vec<Change> {
    let lines = traced.lines.iter().map(|line| {
        let (before, after) = of(line.count);
        Change {
            feature: line.feature.to_owned(),
            before,
            after,
        }
    });
    lines.collect()
}
