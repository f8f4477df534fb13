//! RULES: which source is active on this machine. Dongle and software licences exclude each
//! other: one kind counts at a time, and the incumbent stays.
//!
//! One pure function over events, [`decide`]; what it says is written down before it takes
//! effect. `docs/states.md` is its whole table, printed by a test.

mod decide;
#[cfg(test)]
mod model;
mod state;

use crate::licence::{Entitlement, Source};

pub use decide::{Event, Takeover, decide, events};
pub use state::{AuthenticationType, Kind, State};

/// The entitlements that count, made only by [`activate`].
#[derive(Debug, Clone, Default)]
pub struct Active {
    entitlements: Vec<Entitlement>,
}

impl Active {
    /// What counts, each entitlement with its source.
    #[must_use]
    pub fn entitlements(&self) -> &[Entitlement] {
        &self.entitlements
    }

    /// Whether a source counts that was granted instead of the free channels.
    #[must_use]
    pub fn excludes_free(&self) -> bool {
        self.entitlements.iter().any(Entitlement::excludes_free)
    }

    /// Channels of a feature at `now` (Unix time in seconds), all sources together.
    #[must_use]
    pub fn channels(&self, feature: &str, now: u64) -> u64 {
        self.entitlements
            .iter()
            .map(|one| one.channels(feature, now))
            .sum()
    }
}

/// Makes the entitlements of the active kind count, and no other.
///
/// One key is one dongle, and one identity is one licence: of several entitlements of the same one the last counts,
/// so that a copied dongle, or one that re-enumerated before its leaving was seen, never counts twice.
#[must_use]
pub fn activate(state: State, all: impl IntoIterator<Item = Entitlement>) -> Active {
    let mut active = Active::default();
    for one in all {
        if Some(kind_of(&one)) == state.active() {
            let identity = *one.source().identity();
            active
                .entitlements
                .retain(|other| *other.source().identity() != identity);
            active.entitlements.push(one);
        }
    }
    active
}

const fn kind_of(entitlement: &Entitlement) -> Kind {
    match entitlement.source() {
        Source::Dongle { .. } => Kind::Dongle,
        Source::Licence { .. } => Kind::Software,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::licence::testing::entitlement;

    #[test]
    fn dongles_add_up_only_while_dongles_are_active() {
        let dongles = [
            entitlement(1, &[("camera", 64)]),
            entitlement(2, &[("camera", 8)]),
        ];
        for state in State::ALL {
            let channels = match state.authentication_type() {
                AuthenticationType::Dongle => 72,
                AuthenticationType::None | AuthenticationType::Software => 0,
            };
            let active = activate(state, dongles.clone());
            assert_eq!(active.channels("camera", 0), channels, "{}", state.name());
        }
    }

    #[test]
    fn one_key_counts_once_and_as_last_seen() {
        let dongles = [
            entitlement(1, &[("camera", 64)]),
            entitlement(1, &[("camera", 70)]),
        ];
        let active = activate(State::Only(Kind::Dongle), dongles);
        assert_eq!(active.channels("camera", 0), 70);
    }
}
