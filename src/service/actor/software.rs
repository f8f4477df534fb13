//! Software licences: imported, removed, and which kind of source counts.

use tallykey_protocol::file::{self, Objects};
use tallykey_protocol::limits::OBJECT_MAX;

use crate::arbiter::{self, Kind};
use crate::ledger::{Event, Ledger, Supply};
use crate::licence::machine_binding::Facts;
use crate::licence::{DongleRecord, Entitlement, Form, IssuedRefusal, Refusal, SoftwareLicence};

use super::super::batch::Batch;
use super::super::fault::ServiceError;
use super::super::licences::{Licences, admit};
use super::super::ports::Store;
use super::super::request::{Actor, ImportItem, Imported, Resolution, Standpoint};
use super::super::token::hex;
use super::issued::{ImportReply, Intake};
use super::views::Views;
use super::{Core, publish};

/// Longest part of an id that is told back.
const SHOWN: usize = 64;

impl<S: Store> Core<S> {
    /// Imports every object of a file, each by itself: one that is refused keeps none of the others out.
    pub(super) fn import(
        &mut self,
        actor: &Actor,
        content: &[u8],
        reply: ImportReply,
        batch: &mut Batch,
    ) {
        let facts = (self.settings.machine)();
        let mut objects = Objects::new(content);
        let mut buffer = vec![0; OBJECT_MAX];
        let mut intake = Intake::default();
        while let Some(object) = objects.next(&mut buffer) {
            match object {
                Ok(object) => self.import_one(actor, &object, &facts, &mut intake, batch),
                Err(problem) => intake.items.push(ImportItem::refused(
                    "unknown",
                    Refusal::DamagedFile { problem },
                )),
            }
        }
        self.read_licences(&facts, batch);
        self.take_over_if_converted(batch);
        self.weigh(batch);
        self.dispatch(actor, intake, reply, batch);
    }

    fn import_one(
        &mut self,
        actor: &Actor,
        object: &file::Object<'_>,
        facts: &Facts,
        intake: &mut Intake,
        batch: &mut Batch,
    ) {
        let trust = &self.settings.trust;
        let item = match object.kind {
            file::Kind::Licence => self.import_licence(actor, Form::Licence, object, facts, batch),
            file::Kind::Composite => {
                self.import_licence(actor, Form::Composite, object, facts, batch)
            }
            file::Kind::Grant => {
                return intake.letter(object, DongleRecord::grant(object.bytes, trust));
            }
            // What it answers has to be told to somebody, and nobody reads what comes by itself at once.
            file::Kind::Instruction if *actor == Actor::inbox() => {
                ImportItem::refused(object.kind.name(), IssuedRefusal::ByHand)
            }
            file::Kind::Instruction => {
                return intake.letter(object, DongleRecord::instruction(object.bytes, trust));
            }
            file::Kind::Time => self.import_time(actor, object, intake, batch),
            file::Kind::Revocation => self.import_revocations(actor, object, batch),
            kind => ImportItem::refused(kind.name(), Refusal::NotALicence { kind }),
        };
        intake.items.push(item);
    }

    fn import_licence(
        &mut self,
        actor: &Actor,
        form: Form,
        object: &file::Object<'_>,
        facts: &Facts,
        batch: &mut Batch,
    ) -> ImportItem {
        let kind = object.kind.name();
        let (trust, profile) = (&self.settings.trust, &self.settings.profile);
        let licence = match SoftwareLicence::verify(form, object.bytes, trust, profile) {
            Ok(licence) => licence,
            Err(refusal) => return ImportItem::refused(kind, refusal),
        };
        let admitted = admit(self.state.admits(), &licence, facts, object.bytes);
        let outcome = match admitted {
            Ok(Some(event)) => self.terms_allow().map(|()| {
                if form == Form::Composite {
                    self.keep_receipt_of(object.bytes, batch);
                }
                self.record(actor, &event, batch);
                self.note_answer(actor, &licence, batch);
                Imported::New
            }),
            Ok(None) => Ok(Imported::Already),
            Err(refusal) => Err(refusal.into()),
        };
        ImportItem {
            kind,
            id: Some(hex(licence.identity())),
            serial: None,
            revision: Some(licence.revision()),
            outcome: outcome.map_err(Refusal::into),
        }
    }

    /// Takes a licence away. Its file may be imported again, unless a later one replaced it.
    pub(super) fn remove_licence(
        &mut self,
        actor: &Actor,
        id: &str,
        batch: &mut Batch,
    ) -> Result<(), ServiceError> {
        if self.state.shelf.get(id).is_none() {
            let id = id.chars().take(SHOWN).collect();
            return Err(Refusal::NoSuchLicence { id }.into());
        }
        self.record(actor, &Event::LicenceRemoved { id: id.to_owned() }, batch);
        self.read_licences(&(self.settings.machine)(), batch);
        self.weigh(batch);
        Ok(())
    }

    /// Judges every licence by what the machine shows, and writes down which ceased to hold, or hold again.
    pub(super) fn read_licences(&mut self, facts: &Facts, batch: &mut Batch) {
        let now = self.now_s();
        self.licences = Licences::read(self.state.admits(), &self.settings, facts, now);
        for event in self.licences.news(&self.state.shelf, now) {
            self.tell(event, batch);
        }
        self.licences.pass(&self.state.shelf, &self.settings, now);
    }

    /// Makes one kind count and holds the other, as the operator says; with `dry_run` only says what would be so.
    pub(super) fn resolve(
        &mut self,
        actor: &Actor,
        keep: Kind,
        dry_run: bool,
        batch: &mut Batch,
    ) -> Result<Resolution, ServiceError> {
        let state = self.state.arbiter;
        if state.active() != Some(keep) && state.held() != Some(keep) {
            return Err(Refusal::NothingToKeep { kind: keep.name() }.into());
        }
        let event = arbiter::Event::Keep(keep);
        let next = arbiter::decide(state, event, self.settings.takeover);
        let resolution = self.foresee(next, self.counting(), &self.state.ledger);
        if !dry_run {
            self.decide_as(actor, event, batch);
            self.settle();
        }
        Ok(resolution)
    }

    /// What would be so in another state of the arbiter, with these sources and this ledger.
    pub(super) fn foresee(
        &self,
        next: arbiter::State,
        all: impl IntoIterator<Item = Entitlement>,
        ledger: &Ledger,
    ) -> Resolution {
        let active = arbiter::activate(next, all);
        let supply = Supply::new(&self.settings.profile, &active, ledger.pool(), self.now_s());
        let was = self.suspended(&self.state.ledger, &self.supply);
        let now = self.suspended(ledger, &supply);
        let mut views = Views::of(ledger, &supply);
        Resolution {
            before: self.standpoint(self.state.arbiter, &self.supply),
            after: self.standpoint(next, &supply),
            suspended: views.only_in(&now, &was),
            resumed: views.only_in(&was, &now),
        }
    }

    fn standpoint(&self, state: arbiter::State, supply: &Supply) -> Standpoint {
        Standpoint {
            authentication_type: state.authentication_type(),
            features: publish::counts(&self.settings, &self.state, supply),
        }
    }
}
