//! RULES: which source is active on this machine. Dongle and software licences exclude each
//! other: one kind counts at a time, and the incumbent stays.
//!
//! One pure function over events, [`decide`]; what it says is written down before it takes
//! effect. `docs/states.md` is its whole table, printed by a test.

mod decide;
mod state;

use crate::licence::Entitlement;

pub use decide::{Event, Takeover, decide};
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

/// Makes the entitlements of the active kind count.
///
/// One key is one dongle: of several entitlements of the same key the last one counts, so that a
/// copied dongle, or one that re-enumerated before its leaving was seen, never counts twice.
#[must_use]
pub fn activate(state: State, dongles: impl IntoIterator<Item = Entitlement>) -> Active {
    let mut active = Active::default();
    if state.active() == Some(Kind::Dongle) {
        for dongle in dongles {
            let key = dongle.source().thumbprint;
            active
                .entitlements
                .retain(|one| one.source().thumbprint != key);
            active.entitlements.push(dongle);
        }
    }
    active
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
