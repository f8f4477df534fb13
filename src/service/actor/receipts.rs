//! Receipts of dongles: kept as soon as a dongle shows them, and then acknowledged.
//!
//! What a dongle gave to this machine is a software licence from the same commit on, whoever asked for it and whatever
//! this host remembers: so every interrupted conversion ends, on a new disk and on a restored one too.

use tallykey_protocol::armour::{Armoured, Label};
use tallykey_protocol::composite::Composite;
use tallykey_protocol::limits::COMPOSITE_MAX;
use tallykey_protocol::receipt::{self, Kind, Traced};
use uuid::Uuid;

use crate::arbiter::{self, Kind as Source};
use crate::dongle::{Evidence, Fault as DongleFault, Open, Receipt};
use crate::ledger::{Bytes, Event, Given, Goal, ReceiptKept};
use crate::licence::conversion::ConversionRefusal;
use crate::licence::machine_binding::{Facts, judge};
use crate::licence::{Form, Refusal, SoftwareLicence, Source as From};

use super::super::batch::Batch;
use super::super::conversion::Conversion;
use super::super::fault::Fault;
use super::super::licences::admit;
use super::super::name::licence_name;
use super::super::ports::Store;
use super::super::request::{Actor, Reply};
use super::super::token::hex;
use super::super::watch::{After, Errand};
use super::Core;
use super::outcome::Outcome;

impl<S: Store> Core<S> {
    /// Keeps every receipt of an open dongle that is not kept yet, and takes the licences that they make here.
    pub(super) fn keep_receipts(&mut self, batch: &mut Batch) {
        let mut new: Vec<(Evidence, Receipt)> = Vec::new();
        for (_, evidence, _) in self.dongles.open() {
            for receipt in &evidence.receipts {
                let identity = receipt::identity(&evidence.thumbprint, receipt.counter);
                if self.state.gifts.receipt(&hex(&identity)).is_none() {
                    new.push((evidence.clone(), receipt.clone()));
                }
            }
        }
        if new.is_empty() {
            return;
        }
        let facts = (self.settings.machine)();
        let mut taken = false;
        for (evidence, receipt) in &new {
            taken |= self.keep_receipt(evidence, receipt, &facts, batch);
        }
        self.dongles
            .lessen(&self.state.gifts, self.settings.profile.product());
        if taken {
            self.read_licences(&facts, batch);
            self.decide(arbiter::Event::Converted, batch);
        }
    }

    /// Keeps one receipt. Whether it made a licence of this machine.
    fn keep_receipt(
        &mut self,
        evidence: &Evidence,
        receipt: &Receipt,
        facts: &Facts,
        batch: &mut Batch,
    ) -> bool {
        let [leaf, factory] = &evidence.chain;
        let parts = receipt::Evidence {
            receipt: &receipt.record,
            grant: &receipt.grant,
            chain: [leaf, factory],
        };
        let traced = match parts.verify(receipt.kind, &self.settings.trust.root()) {
            Ok(traced) => traced,
            Err(error) => {
                let (serial, counter) = (&evidence.serial, receipt.counter);
                tracing::warn!(
                    serial,
                    counter,
                    "a receipt of a dongle does not verify: {error}"
                );
                return false;
            }
        };
        let request = Uuid::from_bytes(receipt.request_id);
        let meant = self.state.gifts.under_way(request);
        let meant = meant.filter(|meant| meant.thumbprint == hex(&evidence.thumbprint));
        let target = traced
            .receipt
            .target
            .filter(|_| receipt.kind == Kind::ConvertOffline);
        let fits = |target: tallykey_protocol::target::Target| {
            judge(&target.binding(), facts).is_ok_and(|matched| matched.holds())
        };
        let goal = match target {
            None => Goal::Desk,
            Some(target) if fits(target) => Goal::ThisMachine,
            Some(_) => Goal::OtherMachine,
        };
        let host = meant.and_then(|meant| meant.host.clone());
        let ours = meant.is_some() || goal == Goal::ThisMachine;
        let event = kept(&traced, receipt.kind, &parts, (goal, host, ours));
        let envelope = envelope(parts);
        self.record(&Actor::service(), &event, batch);
        let from = From::Dongle {
            serial: evidence.serial.clone(),
            thumbprint: evidence.thumbprint,
        };
        goal == Goal::ThisMachine && self.take_licence(&from, &envelope, facts, batch)
    }

    /// Takes the licence that a receipt makes of this machine. Whether it counts from now on.
    fn take_licence(
        &mut self,
        from: &From,
        envelope: &[u8],
        facts: &Facts,
        batch: &mut Batch,
    ) -> bool {
        let (trust, profile) = (&self.settings.trust, &self.settings.profile);
        let licence = SoftwareLicence::verify(Form::Composite, envelope, trust, profile);
        let admitted = licence.and_then(|licence| {
            let event = admit(self.state.admits(), &licence, facts, envelope)?;
            Ok((event, licence.entitlement()))
        });
        match admitted {
            Ok((Some(event), gained)) => {
                let moved = self.moved_lines(from, gained.source());
                for event in std::iter::once(event).chain(moved) {
                    self.record(&Actor::service(), &event, batch);
                }
                true
            }
            Ok((None, _)) => false,
            Err(refusal) => {
                let (code, next) = (refusal.code(), refusal.next());
                tracing::warn!(code, next, "a converted licence is not taken: {refusal}");
                false
            }
        }
    }

    /// What the user said of a dongle's lines, said of the same lines of the licence that they became.
    pub(super) fn moved_lines(&self, from: &From, to: &From) -> Vec<Event> {
        let product = self.settings.profile.product();
        let ledger = &self.state.ledger;
        let prefix = from.line_id(product, 0);
        let prefix = prefix.trim_end_matches('0');
        let renamed = |line: &str| {
            let id: u32 = line.strip_prefix(prefix)?.parse().ok()?;
            Some(to.line_id(product, id))
        };
        let named = ledger.allocations().filter_map(|held| {
            Some(Event::LineNamed {
                id: held.id,
                device: held.device.to_string(),
                feature: held.feature.clone(),
                line: Some(renamed(held.line.as_deref()?)?),
            })
        });
        let parked = ledger.pool().parked().filter_map(|line| {
            Some(Event::LineParked {
                line: renamed(line)?,
            })
        });
        named.chain(parked).collect()
    }

    /// Keeps the receipt in a composite licence that was imported: the dongle that gave it does not give it here too.
    pub(super) fn keep_receipt_of(&mut self, envelope: &[u8], batch: &mut Batch) {
        let Ok(Composite(parts)) = Composite::decode(envelope) else {
            return;
        };
        let root = self.settings.trust.root();
        let Ok(traced) = parts.verify(Kind::ConvertOffline, &root) else {
            return;
        };
        if self.state.gifts.receipt(&hex(&traced.identity)).is_some() {
            return;
        }
        let goal = (Goal::ThisMachine, None, true);
        let event = kept(&traced, Kind::ConvertOffline, &parts, goal);
        self.record(&Actor::service(), &event, batch);
    }

    /// If what was imported is what the active dongle gave away, and no dongle gives anything any more, the licence
    /// takes its place at once.
    pub(super) fn take_over_if_converted(&mut self, batch: &mut Batch) {
        let gave = self.gives(Source::Dongle);
        self.dongles
            .lessen(&self.state.gifts, self.settings.profile.product());
        let dongle = self.state.arbiter.active() == Some(Source::Dongle);
        if dongle && gave && !self.gives(Source::Dongle) && self.gives(Source::Software) {
            self.decide(arbiter::Event::Converted, batch);
        }
    }

    /// Tells dongles which of their receipts are kept here. Only after a commit: from then on they may let them go.
    pub(super) fn acknowledge(&mut self) {
        for (key, thumbprint, receipt) in self.dongles.untold(&self.state.gifts) {
            let tell = self.outcomes.tell.clone();
            let errand: Errand = Box::new(move |open| {
                let told = open.and_then(|open| open.acknowledge(receipt.counter, receipt.digest));
                match told {
                    Ok(()) => After::Changed,
                    Err(fault) => {
                        tracing::debug!("a receipt is not acknowledged yet: {fault}");
                        let counter = receipt.counter;
                        drop(tell.send(Outcome::NotTold {
                            thumbprint,
                            counter,
                        }));
                        After::Same
                    }
                }
            });
            self.inputs.watcher.visit(&key, errand);
        }
    }

    /// Tells a dongle that a receipt is kept here which another host asked for.
    pub(super) fn acknowledge_receipt(&mut self, actor: &Actor, id: Uuid, reply: Reply<()>) {
        let Some(kept) = self.state.gifts.answer(id) else {
            let refusal = Refusal::from(ConversionRefusal::NoSuch { id });
            drop(reply.send(Err(refusal.into())));
            return;
        };
        let serial = kept.serial.clone();
        let mut open = self.dongles.open();
        let found = open.find_map(|(key, evidence, _)| {
            let mut receipts = evidence.receipts.iter();
            let receipt = receipts.find(|one| one.counter == kept.counter)?;
            let same = hex(&evidence.thumbprint) == kept.thumbprint;
            same.then(|| (key.to_owned(), receipt.counter, receipt.digest))
        });
        let Some((key, counter, digest)) = found else {
            drop(reply.send(Err(Refusal::NoSuchDongle { serial }.into())));
            return;
        };
        tracing::info!(actor = actor.as_str(), serial, %id, "a receipt of another host is acknowledged");
        let errand: Errand = Box::new(move |open: Result<&mut Open, DongleFault>| {
            let told = open.and_then(|open| open.acknowledge(counter, digest));
            let told = told.map_err(|source| {
                let source = std::sync::Arc::new(source);
                Fault::DongleFailed { serial, source }.into()
            });
            drop(reply.send(told));
            After::Changed
        });
        self.inputs.watcher.visit(&key, errand);
    }

    /// What is under way, then what was done.
    pub(super) fn conversions(&self) -> Vec<Conversion> {
        let under_way = self.state.gifts.meant().map(|(id, meant)| Conversion {
            id,
            serial: meant.serial.clone(),
            kind: super::convert::kind_of(&meant.order),
            goal: meant.goal,
            host: meant.host.clone(),
            ours: true,
            given: Vec::new(),
            receipt: None,
            licence: None,
            file_name: None,
            replaced_by: None,
            acknowledged: None,
        });
        let mut done: Vec<_> = self.state.gifts.receipts().collect();
        done.sort_by_key(|kept| (&kept.serial, kept.counter));
        under_way
            .chain(done.into_iter().map(|kept| self.shown(kept)))
            .collect()
    }

    /// What came of a request, once its receipt is kept.
    pub(super) fn conversion(&self, id: Uuid) -> Option<Conversion> {
        self.state.gifts.answer(id).map(|kept| self.shown(kept))
    }

    fn shown(&self, kept: &ReceiptKept) -> Conversion {
        let mut open = self.dongles.open();
        let acknowledged = open.find_map(|(_, evidence, _)| {
            let mut receipts = evidence.receipts.iter();
            let here = hex(&evidence.thumbprint) == kept.thumbprint;
            let receipt = receipts.find(|one| here && one.counter == kept.counter)?;
            Some(receipt.acknowledged)
        });
        let kind = Kind::from_name(&kept.gift).unwrap_or_default();
        Conversion {
            id: kept.request,
            serial: kept.serial.clone(),
            kind,
            goal: kept.goal,
            host: kept.host.clone(),
            ours: kept.ours,
            given: kept.given.clone(),
            receipt: Some(kept.id.clone()),
            licence: (kind == Kind::ConvertOffline).then(|| licence_file(kept)),
            file_name: (kind == Kind::ConvertOffline).then(|| licence_name(kept)),
            replaced_by: self.state.shelf.replaced_by(&kept.id).map(str::to_owned),
            acknowledged,
        }
    }
}

fn kept(
    traced: &Traced<'_>,
    kind: Kind,
    parts: &receipt::Evidence<'_>,
    (goal, host, ours): (Goal, Option<String>, bool),
) -> Event {
    let receipt = &traced.receipt;
    let given = receipt.given.iter().map(|given| {
        let line = traced.lines.iter().find(|line| line.id == given.line);
        Given {
            line: given.line,
            feature: line.map_or_else(String::new, |line| line.feature.to_owned()),
            before: given.before,
            after: given.after,
        }
    });
    let [leaf, factory] = parts.chain;
    Event::ReceiptKept(Box::new(ReceiptKept {
        id: hex(&traced.identity),
        request: Uuid::from_bytes(receipt.request_id),
        serial: receipt.serial.to_owned(),
        thumbprint: hex(&traced.thumbprint),
        gift: kind.name().to_owned(),
        counter: receipt.counter,
        product: receipt.product.to_owned(),
        given: given.collect(),
        goal,
        host,
        ours,
        receipt: Bytes(parts.receipt.to_vec()),
        grant: Bytes(parts.grant.to_vec()),
        chain: [Bytes(leaf.to_vec()), Bytes(factory.to_vec())],
    }))
}

/// The licence that a receipt makes, in text armour (RFC 7468).
fn licence_file(kept: &ReceiptKept) -> Vec<u8> {
    let [leaf, factory] = &kept.chain;
    let parts = receipt::Evidence {
        receipt: &kept.receipt.0,
        grant: &kept.grant.0,
        chain: [&leaf.0, &factory.0],
    };
    let (label, bytes) = (Label::Licence, &envelope(parts));
    Armoured { label, bytes }.to_string().into_bytes()
}

/// The composite licence of these parts, each of which was verified and so is within its largest size.
fn envelope(parts: receipt::Evidence<'_>) -> Vec<u8> {
    let mut envelope = vec![0; COMPOSITE_MAX];
    let length = Composite(parts).encode(&mut envelope);
    envelope.truncate(length.expect("COMPOSITE_MAX has room for the largest parts"));
    envelope
}
