//! What has happened to a simulated dongle, in numbers that tests and scripts can wait for.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What is counted, since the start or the last `clear`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counter {
    /// Reports that reached the host's side
    ReportsIn,
    /// Reports that reached the dongle
    ReportsOut,
    /// Reports dropped by `drop`
    Dropped,
    /// Reports that came twice by `duplicate`
    Duplicated,
    /// Reports held back by `delay`
    Delayed,
    /// Reports changed by `corrupt`
    Corrupted,
    /// Reports taken and lost while the dongle stalled
    Swallowed,
    /// Reports of a host that had to wait for `resume`
    Held,
    /// Reports lost because too many waited already
    Overruns,
    /// Times that it was suspended
    Suspends,
    /// Times that it was resumed
    Resumes,
    /// Bus resets, those of a host that attaches among them
    Resets,
    /// Times that it was pulled out
    Unplugs,
    /// Times that it was plugged in again
    Replugs,
    /// Times that a planned cut took its power
    Cuts,
    /// Signatures that took the time of `sign-time`
    SlowSignatures,
    /// Sectors whose erasure took the time of `erase-time`
    SlowErasures,
    /// Times that it asked for its button
    Asked,
    /// Times that the button said yes
    Confirmed,
    /// Times that the button said no
    Declined,
    /// Reports made by a hostile mode
    Hostile,
    /// Enumerations with the ids or the serial of a hostile mode
    HostileIdentities,
    /// Times that a hostile mode pulled it out
    Vanished,
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

/// All counters of one dongle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters(BTreeMap<Counter, u64>);

impl Default for Counters {
    fn default() -> Self {
        let all = Counter::value_variants().iter();
        Self(all.map(|counter| (*counter, 0)).collect())
    }
}

impl Counters {
    /// The value of one.
    #[must_use]
    pub fn get(&self, counter: Counter) -> u64 {
        self.0.get(&counter).copied().unwrap_or_default()
    }

    /// Those that are not zero.
    pub fn moved(&self) -> impl Iterator<Item = (Counter, u64)> {
        let all = self.0.iter().map(|(counter, value)| (*counter, *value));
        all.filter(|(_, value)| *value > 0)
    }

    pub(crate) fn add(&mut self, counter: Counter, more: u64) {
        *self.0.entry(counter).or_default() += more;
    }
}
