//! What is needed: now, and in the coming subscription years.

use crate::arbiter::Active;
use crate::licence::{Feature, Line, Plan, Profile, anniversary};

use super::listed::Listed;
use super::supply::Share;
use super::{Holdings, Ledger, Supply};

/// Coming years that are told: vendors renew so far ahead.
const YEARS: i64 = 5;

/// What one feature needs. All numbers are channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The feature.
    pub feature: String,
    /// Its display name.
    pub name: String,
    /// Channels by which it may grow beyond what is owned, until the next renewal.
    pub growth: u64,
    /// The part of them that is used.
    pub growth_used: u64,
    /// Until the next renewal.
    pub now: Period,
    /// The years after it; none if nothing that is owned ever ends.
    pub years: Vec<Period>,
}

/// What is needed for a time, if devices stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// When it begins, Unix time in seconds.
    pub from: u64,
    /// When it ends, Unix time in seconds; none if nothing changes any more.
    pub to: Option<u64>,
    /// Channels that all devices cost, also those that are suspended.
    pub needed: u64,
    /// Channels that are paid for, parked ones too, at the moment of this time when most are missing.
    pub owned: u64,
    /// Channels that have to be bought.
    pub short: u64,
}

/// The lines of one feature, parked or not.
struct Lines<'a> {
    free: u64,
    all: Vec<&'a Line>,
}

impl Ledger {
    /// What every feature needs, in the profile's order, at `now` (Unix time in seconds).
    #[must_use]
    pub fn need(
        &self,
        profile: &Profile,
        (active, supply): (&Active, &Supply),
        now: u64,
    ) -> Vec<Need> {
        let none = Holdings::default();
        let need = |feature: &Feature| {
            let held = self.features.get(&feature.id).unwrap_or(&none);
            let lines = Lines::of(feature, active);
            let starts = lines.years(now);
            let years = starts.windows(2).filter_map(|year| match year {
                [from, to] => Some(lines.period(held, *from, *to)),
                _ => None,
            });
            let balance = self.balance(supply, &feature.id).ok();
            Need {
                feature: feature.id.clone(),
                name: feature.name.clone(),
                growth: balance.as_ref().map_or(0, |one| one.growth),
                growth_used: balance.as_ref().map_or(0, |one| one.growth_used),
                now: lines.moment(held, now, starts.first().copied()),
                years: years.collect(),
            }
        };
        profile.features().iter().map(need).collect()
    }
}

impl<'a> Lines<'a> {
    fn of(feature: &Feature, active: &'a Active) -> Self {
        let all = active.entitlements().iter().flat_map(|one| one.lines());
        Self {
            free: if active.excludes_free() {
                0
            } else {
                feature.free
            },
            all: all.filter(|line| line.feature == feature.id).collect(),
        }
    }

    /// When the coming years begin, and the end of the last: from the next renewal of the subscription that was
    /// renewed last, or else from the first end of a line.
    fn years(&self, now: u64) -> Vec<u64> {
        let subscribed = self
            .all
            .iter()
            .filter(|line| line.plan == Plan::Subscription);
        let renewal = subscribed
            .filter_map(|line| Some((line.year_at(now)?, line.next_year(now)?)))
            .max()
            .map(|(_, next)| next);
        let first_end = || {
            let ends = self.all.iter().filter_map(|line| line.valid_to);
            ends.filter(|end| *end > now).min()
        };
        let Some(first) = renewal.or_else(first_end) else {
            return Vec::new();
        };
        (0..=YEARS)
            .filter_map(|year| anniversary(first, year))
            .collect()
    }

    /// The worst moment of a year.
    fn period(&self, held: &Holdings, from: u64, to: u64) -> Period {
        let ends = self.all.iter().filter_map(|line| line.valid_to);
        let within = ends.filter(|end| (from + 1..to).contains(end));
        let begin = self.moment(held, from, Some(to));
        let later = within.map(|moment| self.moment(held, moment, Some(to)));
        let worst = later.fold(begin, |worst, one| {
            if (one.short, worst.owned) > (worst.short, one.owned) {
                one
            } else {
                worst
            }
        });
        Period { from, ..worst }
    }

    fn moment(&self, held: &Holdings, moment: u64, to: Option<u64>) -> Period {
        let paid = self.all.iter().filter(|line| line.is_paid_at(moment));
        let shares: Vec<Share> = paid.map(|line| Share::new(String::new(), line)).collect();
        let (listed, open): (Vec<Share>, Vec<Share>) =
            shares.into_iter().partition(Share::is_listed);
        let sum = |shares: &[Share]| shares.iter().map(|share| share.channels).sum::<u64>();
        let common = self.free + sum(&open);
        let mut flow = Listed::new(&listed);
        let by_list: u64 = held
            .in_order
            .values()
            .map(|allocation| {
                let group = flow.group(&allocation.device);
                flow.pay(group, allocation.weight.into())
            })
            .sum();
        Period {
            from: moment,
            to,
            needed: held.weight,
            owned: common + sum(&listed),
            short: (held.weight - by_list).saturating_sub(common),
        }
    }
}

#[cfg(test)]
#[path = "need/tests.rs"]
mod tests;
