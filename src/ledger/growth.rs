//! Growth: where a feature is subscribed to, devices beyond what is owned count within an allowance,
//! and add to what has to be bought at the next renewal.
//!
//! The allowance is a share of what was allocated as the subscription year began, as far as that was owned: growth
//! never rests on growth. What was allocated then follows from the history, day by day.

use std::collections::BTreeMap;

const DAY_MS: i64 = 24 * 3_600 * 1_000;
const DAY_S: u64 = 24 * 3_600;

/// The allowance of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    /// When the subscription year began, Unix time in seconds.
    pub(super) since: u64,
    /// The share, percent.
    pub(super) percent: u64,
}

/// What was allocated of a feature at the end of each day (UTC) on which that changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Days(BTreeMap<i64, u64>);

impl Days {
    /// Keeps what is allocated at `at`, Unix time in milliseconds.
    pub(super) fn note(&mut self, at: i64, channels: u64) {
        self.0.insert(at.div_euclid(DAY_MS), channels);
    }

    /// What was allocated as the day of `moment` (Unix time in seconds) began.
    fn before(&self, moment: u64) -> u64 {
        let day = i64::try_from(moment / DAY_S).unwrap_or(i64::MAX);
        let last = self.0.range(..day).next_back();
        last.map_or(0, |(_, channels)| *channels)
    }
}

impl Allowance {
    /// Channels by which a feature may grow beyond those that are owned.
    pub(super) fn channels(self, days: &Days, owned: u64) -> u64 {
        let base = days.before(self.since).min(owned);
        let grown = u128::from(base) * u128::from(self.percent) / 100;
        u64::try_from(grown).unwrap_or(u64::MAX - owned)
    }
}
