//! How many channels there are, and which allocations they reach.

use crate::arbiter::Active;
use crate::licence::{Feature, Profile, Refusal};

use super::{Allocation, DeviceId, Ledger, Place};

/// Channels there are now, feature by feature, in the profile's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supply {
    features: Vec<Stock>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stock {
    feature: String,
    free: u64,
    paid: u64,
}

/// What one feature has. All numbers are channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Free channels and those of the active source.
    pub total: u64,
    /// Free channels, part of `total`.
    pub free: u64,
    /// Free channels in use, part of `used`; they are used first.
    pub free_used: u64,
    /// Channels of licensed devices.
    pub used: u64,
    /// Channels that can be allocated: 0 while a device is suspended, for it comes first.
    pub available: u64,
    /// Channels that suspended devices wait for.
    pub suspended: u64,
    /// The place in the order from which on allocations are suspended.
    first_suspended: Option<Place>,
}

impl Supply {
    /// What the profile's free channels and the active source give at `now` (Unix time in
    /// seconds).
    #[must_use]
    pub fn new(profile: &Profile, active: &Active, now: u64) -> Self {
        let stock = |feature: &Feature| Stock {
            feature: feature.id.clone(),
            free: if active.excludes_free() {
                0
            } else {
                feature.free
            },
            paid: active.channels(&feature.id, now),
        };
        let features = profile.features().iter().map(stock).collect();
        Self { features }
    }

    fn of(&self, feature: &str) -> Result<&Stock, Refusal> {
        self.features
            .iter()
            .find(|stock| stock.feature == feature)
            .ok_or_else(|| Refusal::UnknownFeature {
                feature: super::device::shown(feature),
                known: self
                    .features
                    .iter()
                    .map(|stock| stock.feature.clone())
                    .collect(),
            })
    }
}

impl Balance {
    /// Whether an allocation of this feature counts now.
    #[must_use]
    pub fn licenses(&self, allocation: &Allocation) -> bool {
        self.first_suspended
            .is_none_or(|first| allocation.place() < first)
    }

    /// Why `device` gets no channel; `before` as in [`Refusal::NoChannelLeft`].
    pub(super) fn refuse(
        &self,
        device: &DeviceId,
        feature: &str,
        needed: u32,
        before: u64,
    ) -> Refusal {
        Refusal::NoChannelLeft {
            device: device.to_string(),
            feature: feature.to_owned(),
            needed,
            owned: self.total,
            free: self.free,
            free_used: self.free_used,
            used: self.used,
            available: self.available,
            suspended: self.suspended,
            before,
        }
    }
}

impl Ledger {
    /// What a feature has.
    ///
    /// Allocations count in order as long as they fit: by priority, and then oldest first. From the
    /// first that does not fit, all later ones are suspended. So the lowest priority is suspended
    /// first and of one priority the newest, and the last to be suspended is the first to resume.
    ///
    /// # Errors
    /// [`Refusal::UnknownFeature`].
    pub fn balance(&self, supply: &Supply, feature: &str) -> Result<Balance, Refusal> {
        let stock = supply.of(feature)?;
        let total = stock.free + stock.paid;
        let weight = self.features.get(feature).map_or(0, |held| held.weight);
        let (used, first_suspended) = if weight <= total {
            (weight, None)
        } else {
            self.reach(feature, total)
        };
        Ok(Balance {
            total,
            free: stock.free,
            free_used: used.min(stock.free),
            used,
            available: if first_suspended.is_some() {
                0
            } else {
                total - used
            },
            suspended: weight - used,
            first_suspended,
        })
    }

    /// Channels of the allocations that fit, and the first one that does not.
    fn reach(&self, feature: &str, total: u64) -> (u64, Option<Place>) {
        let mut used = 0;
        for (place, allocation) in self
            .features
            .get(feature)
            .iter()
            .flat_map(|held| &held.in_order)
        {
            let with = used + u64::from(allocation.weight);
            if with > total {
                return (used, Some(*place));
            }
            used = with;
        }
        (used, None)
    }

    /// The allocations of a feature that do not count, in order.
    pub fn suspended(&self, balance: &Balance, feature: &str) -> impl Iterator<Item = &Allocation> {
        let first = balance.first_suspended;
        let held = self.features.get(feature).zip(first);
        held.into_iter()
            .flat_map(|(held, first)| held.in_order.range(first..))
            .map(|(_, allocation)| allocation)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::arbiter::{Kind, State, activate};
    use crate::ledger::Event;
    use crate::licence::testing;

    fn ledger(weights: &[u32]) -> Ledger {
        let mut ledger = Ledger::default();
        for (seq, weight) in (1u64..).zip(weights) {
            let event = Event::Allocated {
                id: Uuid::from_u128(seq.into()),
                device: format!("gate-{seq}"),
                feature: "camera".into(),
                model: None,
                weight: *weight,
                priority: 0,
            };
            ledger.apply(seq, 0, &event).expect("possible");
        }
        ledger
    }

    /// 4 free cameras and `paid` more.
    fn supply(paid: u64) -> Supply {
        let dongle = testing::entitlement(1, &[("camera", paid)]);
        let active = activate(State::Only(Kind::Dongle), [dongle]);
        Supply::new(&testing::profile(), &active, 0)
    }

    #[test]
    fn the_oldest_that_fit_count_and_nothing_behind_a_gap() {
        // weights, paid channels → free used, used, available, suspended, which count
        type Case<'a> = (&'a [u32], u64, u64, u64, u64, u64, &'a [bool]);
        let table: [Case<'_>; 7] = [
            (&[], 0, 0, 0, 4, 0, &[]),
            (&[1, 1], 0, 2, 2, 2, 0, &[true, true]),
            (
                &[1, 1, 1, 1, 1],
                0,
                4,
                4,
                0,
                1,
                &[true, true, true, true, false],
            ),
            (
                &[1, 1, 1, 1, 1],
                1,
                4,
                5,
                0,
                0,
                &[true, true, true, true, true],
            ),
            (&[4, 1], 60, 4, 5, 59, 0, &[true, true]),
            // A strict prefix: the third would fit, and must not pass the second.
            (&[2, 4, 1], 0, 2, 2, 0, 5, &[true, false, false]),
            (&[5, 1], 0, 0, 0, 0, 6, &[false, false]),
        ];
        for (weights, paid, free_used, used, available, suspended, counts) in table {
            let ledger = ledger(weights);
            let balance = ledger.balance(&supply(paid), "camera").expect("a feature");
            let found = (
                balance.free_used,
                balance.used,
                balance.available,
                balance.suspended,
            );
            assert_eq!(
                found,
                (free_used, used, available, suspended),
                "{weights:?} on 4+{paid}"
            );
            let licensed: Vec<bool> = ledger
                .allocations()
                .map(|one| balance.licenses(one))
                .collect();
            assert_eq!(licensed, counts, "{weights:?} on 4+{paid}");
        }
    }

    #[test]
    fn a_line_counts_only_while_it_is_valid() {
        let profile = testing::profile();
        let dongle = testing::until(500, testing::entitlement(1, &[("camera", 8)]));
        let active = activate(State::Only(Kind::Dongle), [dongle]);
        for (now, total) in [(499, 12), (500, 4)] {
            let supply = Supply::new(&profile, &active, now);
            let balance = Ledger::default().balance(&supply, "camera");
            assert_eq!(balance.map(|one| one.total), Ok(total), "at {now}");
        }
    }
}
