//! The time at which lines are judged: it never goes back, and believes no leap at once.
//!
//! A host's clock may be wrong, by mistake or on purpose. Behind the highest time seen, or far ahead of what has
//! passed, it is suspect: time-limited lines then keep the state they have, for a budget of powered-on time, and
//! after it the later time is believed. Nothing is locked out at once, and perpetual lines never care.

use serde::{Deserialize, Serialize};

/// Behind by more than this is suspect, milliseconds: more than any clock is set back for good reason.
const BEHIND_MS: i64 = 15 * 60 * 1_000;

/// Ahead by more than this between two checks is suspect, milliseconds.
const AHEAD_MS: i64 = 30 * DAY_MS;

/// Powered-on time for which a suspect clock changes nothing, milliseconds.
const BUDGET_MS: u64 = 14 * DAY_MS.unsigned_abs();

/// Sane time in which one unit of that budget is earned back.
const EARN: u64 = 24;

const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// The service's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// The highest time that was believed, Unix time in milliseconds.
    floor_ms: i64,
    /// What is left of the budget, in units of 1/24 ms.
    left: u64,
    /// How the clock is wrong, and for how long this host has been running since.
    suspect: Option<Suspect>,
}

/// A clock that cannot be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Suspect {
    wrong: Wrong,
    running_ms: u64,
}

/// How a clock is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wrong {
    /// It is behind a time that this host has seen.
    Behind,
    /// It leapt ahead of the time that has passed.
    Ahead,
}

impl Wrong {
    /// The stable name in API and history.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Behind => "behind",
            Self::Ahead => "ahead",
        }
    }
}

/// What a suspect clock means, for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspicion {
    /// How it is wrong.
    pub wrong: Wrong,
    /// The time that lines are judged at, Unix time in milliseconds.
    pub believed_ms: i64,
    /// Powered-on time for which that stays so, milliseconds.
    pub left_ms: u64,
}

impl Clock {
    /// Of a host that starts with this time, Unix time in milliseconds.
    #[must_use]
    pub const fn new(wall_ms: i64) -> Self {
        Self {
            floor_ms: wall_ms,
            left: BUDGET_MS * EARN,
            suspect: None,
        }
    }

    /// The time that lines are judged at, Unix time in milliseconds. It never goes back, but for a time token.
    #[must_use]
    pub const fn now_ms(&self) -> i64 {
        self.floor_ms
    }

    /// Why the host's clock is not believed, if it is not.
    #[must_use]
    pub fn suspicion(&self) -> Option<Suspicion> {
        self.suspect.map(|suspect| Suspicion {
            wrong: suspect.wrong,
            believed_ms: self.floor_ms,
            left_ms: self.left / EARN,
        })
    }

    /// Looks at the host's clock, `elapsed_ms` of running time after the last look.
    pub fn look(&mut self, wall_ms: i64, elapsed_ms: u64) {
        let running_ms = self.suspect.map_or(0, |suspect| suspect.running_ms);
        let running_ms = running_ms.saturating_add(elapsed_ms);
        let passed = self
            .floor_ms
            .saturating_add(i64::try_from(running_ms).unwrap_or(i64::MAX));
        let wrong = if wall_ms < self.floor_ms.saturating_sub(BEHIND_MS) {
            Wrong::Behind
        } else if wall_ms > passed.saturating_add(AHEAD_MS) {
            Wrong::Ahead
        } else {
            self.suspect = None;
            self.floor_ms = self.floor_ms.max(wall_ms);
            self.left = (BUDGET_MS * EARN).min(self.left.saturating_add(elapsed_ms));
            return;
        };
        self.left = self.left.saturating_sub(elapsed_ms.saturating_mul(EARN));
        self.suspect = Some(Suspect { wrong, running_ms });
        if self.left == 0 {
            // The later of the two: what has passed since, or what the clock says.
            self.floor_ms = passed.max(wall_ms);
            self.suspect = (wall_ms < self.floor_ms.saturating_sub(BEHIND_MS)).then_some(Suspect {
                wrong: Wrong::Behind,
                running_ms: 0,
            });
        }
    }

    /// Believes the vendor's word for what time it is, Unix time in milliseconds. Only a token that answers this host's
    /// own question may lower the floor; it also gives time anew in which to set the clock right.
    pub fn set(&mut self, told_ms: i64, answers: bool) {
        if answers {
            self.floor_ms = told_ms;
            self.left = BUDGET_MS * EARN;
        } else {
            self.floor_ms = self.floor_ms.max(told_ms);
        }
        self.suspect = None;
    }
}

#[cfg(test)]
#[path = "clock/tests.rs"]
mod tests;
