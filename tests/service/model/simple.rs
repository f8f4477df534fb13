//! A ledger so simple that it can be read.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{COUNTS, Wanted};
use crate::bench::FREE;

/// Every allocation, oldest first, and the dongles that are plugged in.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) held: Vec<Held>,
    pub(super) plugged: BTreeSet<usize>,
    /// Lines out of the pool: dongle and feature.
    pub(super) parked: BTreeSet<(usize, usize)>,
    /// Seconds since the test began.
    pub(super) now: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Held {
    pub(super) device: String,
    pub(super) feature: usize,
    pub(super) weight: u64,
    pub(super) priority: i32,
    pub(super) until: Option<u64>,
}

impl Model {
    pub(super) fn total(&self, feature: usize) -> u64 {
        let free = if feature == 0 { FREE } else { 0 };
        free + self
            .plugged
            .iter()
            .filter(|dongle| !self.parked.contains(&(**dongle, feature)))
            .map(|dongle| COUNTS[*dongle][feature])
            .sum::<u64>()
    }

    /// Whether each allocation counts, oldest first.
    pub(super) fn licensed(&self) -> Vec<bool> {
        let mut left = [Some(self.total(0)), Some(self.total(1))];
        let mut order: Vec<usize> = (0..self.held.len()).collect();
        order.sort_by_key(|place| -i64::from(self.held[*place].priority));
        let mut licensed = vec![false; self.held.len()];
        for place in order {
            let held = &self.held[place];
            let left = &mut left[held.feature];
            *left = left.and_then(|left| left.checked_sub(held.weight));
            licensed[place] = left.is_some();
        }
        licensed
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time.as_secs();
        let now = self.now;
        self.held
            .retain(|held| held.until.is_none_or(|end| now < end));
    }

    pub(super) fn find(&self, device: &str, feature: usize) -> Option<usize> {
        let mut held = self.held.iter();
        held.position(|held| held.device == device && held.feature == feature)
    }

    /// Used and suspended channels of a feature.
    pub(super) fn used(&self, feature: usize) -> (u64, u64) {
        let of_feature = self
            .held
            .iter()
            .zip(self.licensed())
            .filter(|(held, _)| held.feature == feature);
        of_feature.fold((0, 0), |(used, suspended), (held, licensed)| {
            if licensed {
                (used + held.weight, suspended)
            } else {
                (used, suspended + held.weight)
            }
        })
    }

    /// Whether it was new, or the code of the refusal.
    pub(super) fn allocate(&mut self, wanted: Wanted) -> Result<bool, &'static str> {
        let (device, feature, weight) = (wanted.ask().device, wanted.feature, wanted.weight());
        let until = wanted.ttl.map(|ttl| self.now + u64::from(ttl));
        if let Some(place) = self.find(&device, feature) {
            let held = &mut self.held[place];
            if wanted.quad.is_some() && held.weight != weight {
                return Err("weight-changed");
            }
            held.priority = wanted.priority.unwrap_or(held.priority);
            held.until = held.until.and(until);
            return Ok(false);
        }
        let before = self.clone();
        self.held.push(Held {
            device,
            feature,
            weight,
            priority: wanted.priority.unwrap_or(0),
            until,
        });
        // A new one gets a channel or is refused, and never takes one from another.
        if self.used(feature).1 == 0 {
            return Ok(true);
        }
        *self = before;
        Err("no-channel-left")
    }

    pub(super) fn relocate(&mut self, place: usize, wanted: Wanted) -> Result<(), &'static str> {
        let before = self.clone();
        let held = &self.held[place];
        let (feature, was) = (held.feature, held.weight);
        let to = wanted.ask().device;
        if self.find(&to, feature).is_some_and(|other| other != place) {
            return Err("device-holds-channels");
        }
        let held = &mut self.held[place];
        held.device = to;
        held.weight = wanted.quad.map_or(held.weight, |_| wanted.weight());
        let lost = before.licensed()[place] && !self.licensed()[place];
        if self.held[place].weight > was && (lost || self.used(feature).1 > before.used(feature).1)
        {
            *self = before;
            return Err("no-channel-left");
        }
        Ok(())
    }

    pub(super) fn allocate_all(
        &mut self,
        wanted: &[Wanted],
    ) -> Result<Vec<bool>, (usize, &'static str)> {
        let before = self.clone();
        let each = wanted
            .iter()
            .enumerate()
            .map(|(place, one)| self.allocate(*one).map_err(|code| (place, code)));
        let each: Vec<_> = each.collect();
        // What is wrong in itself is told before a shortage.
        let wrong = each
            .iter()
            .find_map(|one| one.err().filter(|(_, code)| *code != "no-channel-left"));
        let done = match wrong {
            Some(wrong) => Err(wrong),
            None => each.into_iter().collect::<Result<Vec<bool>, _>>(),
        };
        if done.is_err() {
            *self = before;
        }
        done
    }
}
