//! RULES: which source is active on this machine. Dongle and software licences exclude each
//! other: one kind counts at a time, and the incumbent stays.
//!
//! One pure function over events, [`decide`]; what it says is written down before it takes
//! effect. `docs/states.md` is its whole table, printed by a test.

mod decide;

use crate::licence::Entitlement;

pub use decide::{Event, decide};

/// Which source gives this machine its paid channels: one at a time, never two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AuthenticationType {
    /// No source: only the free channels of the product profile count.
    #[default]
    None,
    /// The plugged dongles of one product, added up.
    Dongle,
    /// Software licences held by this machine.
    Software,
}

impl AuthenticationType {
    /// Every one, in the order of the state table.
    pub const ALL: [Self; 3] = [Self::None, Self::Dongle, Self::Software];

    /// The stable name in API, CLI and history.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Dongle => "dongle",
            Self::Software => "software",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

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

/// Makes the entitlements of the plugged dongles count, if dongles are the active source.
///
/// One key is one dongle: of several entitlements of the same key the last one counts, so that a
/// copied dongle, or one that re-enumerated before its leaving was seen, never counts twice.
#[must_use]
pub fn activate(
    state: AuthenticationType,
    dongles: impl IntoIterator<Item = Entitlement>,
) -> Active {
    let mut active = Active::default();
    if state == AuthenticationType::Dongle {
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
        let table = [
            (AuthenticationType::None, 0),
            (AuthenticationType::Dongle, 72),
            (AuthenticationType::Software, 0),
        ];
        for (state, channels) in table {
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
        let active = activate(AuthenticationType::Dongle, dongles);
        assert_eq!(active.channels("camera", 0), 70);
    }
}
