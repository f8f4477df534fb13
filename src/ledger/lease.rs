//! Allocations for a time: whoever made one renews it, or it ends by itself.

use uuid::Uuid;

use crate::licence::Refusal;

use super::{Allocation, Event, Ledger, Why};

/// The shortest time, seconds: below it a slow disk would end what is being renewed.
pub const TTL_MIN: u32 = 10;

/// The longest time, seconds: 400 days. What is to last longer is not for a time.
pub const TTL_MAX: u32 = 400 * 24 * 3_600;

/// The moment at which `ttl` seconds from `now` (Unix time in seconds) have passed.
pub(super) fn until(now: u64, ttl: u32) -> Result<u64, Refusal> {
    if (TTL_MIN..=TTL_MAX).contains(&ttl) {
        Ok(now.saturating_add(ttl.into()))
    } else {
        Err(Refusal::BadTtl {
            ttl,
            min: TTL_MIN,
            max: TTL_MAX,
        })
    }
}

impl Ledger {
    /// What the history will tell of every allocation whose time has passed at `now` (Unix time in
    /// seconds), in the order in which they ended.
    #[must_use]
    pub fn expired(&self, now: u64) -> Vec<Event> {
        let ended = self.leases.range(..=(now, Uuid::max()));
        let ended = ended.filter_map(|(_, id)| self.allocation(*id));
        ended.map(|held| held.released(Why::Expired)).collect()
    }

    pub(super) fn renew(held: &Allocation, now: u64, ttl: u32) -> Result<Event, Refusal> {
        if held.until.is_none() {
            return Err(Refusal::NotForATime { id: held.id });
        }
        Ok(held.renewed(Some(until(now, ttl)?)))
    }
}

impl Allocation {
    /// What the history will tell when it lasts until another moment.
    pub(super) fn renewed(&self, until: Option<u64>) -> Event {
        Event::Renewed {
            id: self.id,
            device: self.device.as_str().to_owned(),
            feature: self.feature.clone(),
            until,
        }
    }

    /// What the history will tell when it is released.
    pub(super) fn released(&self, because: Why) -> Event {
        Event::Released {
            id: self.id,
            device: self.device.as_str().to_owned(),
            feature: self.feature.clone(),
            weight: self.weight,
            because,
        }
    }
}
