//! What becomes of a licence whose machine changed too much: a grace, and a repair meanwhile.

/// What a host has written down about one licence and its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Footing {
    /// It never held here: it is another machine's, and no grace is for it.
    #[default]
    Foreign,
    /// It held when it was last looked at.
    Held,
    /// It held once and does not any more.
    Lost {
        /// When that was first seen, Unix time in seconds.
        since: u64,
    },
}

/// What that gives at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The licence counts.
    Holds,
    /// It still counts, and the machine has to be repaired or the licence made anew.
    InGrace {
        /// The first moment it does not count any more, Unix time in seconds.
        until: u64,
    },
    /// It does not count.
    Out,
}

/// Seconds in a day.
const DAY: u64 = 86_400;

impl Footing {
    /// What to write down when the machine was compared at `now` (Unix time in seconds).
    #[must_use]
    pub const fn after(self, holds: bool, now: u64) -> Self {
        match (self, holds) {
            (_, true) => Self::Held,
            (Self::Held, false) => Self::Lost { since: now },
            (Self::Foreign | Self::Lost { .. }, false) => self,
        }
    }

    /// What it gives at `now` (Unix time in seconds) under the profile's grace in days.
    #[must_use]
    pub const fn standing(self, now: u64, grace_days: u64) -> Standing {
        match self {
            Self::Foreign => Standing::Out,
            Self::Held => Standing::Holds,
            Self::Lost { since } => {
                let until = since.saturating_add(grace_days.saturating_mul(DAY));
                if now < until {
                    Standing::InGrace { until }
                } else {
                    Standing::Out
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grace_starts_once_and_ends() {
        let lost = Footing::Held.after(false, 1_000);
        assert_eq!(lost, Footing::Lost { since: 1_000 });
        // Looking again does not start it anew.
        assert_eq!(lost.after(false, 500_000), lost);
        let until = 1_000 + 14 * DAY;
        let table = [
            (0, Standing::InGrace { until }),
            (1_000, Standing::InGrace { until }),
            (until - 1, Standing::InGrace { until }),
            (until, Standing::Out),
            (u64::MAX, Standing::Out),
        ];
        for (now, standing) in table {
            assert_eq!(lost.standing(now, 14), standing, "at {now}");
        }
        assert_eq!(lost.standing(1_000, 0), Standing::Out);
        assert_eq!(lost.after(true, until), Footing::Held);
        assert_eq!(Footing::Held.standing(u64::MAX, 0), Standing::Holds);
    }

    #[test]
    fn a_licence_that_never_held_here_has_no_grace() {
        let foreign = Footing::default().after(false, 1_000);
        assert_eq!(foreign.standing(1_000, 14), Standing::Out);
        assert_eq!(foreign.after(true, 2_000), Footing::Held);
    }

    #[test]
    fn no_profile_makes_the_end_wrap() {
        let lost = Footing::Lost { since: 1_000 };
        let until = u64::MAX;
        assert_eq!(lost.standing(5_000, u64::MAX), Standing::InGrace { until });
    }
}
