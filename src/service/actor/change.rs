//! Changes of what is there: done, or only told.

use uuid::Uuid;

use crate::ledger::{Change, Event, Ledger};
use crate::licence::Refusal;

use super::super::batch::Batch;
use super::super::fault::ServiceError;
use super::super::ports::Store;
use super::super::request::{Actor, Changed};
use super::Core;
use super::views::Views;

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
        let events = ledger.change(profile, &self.supply, id, change)?;
        let feature = match ledger.allocation(id) {
            Some(held) => held.feature.clone(),
            None => return Err(Refusal::NoSuchAllocation { id }.into()),
        };
        let mut views = Views::of(ledger, &self.supply);
        let (before, was) = (views.of_id(id), views.suspended(&feature));
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
            after: views.of_id(id),
            suspended: views.only_in(&now, &was),
            resumed: views.only_in(&was, &now),
        })
    }

    /// The ledger as `events` would make it.
    fn rehearse(&self, events: &[Event]) -> Ledger {
        let mut ledger = self.state.ledger.clone();
        let at = self.now_ms();
        for (seq, event) in (self.state.head.seq + 1..).zip(events) {
            let applied = ledger.apply(seq, at, event);
            applied.expect("the rules decide only what can happen");
        }
        ledger
    }
}
