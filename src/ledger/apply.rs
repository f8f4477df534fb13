//! What an entry makes of the ledger. Pure: the same history always gives the same state.

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
            } => {
                let device = DeviceId::from_normalised(device).ok_or(Impossible)?;
                self.insert(Allocation {
                    id: *id,
                    device,
                    feature: feature.clone(),
                    model: model.clone(),
                    weight: *weight,
                    created_at: at,
                    order: seq,
                })
            }
            Event::Released { id, .. } => {
                let (feature, order) = self.places.remove(id).ok_or(Impossible)?;
                let held = self.features.get_mut(&feature).ok_or(Impossible)?;
                let gone = held.in_order.remove(&order).ok_or(Impossible)?;
                held.by_device.remove(&gone.device);
                held.weight -= u64::from(gone.weight);
                Ok(())
            }
            Event::ServiceStarted { .. }
            | Event::AuthenticationType { .. }
            | Event::DongleOpened { .. }
            | Event::DongleLeft { .. }
            | Event::GraceStarted { .. }
            | Event::GraceExhausted { .. }
            | Event::Clock { .. }
            | Event::TokenCreated { .. }
            | Event::TokenRevoked { .. } => Ok(()),
        }
    }

    fn insert(&mut self, new: Allocation) -> Result<(), Impossible> {
        if self.places.contains_key(&new.id) || self.held_by(&new.device, &new.feature).is_some() {
            return Err(Impossible);
        }
        let held = self.features.entry(new.feature.clone()).or_default();
        held.weight += u64::from(new.weight);
        held.by_device.insert(new.device.clone(), new.id);
        self.places.insert(new.id, (new.feature.clone(), new.order));
        held.in_order.insert(new.order, new);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn allocated(id: u128, device: &str) -> Event {
        Event::Allocated {
            id: Uuid::from_u128(id),
            device: device.into(),
            feature: "camera".into(),
            model: None,
            weight: 2,
        }
    }

    fn released(id: u128) -> Event {
        Event::Released {
            id: Uuid::from_u128(id),
            device: "gate".into(),
            feature: "camera".into(),
            weight: 2,
        }
    }

    #[test]
    fn what_contradicts_the_history_changes_nothing() {
        let mut ledger = Ledger::default();
        ledger
            .apply(1, 10, &allocated(1, "gate"))
            .expect("the first");
        let before = ledger.clone();
        let table = [
            ("the same id again", allocated(1, "door")),
            ("the same device again", allocated(2, "gate")),
            ("a device id that was not normalised", allocated(3, " door")),
            ("a release of what was never allocated", released(9)),
        ];
        for (what, event) in table {
            assert_eq!(ledger.apply(2, 20, &event), Err(Impossible), "{what}");
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
}
