//! Unplug grace: what a dongle that is away still gives, and for how long.
//!
//! Grace is a budget. Presence earns it back at 1/24 of real time, so that plugging in for a second refills nothing;
//! absence spends it. Absence is counted from the last proof, also while this host was off: what a restart, a clock
//! or a restored older state does leaves less, never more.

use serde::{Deserialize, Serialize};

use crate::licence::Profile;

/// Real time in which presence earns one unit of grace.
const EARN: u64 = 24;

/// What the product profile allows, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Absence that raises no alarm yet. It is spent from the budget all the same: without that, two hosts could
    /// share one dongle by turns.
    pub debounce_ms: u64,
    /// The full budget.
    pub full_ms: u64,
    /// The budget of a dongle that this host meets for the first time.
    pub first_ms: u64,
}

impl Budget {
    /// What a product allows.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        let budgets = profile.budgets();
        let ms = |seconds: u64| seconds.saturating_mul(1_000);
        Self {
            debounce_ms: ms(budgets.debounce_s),
            full_ms: ms(budgets.grace_s),
            first_ms: ms(budgets.first_grace_s),
        }
    }
}

/// The grace of one dongle on this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grace {
    /// What was left at the last proof, in units of 1/24 ms: what presence earns is counted without loss.
    left: u64,
    /// Time since the last proof, milliseconds; 0 while the dongle is here.
    absent_ms: u64,
    /// The part of it in which this host was running: only then was anything used.
    running_ms: u64,
    /// This run may still wait this long for the dongle before it counts as absent, milliseconds.
    patience_ms: u64,
    /// A start has waited for the dongle since its last proof. The next one does not: restarting buys no time.
    waited: bool,
}

/// Where a dongle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It is here.
    Present,
    /// It has just gone, or this host has just started: no alarm yet.
    Debounce {
        /// How long its channels still count, milliseconds.
        left_ms: u64,
    },
    /// It is away, and its channels still count.
    Grace {
        /// How long, milliseconds.
        left_ms: u64,
    },
    /// It was away for too long: its channels do not count.
    Exhausted,
}

impl Phase {
    /// Whether channels count.
    #[must_use]
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Exhausted)
    }

    /// Whether it is here, or may be in a moment.
    #[must_use]
    pub const fn is_near(self) -> bool {
        matches!(self, Self::Present | Self::Debounce { .. })
    }
}

impl Grace {
    /// Of a dongle that this host meets for the first time, and that is here.
    #[must_use]
    pub const fn first(budget: &Budget) -> Self {
        Self::with(budget.first_ms)
    }

    /// Of a dongle of which nothing is remembered but that it was here once: none.
    #[must_use]
    pub const fn forgotten() -> Self {
        Self::with(0)
    }

    const fn with(left_ms: u64) -> Self {
        Self {
            left: left_ms.saturating_mul(EARN),
            absent_ms: 0,
            running_ms: 0,
            patience_ms: 0,
            waited: false,
        }
    }

    /// Time passes while the dongle is here.
    pub fn stay(&mut self, elapsed_ms: u64, budget: &Budget) {
        let full = budget.full_ms.saturating_mul(EARN);
        // A first budget may be larger than the full one; it is not taken back.
        self.left = self
            .left
            .max(full.min(self.left.saturating_add(elapsed_ms)));
    }

    /// Time passes while it is away and this host runs.
    pub fn miss(&mut self, elapsed_ms: u64) {
        self.absent_ms = self.absent_ms.saturating_add(elapsed_ms);
        self.running_ms = self.running_ms.saturating_add(elapsed_ms);
        self.patience_ms = self.patience_ms.saturating_sub(elapsed_ms);
    }

    /// This host starts, `off_ms` after it last saw the time.
    pub fn restart(&mut self, off_ms: u64, budget: &Budget) {
        // A dongle takes a moment to prove itself; nothing is suspended for that, once, and nothing resumes for it.
        let waits = !self.waited && self.saved_ms() > 0;
        self.absent_ms = self.absent_ms.saturating_add(off_ms);
        self.patience_ms = if waits { budget.debounce_ms } else { 0 };
        self.waited = true;
    }

    /// It proves that it is here.
    pub fn back(&mut self) {
        // While this host was off nothing was used, and the dongle is here: only what was used is spent.
        let spent = self.running_ms.saturating_mul(EARN);
        *self = Self {
            left: self.left.saturating_sub(spent),
            ..Self::forgotten()
        };
    }

    /// Where it stands. `here`: whether it is proved now.
    #[must_use]
    pub fn phase(&self, here: bool, budget: &Budget) -> Phase {
        if here {
            return Phase::Present;
        }
        let left_ms = (self.left / EARN).saturating_sub(self.absent_ms);
        match left_ms.max(self.patience_ms) {
            0 => Phase::Exhausted,
            left_ms if self.patience_ms > 0 || self.absent_ms < budget.debounce_ms => {
                Phase::Debounce { left_ms }
            }
            left_ms => Phase::Grace { left_ms },
        }
    }

    /// Milliseconds of grace that would be left if it were unplugged now.
    #[must_use]
    pub const fn saved_ms(&self) -> u64 {
        (self.left / EARN).saturating_sub(self.absent_ms)
    }
}

#[cfg(test)]
#[path = "grace/tests.rs"]
mod tests;
