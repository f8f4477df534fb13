//! What an entry makes of the ledger. Pure: the same history always gives the same state.

use uuid::Uuid;

use crate::licence::Policy;

use super::{Allocation, DeviceId, Event, Ledger};

/// An entry that cannot have happened after those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Impossible;

impl Ledger {
    /// Makes the ledger what it is after entry number `seq`, written at `at` (Unix time in
    /// milliseconds). Events that are not the ledger's change nothing.
    ///
    /// # Errors
    /// [`Impossible`] if it contradicts the entries before it; the ledger stays as it was.
    pub fn apply(&mut self, seq: u64, at: i64, event: &Event) -> Result<(), Impossible> {
        match event {
            Event::Allocated {
                id,
                device,
                feature,
                model,
                weight,
                priority,
                line,
                until,
            } => {
                let device = DeviceId::from_normalised(device).ok_or(Impossible)?;
                self.insert(
                    at,
                    Allocation {
                        id: *id,
                        device,
                        feature: feature.clone(),
                        model: model.clone(),
                        weight: *weight,
                        created_at: at,
                        order: seq,
                        priority: *priority,
                        line: line.clone(),
                        until: *until,
                    },
                )
            }
            Event::PrioritySet { id, now, .. } => {
                let mut changed = self.remove(at, *id)?;
                changed.priority = *now;
                self.insert(at, changed)
            }
            Event::LineNamed { id, line, .. } => {
                let mut changed = self.remove(at, *id)?;
                changed.line = line.clone();
                self.insert(at, changed)
            }
            Event::Renewed { id, until, .. } => {
                let mut changed = self.remove(at, *id)?;
                changed.until = *until;
                self.insert(at, changed)
            }
            Event::LineParked { line } => {
                let new = self.pool.parked.insert(line.clone());
                new.then_some(()).ok_or(Impossible)
            }
            Event::LineUnparked { line } => {
                let was = self.pool.parked.remove(line);
                was.then_some(()).ok_or(Impossible)
            }
            Event::PolicySet { now, .. } => {
                self.pool.policy = Some(Policy::from_name(now).ok_or(Impossible)?);
                Ok(())
            }
            Event::Moved {
                id,
                now,
                model,
                weight,
                ..
            } => {
                let device = DeviceId::from_normalised(now).ok_or(Impossible)?;
                let held = self.allocation(*id).ok_or(Impossible)?;
                if held.device != device && self.held_by(&device, &held.feature).is_some() {
                    return Err(Impossible);
                }
                let mut moved = self.remove(at, *id)?;
                moved.device = device;
                moved.model = model.clone();
                moved.weight = *weight;
                self.insert(at, moved)
            }
            Event::Released { id, .. } => self.remove(at, *id).map(drop),
            Event::ServiceStarted { .. }
            | Event::AuthenticationType { .. }
            | Event::DongleOpened { .. }
            | Event::DongleLeft { .. }
            | Event::GraceStarted { .. }
            | Event::GraceExhausted { .. }
            | Event::RequestMade { .. }
            | Event::RequestAnswered { .. }
            | Event::RecordSent(_)
            | Event::RecordAnswered { .. }
            | Event::TimeTokenTaken { .. }
            | Event::RevocationTaken { .. }
            | Event::Clock { .. }
            | Event::LicenceImported { .. }
            | Event::TermsAccepted { .. }
            | Event::LicenceRemoved { .. }
            | Event::LicenceMachine { .. }
            | Event::ConversionMeant { .. }
            | Event::ConversionEnded { .. }
            | Event::ReceiptKept(_)
            | Event::TokenCreated { .. }
            | Event::TokenRevoked { .. } => Ok(()),
        }
    }

    fn insert(&mut self, at: i64, new: Allocation) -> Result<(), Impossible> {
        if self.places.contains_key(&new.id) || self.held_by(&new.device, &new.feature).is_some() {
            return Err(Impossible);
        }
        let held = self.features.entry(new.feature.clone()).or_default();
        held.weight += u64::from(new.weight);
        held.days.note(at, held.weight);
        if let Some(line) = &new.line {
            *held.named.entry(line.clone()).or_default() += u64::from(new.weight);
        }
        if let Some(until) = new.until {
            self.leases.insert((until, new.id));
        }
        held.by_device.insert(new.device.clone(), new.id);
        self.places
            .insert(new.id, (new.feature.clone(), new.place()));
        held.in_order.insert(new.place(), new);
        Ok(())
    }

    fn remove(&mut self, at: i64, id: Uuid) -> Result<Allocation, Impossible> {
        let (feature, place) = self.places.remove(&id).ok_or(Impossible)?;
        let held = self.features.get_mut(&feature).ok_or(Impossible)?;
        let gone = held.in_order.remove(&place).ok_or(Impossible)?;
        held.by_device.remove(&gone.device);
        held.weight -= u64::from(gone.weight);
        held.days.note(at, held.weight);
        if let Some(line) = &gone.line
            && let Some(named) = held.named.get_mut(line)
        {
            *named -= u64::from(gone.weight);
            if *named == 0 {
                held.named.remove(line);
            }
        }
        if let Some(until) = gone.until {
            self.leases.remove(&(until, gone.id));
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Why;

    fn allocated(id: u128, device: &str) -> Event {
        Event::Allocated {
            id: Uuid::from_u128(id),
            device: device.into(),
            feature: "camera".into(),
            model: None,
            weight: 2,
            priority: 0,
            line: None,
            until: None,
        }
    }

    fn moved(id: u128, now: &str) -> Event {
        Event::Moved {
            id: Uuid::from_u128(id),
            feature: "camera".into(),
            was: "gate".into(),
            now: now.into(),
            model: Some("QUAD-9".into()),
            weight: 4,
        }
    }

    fn priority(id: u128, now: i32) -> Event {
        Event::PrioritySet {
            id: Uuid::from_u128(id),
            device: "gate".into(),
            feature: "camera".into(),
            was: 0,
            now,
        }
    }

    fn released(id: u128) -> Event {
        Event::Released {
            id: Uuid::from_u128(id),
            device: "gate".into(),
            feature: "camera".into(),
            weight: 2,
            because: Why::Asked,
        }
    }

    #[test]
    fn what_contradicts_the_history_changes_nothing() {
        let mut ledger = Ledger::default();
        ledger
            .apply(1, 10, &allocated(1, "gate"))
            .expect("the first");
        ledger
            .apply(2, 10, &allocated(2, "roof"))
            .expect("another device");
        let before = ledger.clone();
        let table = [
            ("the same id again", allocated(1, "door")),
            ("the same device again", allocated(3, "gate")),
            ("a device id that was not normalised", allocated(3, " door")),
            ("a release of what was never allocated", released(9)),
            ("a priority of what was never allocated", priority(9, 1)),
            ("a move of what was never allocated", moved(9, "door")),
            ("a move to a device that holds one", moved(1, "roof")),
            ("a move to what was not normalised", moved(1, " door")),
        ];
        for (what, event) in table {
            assert_eq!(ledger.apply(3, 20, &event), Err(Impossible), "{what}");
            assert_eq!(ledger, before, "{what}");
        }
    }

    #[test]
    fn a_released_device_can_be_added_again_and_is_then_the_newest() {
        let mut ledger = Ledger::default();
        let history = [
            allocated(1, "gate"),
            allocated(2, "door"),
            released(1),
            allocated(3, "gate"),
        ];
        for (seq, event) in (1..).zip(&history) {
            ledger.apply(seq, 0, event).expect("possible");
        }
        let order: Vec<_> = ledger
            .allocations()
            .map(|one| one.device.as_str())
            .collect();
        assert_eq!(order, ["door", "gate"]);
        assert!(ledger.allocation(Uuid::from_u128(1)).is_none());
    }

    #[test]
    fn priority_comes_before_age_and_a_move_keeps_the_place() {
        let mut ledger = Ledger::default();
        let history = [
            allocated(1, "gate"),
            allocated(2, "door"),
            allocated(3, "roof"),
            priority(3, 7),
            priority(1, -1),
            moved(3, "yard"),
        ];
        for (seq, event) in (1..).zip(&history) {
            ledger.apply(seq, 5, event).expect("possible");
        }
        let order: Vec<_> = ledger
            .allocations()
            .map(|one| (one.device.as_str(), one.priority))
            .collect();
        assert_eq!(order, [("yard", 7), ("door", 0), ("gate", -1)]);
        let yard = ledger
            .allocation(Uuid::from_u128(3))
            .expect("the id stayed");
        assert_eq!(
            (yard.weight, yard.order, yard.created_at),
            (4, 3, 5),
            "weight of the new model, age of the old allocation"
        );
        assert_eq!(ledger.features["camera"].weight, 2 + 2 + 4);
    }
}
