//! The transition table.

use super::AuthenticationType;

/// What can change which source is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// The service started: nothing is proved yet.
    Started,
    /// The plugged dongles have at least one channel to give.
    DongleGives,
    /// No plugged dongle has anything to give, or none is plugged.
    DongleGivesNothing,
}

impl Event {
    /// Every one, in the order of the state table.
    pub const ALL: [Self; 3] = [Self::Started, Self::DongleGives, Self::DongleGivesNothing];

    /// The name in the state table and in the history.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::DongleGives => "dongle gives",
            Self::DongleGivesNothing => "dongle gives nothing",
        }
    }
}

/// The source that is active after an event.
#[must_use]
pub const fn decide(state: AuthenticationType, event: Event) -> AuthenticationType {
    use AuthenticationType::{Dongle, None, Software};
    match (state, event) {
        // The incumbent stays: a dongle that appears is held and counts 0.
        (Software, _) => Software,
        (None | Dongle, Event::DongleGives) => Dongle,
        // With no grace yet, a dongle that is not proved is a dongle that is gone.
        (None | Dongle, Event::DongleGivesNothing | Event::Started) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::path::Path;

    use super::*;

    fn table() -> String {
        let mut text = String::from(
            "# Which source is active\n\n\
             Printed by a test from `src/arbiter/decide.rs`; `TALLYKEY_UPDATE_GOLDEN=1 cargo test` writes it again.\n\n\
             | authentication type | event | then |\n| --- | --- | --- |\n",
        );
        for state in AuthenticationType::ALL {
            for event in Event::ALL {
                let next = decide(state, event);
                let stays = if next == state { " (stays)" } else { "" };
                writeln!(
                    text,
                    "| {} | {} | {}{stays} |",
                    state.name(),
                    event.name(),
                    next.name()
                )
                .expect("a String takes all");
            }
        }
        text
    }

    #[test]
    fn docs_states_is_the_whole_table() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/states.md");
        if std::env::var_os("TALLYKEY_UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, table()).expect("docs/states.md is writable");
        }
        let printed = std::fs::read_to_string(&path).expect("docs/states.md is there");
        assert_eq!(
            printed,
            table(),
            "run with TALLYKEY_UPDATE_GOLDEN=1 and look at the difference"
        );
    }

    #[test]
    fn every_type_is_known_by_its_name() {
        for state in AuthenticationType::ALL {
            assert_eq!(AuthenticationType::from_name(state.name()), Some(state));
        }
        assert_eq!(AuthenticationType::from_name("Dongle"), None);
    }
}
