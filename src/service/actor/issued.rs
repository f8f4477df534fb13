//! What a file brings beside licences: it is verified here, and handed to the dongle that it is for.

use std::collections::{BTreeMap, BTreeSet};

use tallykey_protocol::file;
use tokio::sync::oneshot;

use crate::ledger::{Event, Posted};
use crate::licence::{DongleRecord, IssuedRefusal, Matter, Refusal, Revocations, TimeWord};

use super::super::batch::Batch;
use super::super::fault::{Fault, ServiceError};
use super::super::ports::Store;
use super::super::request::{Actor, ImportItem, Imported};
use super::super::token::hex;
use super::super::watch::DongleEvent;
use super::Core;
use super::deliveries::{Delivered, Handover, Parcel, Route};

/// What came of the objects of a file so far, and what is still to be done with some.
#[derive(Default)]
pub(super) struct Intake {
    pub(super) items: Vec<ImportItem>,
    letters: Vec<Letter>,
    times: Vec<Time>,
}

/// A time token that this host believes: it goes to every dongle too.
struct Time {
    digest: [u8; 32],
    bytes: Vec<u8>,
}

/// A verified record for a dongle.
struct Letter {
    place: usize,
    record: DongleRecord,
    bytes: Vec<u8>,
}

pub(super) type ImportReply = oneshot::Sender<Result<Vec<ImportItem>, ServiceError>>;

impl Intake {
    /// Takes a grant or an instruction in; its outcome is open until it was delivered.
    pub(super) fn letter(
        &mut self,
        object: &file::Object<'_>,
        verified: Result<DongleRecord, IssuedRefusal>,
    ) {
        let kind = object.kind.name();
        let record = match verified {
            Ok(record) => record,
            Err(refusal) => return self.items.push(ImportItem::refused(kind, refusal)),
        };
        let serial = record.serial().to_owned();
        let item = ImportItem {
            kind,
            id: Some(hex(record.digest())),
            serial: Some(serial.clone()),
            revision: record.matter().revision(),
            // Until the dongle says otherwise.
            outcome: Err(Fault::DongleSlow { serial }.into()),
        };
        self.letters.push(Letter {
            place: self.items.len(),
            record,
            bytes: object.bytes.to_vec(),
        });
        self.items.push(item);
    }
}

impl<S: Store> Core<S> {
    /// Believes a time token and passes it on.
    pub(super) fn import_time(
        &mut self,
        actor: &Actor,
        object: &file::Object<'_>,
        intake: &mut Intake,
        batch: &mut Batch,
    ) -> ImportItem {
        let kind = object.kind.name();
        let word = match TimeWord::verify(object.bytes, &self.settings.trust) {
            Ok(word) => word,
            Err(refusal) => return ImportItem::refused(kind, refusal),
        };
        let taken = self.take_time(actor, &word, batch);
        if taken.is_ok() {
            intake.times.push(Time {
                digest: word.digest,
                bytes: object.bytes.to_vec(),
            });
        }
        ImportItem {
            kind,
            id: Some(hex(&word.digest)),
            serial: None,
            revision: None,
            outcome: taken.map_err(ServiceError::from),
        }
    }

    /// Heeds a list of revoked dongles.
    pub(super) fn import_revocations(
        &mut self,
        actor: &Actor,
        object: &file::Object<'_>,
        batch: &mut Batch,
    ) -> ImportItem {
        let kind = object.kind.name();
        let list = match Revocations::verify(object.bytes, &self.settings.trust) {
            Ok(list) => list,
            Err(refusal) => return ImportItem::refused(kind, refusal),
        };
        let taken = self.take_revocations(actor, &list, batch);
        ImportItem {
            kind,
            id: None,
            serial: None,
            revision: Some(list.epoch()),
            outcome: taken.map_err(|refusal| Refusal::from(refusal).into()),
        }
    }

    /// Answers an import, after everything in it that is for a dongle was handed over.
    pub(super) fn dispatch(
        &mut self,
        actor: &Actor,
        mut intake: Intake,
        reply: ImportReply,
        batch: &mut Batch,
    ) {
        let routes = self.routes(&mut intake);
        if routes.is_empty() {
            return batch.answer(reply, Ok(intake.items));
        }
        for parcel in routes.iter().flat_map(|route| &route.parcels) {
            let event = Event::RecordSent(parcel.posted.clone());
            self.record(actor, &event, batch);
        }
        let done = (reply, intake.items);
        let (now_ms, tell) = (self.time.running_ms(), &self.outcomes.tell);
        let (import, errands) = self.deliveries.wait(done, routes, now_ms, tell);
        batch.imports.push(import);
        batch.errands.extend(errands);
    }

    /// Where everything goes. What goes nowhere is told in its item.
    fn routes(&self, intake: &mut Intake) -> Vec<Route> {
        let digests = intake.letters.iter().map(|letter| *letter.record.digest());
        let digests: BTreeSet<_> = digests.collect();
        let mut letters = std::mem::take(&mut intake.letters);
        // Instructions name the counter that a grant would raise; a grant follows the one before it.
        letters.sort_by(|a, b| a.record.matter().cmp(b.record.matter()));
        let mut routes: BTreeMap<String, Route> = BTreeMap::new();
        for letter in letters {
            let Letter {
                place,
                record,
                bytes,
            } = letter;
            let (serial, thumbprint) = (record.serial(), record.thumbprint());
            let addressee = self.dongles.addressee(serial, thumbprint);
            let key = addressee.and_then(|(key, held)| {
                let new = record.is_new_to(held, &digests)?;
                Ok(new.then(|| key.to_owned()))
            });
            let outcome = match key {
                Ok(Some(key)) => {
                    let route = routes.entry(key.clone()).or_insert_with(|| Route {
                        key,
                        parcels: Vec::new(),
                    });
                    route.parcels.push(parcel(place, &record, bytes));
                    continue;
                }
                Ok(None) => Ok(Imported::Already),
                Err(refusal) => Err(refusal.into()),
            };
            intake.items[place].outcome = outcome;
        }
        for (key, evidence, _) in self.dongles.open() {
            for time in &intake.times {
                let route = routes.entry(key.to_owned()).or_insert_with(|| Route {
                    key: key.to_owned(),
                    parcels: Vec::new(),
                });
                route.parcels.push(Parcel {
                    place: None,
                    handover: Handover::Time,
                    posted: Posted {
                        what: file::Kind::Time.name().to_owned(),
                        serial: evidence.serial.clone(),
                        thumbprint: hex(&evidence.thumbprint),
                        revision: None,
                        digest: hex(&time.digest),
                    },
                    record: time.bytes.clone(),
                });
            }
        }
        routes.into_values().collect()
    }

    /// Writes down what a dongle made of what it was handed, and answers the import if that was the last one.
    pub(super) fn delivered(&mut self, delivered: Delivered, batch: &mut Batch) {
        let Delivered {
            import,
            key,
            answers,
            met,
            proved,
        } = delivered;
        // Of what was never sent there is nothing to tell.
        if met || self.deliveries.knows(import) {
            for (parcel, answer) in &answers {
                let (sent, outcome) = (parcel.posted.clone(), answer.name().to_owned());
                let recycled = sent.what == Matter::Recycle.name() && outcome == "taken";
                self.tell(Event::RecordAnswered { sent, outcome }, batch);
                if recycled {
                    self.dongles.forget(&parcel.posted.thumbprint);
                }
            }
        }
        match proved {
            Some(evidence) => self.notice(DongleEvent::Proved { key, evidence }, batch),
            None => self.weigh(batch),
        }
        if let Some((reply, items)) = self.deliveries.settle(import, answers) {
            batch.inform(reply, items);
        }
    }

    /// Answers every import that waits for a dongle that does not answer.
    pub(super) fn lose_patience(&mut self, batch: &mut Batch) {
        for (reply, items) in self.deliveries.overdue(self.time.running_ms()) {
            batch.inform(reply, items);
        }
    }
}

fn parcel(place: usize, record: &DongleRecord, bytes: Vec<u8>) -> Parcel {
    let matter = record.matter();
    Parcel {
        place: Some(place),
        handover: match matter {
            Matter::Grant { .. } => Handover::Update,
            Matter::ResetOwnerCode | Matter::Recycle => Handover::Instruct,
        },
        posted: Posted {
            what: matter.name().to_owned(),
            serial: record.serial().to_owned(),
            thumbprint: hex(record.thumbprint()),
            revision: matter.revision(),
            digest: hex(record.digest()),
        },
        record: bytes,
    }
}
