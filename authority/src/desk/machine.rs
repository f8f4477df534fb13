//! Software licences: for a machine, and for devices by their addresses.

use tallykey_protocol::{
    armour::{self, Armoured, Label},
    cbor::Full,
    grant::{Convert, Line},
    id::thumbprint,
    licence::{self, Holder, Licence, Mac, Macs},
    limits::{LICENCE_ABSORBS_MAX, LICENCE_MAX, MACS_MAX},
    list::List,
    receipt,
    request::{Purpose, Request},
    target::{Binding, Part},
};
use tallykey_signing::sign_licence;

use super::{Asked, Desk, DeskError, Order, Refusal, random};
use crate::ledger::{Change, Entry, Id, Issued, Kind};

/// A receipt's identity, and the lines that it stands for.
type FromDongle<'a> = ([u8; 32], Vec<Line<'a>>);

/// A machine that can be told apart weighs at least this; the weights are those of the host's rules.
const WEIGHT_MIN: u32 = 6;

impl Desk {
    /// A licence for the machine of the request with the counts of `order`; it replaces all that the machine has. If
    /// a count falls, this is the first phase of a return.
    pub(crate) fn licence(&self, asked: &Asked, order: &Order) -> Result<Entry, DeskError> {
        let purposes = [Purpose::New, Purpose::Update, Purpose::Repair];
        let request = self.request(asked, &purposes)?;
        order.check()?;
        self.known(request.product, order)?;
        bindable(&request.binding)?;
        let holder = Id(thumbprint(&request.host_key));
        self.no_open_return(holder, request.product)?;
        let held = self.held(holder, &request)?;
        let root = self.trust.root();
        let mut lines: Vec<Line<'_>> = Vec::new();
        let mut absorbs = Vec::new();
        let (mut profile_revision, mut customer) = (request.profile_revision, "");
        let mut records = Vec::new();
        for (entry, record) in &held {
            let read = Licence::verify(record, &root);
            let (licence, identity) = read.map_err(|source| DeskError::Entry {
                entry: *entry,
                source,
            })?;
            records.push(licence);
            absorbs.push(identity);
        }
        for licence in &records {
            append(&mut lines, licence.lines.iter().map(|held| held.line));
            profile_revision = profile_revision.max(licence.profile_revision);
            customer = licence.customer;
        }
        let converted = self.converted(&request)?;
        for (identity, from_dongle) in &converted {
            append(&mut lines, from_dongle.iter().copied());
            absorbs.push(*identity);
        }
        let changes = order.apply(&mut lines, |_| 0, self.now);
        let repair = request.purpose == Purpose::Repair && !absorbs.is_empty();
        if changes.is_empty() && !repair {
            return Err(Refusal::NothingChanges.into());
        }
        let falls = changes.iter().any(|change| change.after < change.before);
        let desk_nonce = falls.then(random).transpose()?;
        let licence = Licence {
            vendor: &self.trust.vendor,
            issued_at: self.now,
            holder: Holder::Machine {
                thumbprint: holder.0,
                binding: request.binding,
            },
            product: request.product,
            revision: self.register.revision(holder, request.product) + 1,
            profile_revision,
            request_nonce: Some(request.nonce),
            lines: fits(&lines, &absorbs)?,
            convert: Convert::None,
            flags: records.iter().fold(0, |flags, held| flags | held.flags),
            absorbs: List::of(&absorbs).map_err(|Full| too_much(lines.len(), absorbs.len()))?,
            customer: order.customer.as_deref().unwrap_or(customer),
            project: records.last().map_or("", |held| held.project),
            desk_nonce,
        };
        let kind = match falls {
            true => Kind::ReturnOpened,
            false => Kind::Licence,
        };
        self.signed(&licence, changes, self.answer(&request, kind))
    }

    /// A licence for the devices with these addresses, rising: every feature of `order` for each of them.
    pub(crate) fn mac_licence(
        &self,
        product: &str,
        addresses: &[Mac],
        order: &Order,
    ) -> Result<Entry, DeskError> {
        order.check()?;
        self.known(product, order)?;
        let features = order.channels.len();
        if features == 0 {
            return Err(Refusal::NothingChanges.into());
        }
        let wrong = || Refusal::AddressCount {
            found: addresses.len(),
            features,
        };
        if addresses.is_empty() || addresses.len() * features > MACS_MAX {
            return Err(wrong().into());
        }
        let macs = Macs::new(addresses).map_err(|_| wrong())?;
        let ordered = (1..).zip(&order.channels);
        let lines: Vec<_> = ordered
            .map(|(id, (feature, count))| licence::Line {
                line: order.line(id, feature, *count, self.now),
                macs,
            })
            .collect();
        let licence = Licence {
            vendor: &self.trust.vendor,
            issued_at: self.now,
            holder: Holder::Macs,
            product,
            revision: 1,
            profile_revision: 1,
            request_nonce: None,
            lines: List::of(&lines).map_err(|Full| too_much(lines.len(), 0))?,
            convert: Convert::None,
            flags: 0,
            absorbs: List::default(),
            customer: order.customer.as_deref().unwrap_or_default(),
            project: "",
            desk_nonce: None,
        };
        let from_none = order.channels.iter().map(|(feature, count)| Change {
            feature: feature.clone(),
            before: 0,
            after: *count,
        });
        let entry = Entry {
            product: product.to_owned(),
            name: format!("{} devices", addresses.len()),
            ..Entry::new(self.now, Kind::MacLicence)
        };
        self.signed(&licence, from_none.collect(), entry)
    }

    /// Signs `licence` and says so in `entry`.
    pub(super) fn signed(
        &self,
        licence: &Licence<'_>,
        changes: Vec<Change>,
        entry: Entry,
    ) -> Result<Entry, DeskError> {
        let bytes = sign_licence(licence, &self.issuer())?;
        let read = Licence::verify(&bytes, &self.trust.root());
        let (_, identity) = read.map_err(tallykey_signing::RecordError::from)?;
        let label = Label::Licence;
        let bytes = &bytes[..];
        Ok(Entry {
            customer: licence.customer.to_owned(),
            issued: Some(Issued {
                identity: Id(identity),
                revision: licence.revision,
            }),
            absorbs: licence
                .absorbs
                .iter()
                .map(|identity| Id(*identity))
                .collect(),
            desk_nonce: licence.desk_nonce.map(Id),
            changes,
            file: Armoured { label, bytes }.to_string(),
            ..entry
        })
    }

    pub(super) fn no_open_return(&self, holder: Id, product: &str) -> Result<(), Refusal> {
        match self.register.open_return(holder, product) {
            Some(entry) => Err(Refusal::ReturnOpen { entry }),
            None => Ok(()),
        }
    }

    /// The records of this holder's licences; the request shows every one of them.
    fn held(&self, holder: Id, request: &Request<'_>) -> Result<Vec<(u64, Vec<u8>)>, DeskError> {
        let mut records = Vec::new();
        for (entry, issued) in self.register.live(holder, request.product) {
            let shown = |identity| {
                request
                    .installed
                    .iter()
                    .any(|found| found.identity == identity)
            };
            if issued.issued.is_none_or(|issued| !shown(issued.identity.0)) {
                return Err(Refusal::RequestOpen { entry }.into());
            }
            let mut buffer = [0; LICENCE_MAX];
            let record = armour::single(issued.file.as_bytes(), Label::Licence, &mut buffer);
            let record = record.map_err(|source| DeskError::Armour { entry, source })?;
            records.push((entry, record.to_vec()));
        }
        Ok(records)
    }

    /// What dongles converted to this machine offline and is installed, with the receipt's identity.
    fn converted<'a>(&self, request: &Request<'a>) -> Result<Vec<FromDongle<'a>>, DeskError> {
        let root = self.trust.root();
        let mut found = Vec::new();
        for dongle in request.dongles {
            for receipt in dongle.receipts {
                let traced = dongle.trace(receipt, &root);
                let (kind, traced) = traced.map_err(|source| Refusal::Receipt { source })?;
                let target = traced.receipt.target.map(|target| target.host_key);
                let here = kind == receipt::Kind::ConvertOffline
                    && target == Some(request.host_key)
                    && traced.receipt.product == request.product
                    && request
                        .installed
                        .iter()
                        .any(|held| held.identity == traced.identity)
                    && self.register.taken(Id(traced.identity)).is_none();
                if here {
                    self.not_revoked(
                        traced.receipt.serial,
                        &traced.thumbprint,
                        traced.receipt.counter,
                    )?;
                    found.push((traced.identity, traced.lines.to_vec()));
                }
            }
        }
        Ok(found)
    }
}

/// Appends lines under ids that are not taken.
fn append<'a>(lines: &mut Vec<Line<'a>>, more: impl Iterator<Item = Line<'a>>) {
    let keep = lines.is_empty();
    for line in more {
        let next = lines.iter().map(|line| line.id).max().unwrap_or(0) + 1;
        let id = if keep { line.id } else { next };
        lines.push(Line { id, ..line });
    }
}

fn fits<'a, const N: usize>(
    lines: &[Line<'a>],
    absorbs: &[[u8; 32]],
) -> Result<List<licence::Line<'a>, N>, Refusal> {
    let of_machine = lines.iter().map(|line| licence::Line {
        line: *line,
        macs: Macs::default(),
    });
    let all: Vec<_> = of_machine.collect();
    match absorbs.len() > LICENCE_ABSORBS_MAX {
        true => Err(too_much(lines.len(), absorbs.len())),
        false => List::of(&all).map_err(|Full| too_much(lines.len(), absorbs.len())),
    }
}

fn too_much(lines: usize, absorbs: usize) -> Refusal {
    Refusal::TooMuch { lines, absorbs }
}

/// Whether a machine of these parts can be told from another.
pub(super) fn bindable(binding: &Binding) -> Result<(), Refusal> {
    let count = |part| {
        let of_kind = binding.components.iter().filter(|found| found.part == part);
        u32::try_from(of_kind.count()).unwrap_or(u32::MAX)
    };
    let (board, network) = (count(Part::Board).min(1), count(Part::Network).min(2));
    let small = count(Part::Memory).min(1) + count(Part::Display).min(1);
    let weight = 4 * board + 2 * count(Part::Cpu).min(1) + network + small;
    match weight >= WEIGHT_MIN && board + network > 0 {
        true => Ok(()),
        false => Err(Refusal::BindingTooWeak { weight }),
    }
}
