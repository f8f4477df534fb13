//! How many channels there are, and which allocations they reach.

use crate::licence::{Refusal, Shortage};

use super::listed::Listed;
use super::supply::{Stock, Supply};
use super::{Allocation, DeviceId, Holdings, Ledger, Place};

/// What one feature has. All numbers are channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// Free channels and those of the active source.
    pub total: u64,
    /// Free channels, part of `total`.
    pub free: u64,
    /// Free channels in use, part of `used`; they are used first.
    pub free_used: u64,
    /// Channels of licensed devices.
    pub used: u64,
    /// Channels that any device can be given: 0 while a device is suspended, for it comes first.
    pub available: u64,
    /// Channels that suspended devices wait for.
    pub suspended: u64,
    /// Channels of parked lines, no part of `total`.
    pub parked: u64,
    /// Channels by which it may grow beyond `total`.
    pub growth: u64,
    /// The part of them in use, part of `used`.
    pub growth_used: u64,
    /// The place in the order from which on allocations are suspended.
    first_suspended: Option<Place>,
    /// Places behind it that count all the same: lines for listed devices pay for them, which pay
    /// for none of those that wait.
    beyond: Vec<Place>,
}

/// What a feature has, and what its lines for listed devices have left.
pub(super) struct Room<'a> {
    pub(super) balance: Balance,
    pub(super) listed: Listed<'a>,
}

/// An allocation that counts, and what pays for it.
pub(super) struct Part<'a> {
    pub(super) allocation: &'a Allocation,
    pub(super) group: Option<usize>,
    /// Channels that lines for listed devices pay.
    pub(super) listed: u64,
    /// Channels that others pay.
    pub(super) common: u64,
}

impl Balance {
    /// Whether an allocation of this feature counts now.
    #[must_use]
    pub fn licenses(&self, allocation: &Allocation) -> bool {
        let place = allocation.place();
        self.first_suspended.is_none_or(|first| place < first)
            || self.beyond.binary_search(&place).is_ok()
    }

    /// Why `device` gets no channel; `before` as in [`Shortage`].
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
            counts: Box::new(Shortage {
                owned: self.total,
                free: self.free,
                free_used: self.free_used,
                used: self.used,
                available: self.available,
                suspended: self.suspended,
                parked: self.parked,
                before,
            }),
        }
    }
}

impl Ledger {
    /// What a feature has.
    ///
    /// Allocations count in order as long as they fit: by priority, and then oldest first. From the
    /// first that does not fit, all later ones are suspended, but those that lines for listed
    /// devices pay for alone. So the lowest priority is suspended first and of one priority the
    /// newest, and the last to be suspended is the first to resume.
    ///
    /// # Errors
    /// [`Refusal::UnknownFeature`].
    pub fn balance(&self, supply: &Supply, feature: &str) -> Result<Balance, Refusal> {
        Ok(self.room(supply, feature)?.balance)
    }

    /// The same, with what its lines for listed devices have left.
    pub(super) fn room<'a>(&self, supply: &'a Supply, feature: &str) -> Result<Room<'a>, Refusal> {
        let stock = supply.of(feature)?;
        let Some(held) = self.features.get(feature) else {
            return Ok(Fill::new(stock, 0).room(stock, 0));
        };
        let all_fit = stock.listed.is_empty() && held.weight <= stock.common() + held.growth(stock);
        let fill = if all_fit {
            held.all(stock)
        } else {
            held.fill(stock, drop)
        };
        Ok(fill.room(stock, held.weight))
    }

    /// The allocations of a feature that do not count, in order.
    pub fn suspended(&self, balance: &Balance, feature: &str) -> impl Iterator<Item = &Allocation> {
        let first = balance.first_suspended;
        let held = self.features.get(feature).zip(first);
        held.into_iter()
            .flat_map(|(held, first)| held.in_order.range(first..))
            .map(|(_, allocation)| allocation)
            .filter(|allocation| !balance.licenses(allocation))
    }
}

/// The channels of a stock, as far as they are given out.
pub(super) struct Fill<'a> {
    pub(super) listed: Listed<'a>,
    /// Channels by which the feature may grow.
    growth: u64,
    /// Channels of all that counts.
    used: u64,
    /// Free channels, those of open lines, and growth, part of `used`.
    common: u64,
    /// The part of `common` that was asked of a line by name and that it can pay.
    named: u64,
    first_suspended: Option<Place>,
    beyond: Vec<Place>,
}

impl Holdings {
    /// Channels by which the feature may grow.
    fn growth(&self, stock: &Stock) -> u64 {
        let allowed = stock
            .growth
            .map(|one| one.channels(&self.days, stock.total()));
        allowed.unwrap_or(0)
    }

    /// What is given out where everything fits and no line is for listed devices: no walk.
    fn all<'a>(&self, stock: &'a Stock) -> Fill<'a> {
        let named = |share: &super::supply::Share| {
            let asked = self.named.get(&share.id).copied();
            asked.map_or(0, |asked| asked.min(share.channels))
        };
        let named = if self.named.is_empty() {
            0
        } else {
            stock.open.iter().map(named).sum()
        };
        Fill {
            used: self.weight,
            common: self.weight,
            named,
            ..Fill::new(stock, self.growth(stock))
        }
    }

    /// Gives out channels in order, and tells `each` allocation that counts.
    pub(super) fn fill<'a, 'h>(
        &'h self,
        stock: &'a Stock,
        mut each: impl FnMut(Part<'h>),
    ) -> Fill<'a> {
        let mut fill = Fill::new(stock, self.growth(stock));
        let mut left: Vec<u64> = stock.open.iter().map(|share| share.channels).collect();
        for (place, allocation) in &self.in_order {
            let weight = u64::from(allocation.weight);
            let group = fill.listed.group(&allocation.device);
            let listed = fill.listed.pay(group, weight);
            let common = weight - listed;
            let fits = match fill.first_suspended {
                None => fill.common + common <= stock.common() + fill.growth,
                Some(_) => common == 0,
            };
            if !fits {
                fill.listed.take_back(group, listed);
                fill.first_suspended.get_or_insert(*place);
                continue;
            }
            if fill.first_suspended.is_some() {
                fill.beyond.push(*place);
            }
            fill.used += weight;
            fill.common += common;
            if let Some(line) = &allocation.line
                && let Some(place) = stock.open.iter().position(|share| share.id == *line)
            {
                let named = common.min(left[place]);
                left[place] -= named;
                fill.named += named;
            }
            each(Part {
                allocation,
                group,
                listed,
                common,
            });
        }
        fill
    }
}

impl<'a> Fill<'a> {
    fn new(stock: &'a Stock, growth: u64) -> Self {
        Self {
            listed: Listed::new(&stock.listed),
            growth,
            used: 0,
            common: 0,
            named: 0,
            first_suspended: None,
            beyond: Vec::new(),
        }
    }

    fn room(self, stock: &Stock, weight: u64) -> Room<'a> {
        let balance = Balance {
            total: stock.total(),
            free: stock.free,
            free_used: (self.common - self.named).min(stock.free),
            used: self.used,
            available: if self.first_suspended.is_some() {
                0
            } else {
                stock.common() + self.growth - self.common
            },
            suspended: weight - self.used,
            parked: stock.parked,
            growth: self.growth,
            growth_used: self.common.saturating_sub(stock.common()),
            first_suspended: self.first_suspended,
            beyond: self.beyond,
        };
        let listed = self.listed;
        Room { balance, listed }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::arbiter::{Kind, State, activate};
    use crate::ledger::{Event, Pool};
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
                line: None,
                until: None,
            };
            ledger.apply(seq, 0, &event).expect("possible");
        }
        ledger
    }

    /// 4 free cameras and `paid` more.
    fn supply(paid: u64) -> Supply {
        let dongle = testing::entitlement(1, &[("camera", paid)]);
        let active = activate(State::Only(Kind::Dongle), [dongle]);
        Supply::new(&testing::profile(), &active, &Pool::default(), 0)
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
            let supply = Supply::new(&profile, &active, &Pool::default(), now);
            let balance = Ledger::default().balance(&supply, "camera");
            assert_eq!(balance.map(|one| one.total), Ok(total), "at {now}");
        }
    }
}
