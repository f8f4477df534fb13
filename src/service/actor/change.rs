//! Changes of what is there: done, or only told.

use std::collections::HashMap;

use uuid::Uuid;

use crate::ledger::{Change, Event, Ledger, PoolChange, Supply};
use crate::licence::Refusal;

use super::super::batch::Batch;
use super::super::fault::ServiceError;
use super::super::ports::Store;
use super::super::request::{Actor, Changed, Licences, PoolChanged, UsedLine};
use super::super::snapshot::LicenceLine;
use super::views::Views;
use super::{Core, publish};

impl<S: Store> Core<S> {
    /// Changes one allocation. What it means for others is read before and after, so that a dry
    /// run tells what the change would tell.
    pub(super) fn change(
        &mut self,
        actor: &Actor,
        id: Uuid,
        change: &Change,
        dry_run: bool,
        batch: &mut Batch,
    ) -> Result<Changed, ServiceError> {
        let (profile, ledger) = (&self.settings.profile, &self.state.ledger);
        let events = ledger.change(profile, (&self.supply, self.now_s()), id, change)?;
        let feature = match ledger.allocation(id) {
            Some(held) => held.feature.clone(),
            None => return Err(Refusal::NoSuchAllocation { id }.into()),
        };
        let mut views = Views::of(ledger, &self.supply);
        let (before, was) = (views.read_id(id), views.suspended(&feature));
        let rehearsed = if dry_run {
            Some(self.rehearse(&events))
        } else {
            for event in &events {
                self.record(actor, event, batch);
            }
            None
        };
        let ledger = rehearsed.as_ref().unwrap_or(&self.state.ledger);
        let mut views = Views::of(ledger, &self.supply);
        let now = views.suspended(&feature);
        Ok(Changed {
            before,
            after: views.read_id(id),
            suspended: views.only_in(&now, &was),
            resumed: views.only_in(&was, &now),
        })
    }

    /// Releases what was held for a time that has passed. If the commit fails, the next turn finds it again.
    pub(super) fn expire(&mut self, batch: &mut Batch) {
        for event in self.state.ledger.expired(self.now_s()) {
            self.record(&Actor::service(), &event, batch);
        }
    }

    /// Changes the pool of lines, in the same way.
    pub(super) fn change_pool(
        &mut self,
        actor: &Actor,
        change: &PoolChange,
        dry_run: bool,
        batch: &mut Batch,
    ) -> Result<PoolChanged, ServiceError> {
        let (profile, ledger) = (&self.settings.profile, &self.state.ledger);
        let event = ledger.change_pool(profile, &self.supply, change)?;
        let was = self.suspended(ledger, &self.supply);
        let rehearsed = if dry_run {
            Some(self.rehearse(event.as_slice()))
        } else {
            if let Some(event) = &event {
                self.record(actor, event, batch);
                self.supply = self.stock(&self.state.ledger);
            }
            None
        };
        let (ledger, supply) = match &rehearsed {
            Some(ledger) => (ledger, &self.stock(ledger)),
            None => (&self.state.ledger, &self.supply),
        };
        let now = self.suspended(ledger, supply);
        let mut views = Views::of(ledger, supply);
        Ok(PoolChanged {
            suspended: views.only_in(&now, &was),
            resumed: views.only_in(&was, &now),
            licences: self.licences(ledger, supply),
        })
    }

    /// Ids of all allocations that do not count, feature by feature.
    pub(super) fn suspended(&self, ledger: &Ledger, supply: &Supply) -> Vec<Uuid> {
        let mut views = Views::of(ledger, supply);
        let features = self.settings.profile.features().iter();
        features
            .flat_map(|feature| views.suspended(&feature.id))
            .collect()
    }

    /// Every line, and what it pays for.
    pub(super) fn licences(&self, ledger: &Ledger, supply: &Supply) -> Licences {
        let (settings, pool) = (&self.settings, ledger.pool());
        let now = self.now_s();
        let all = self.counting();
        let lines = publish::lines(settings, pool, &self.active, all, now);
        let mut attributions = HashMap::new();
        let mut used = |line: &LicenceLine| {
            let attribution = attributions
                .entry(line.feature.clone())
                .or_insert_with(|| ledger.attribute(supply, &line.feature).unwrap_or_default());
            attribution.used(&line.id)
        };
        let lines = lines.into_iter().map(|line| UsedLine {
            used: used(&line),
            line,
        });
        Licences {
            policy: pool.policy(&settings.profile),
            installed: self.licences.statuses(&self.state.asked).collect(),
            lines: lines.collect(),
        }
    }

    /// The ledger as `events` would make it.
    pub(super) fn rehearse(&self, events: &[Event]) -> Ledger {
        let mut ledger = self.state.ledger.clone();
        let at = self.now_ms();
        for (seq, event) in (self.state.head.seq + 1..).zip(events) {
            let applied = ledger.apply(seq, at, event);
            applied.expect("the rules decide only what can happen");
        }
        ledger
    }
}
