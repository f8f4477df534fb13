//! The transition table.

use super::{Kind, State};

/// What can change which source is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// Sources of this kind have at least one channel to give: proved now, or still within a grace.
    Gives(Kind),
    /// No source of this kind has anything to give any more; every grace is used up.
    Gone(Kind),
    /// The operator chose this kind.
    Keep(Kind),
    /// All channels of a dongle became a software licence of this machine.
    Converted,
}

/// What happens when the active kind leaves for good while the other one is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Takeover {
    /// The held kind waits for the operator.
    #[default]
    Ask,
    /// The held kind becomes active by itself.
    Automatic,
}

impl Event {
    /// Every one, in the order of the state table.
    pub const ALL: [Self; 7] = [
        Self::Gives(Kind::Dongle),
        Self::Gone(Kind::Dongle),
        Self::Gives(Kind::Software),
        Self::Gone(Kind::Software),
        Self::Keep(Kind::Dongle),
        Self::Keep(Kind::Software),
        Self::Converted,
    ];

    /// The name in the state table and in the history.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gives(Kind::Dongle) => "dongle gives",
            Self::Gone(Kind::Dongle) => "dongle gone",
            Self::Gives(Kind::Software) => "software gives",
            Self::Gone(Kind::Software) => "software gone",
            Self::Keep(Kind::Dongle) => "keep dongle",
            Self::Keep(Kind::Software) => "keep software",
            Self::Converted => "converted",
        }
    }
}

/// What the arbiter is told of each kind, in the order of [`Kind::ALL`]: whether it gives. What appears comes before
/// what goes, so that nothing takes over that was not held before.
#[must_use]
pub fn events([dongle, software]: [bool; 2]) -> [Event; 2] {
    let told = |kind, gives| match gives {
        true => Event::Gives(kind),
        false => Event::Gone(kind),
    };
    let mut both = [told(Kind::Dongle, dongle), told(Kind::Software, software)];
    if software && !dongle {
        both.reverse();
    }
    both
}

/// The state after an event.
#[must_use]
pub fn decide(state: State, event: Event, takeover: Takeover) -> State {
    use State::{Conflict, Kept, None, Only, Waiting};
    match (state, event) {
        (None, Event::Gives(kind)) => Only(kind),
        // What is not there cannot be kept.
        (None, Event::Gone(_) | Event::Keep(_)) => None,

        // The incumbent stays: what appears beside it is held and counts 0.
        (Only(active), Event::Gives(kind)) if kind != active => Conflict(active),
        (Only(active), Event::Gone(kind)) if kind == active => None,
        (Only(active), Event::Gives(_) | Event::Gone(_) | Event::Keep(_)) => Only(active),

        (Conflict(active) | Kept(active), Event::Gone(kind)) if kind == active => match takeover {
            Takeover::Ask => Waiting(active.other()),
            Takeover::Automatic => Only(active.other()),
        },
        (Conflict(active) | Kept(active), Event::Gone(_)) => Only(active),
        (Conflict(_) | Kept(_), Event::Keep(kind)) => Kept(kind),
        (Conflict(_) | Kept(_), Event::Gives(_)) => state,

        // The incumbent is back before the operator chose: it stays what it was.
        (Waiting(held), Event::Gives(kind)) if kind != held => Conflict(kind),
        (Waiting(held), Event::Keep(kind)) if kind == held => Only(held),
        (Waiting(held), Event::Gone(kind)) if kind == held => None,
        (Waiting(held), Event::Gives(_)) if takeover == Takeover::Automatic => Only(held),
        (Waiting(held), Event::Gives(_) | Event::Gone(_) | Event::Keep(_)) => Waiting(held),

        // The operator asked for it, so what is left of dongles is held without a question.
        (
            Only(Kind::Software) | Conflict(Kind::Software) | Kept(Kind::Software),
            Event::Converted,
        ) => state,
        (_, Event::Converted) => Kept(Kind::Software),
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
             The state is what the history keeps; the authentication type follows from it. `conflict`: both kinds give,\n\
             the first one counts and the other is held until an operator chooses. `kept`: the operator chose. `waits`:\n\
             the active kind is gone for good and the held one waits to be chosen; with `takeover = \"automatic\"` it is\n\
             not asked.\n\n\
             | state | authentication type | event | then | with automatic takeover |\n| --- | --- | --- | --- | --- |\n",
        );
        for state in State::ALL {
            for event in Event::ALL {
                let shown = |next: State| {
                    let stays = if next == state { " (stays)" } else { "" };
                    format!("{}{stays}", next.name())
                };
                let [ask, automatic] = [Takeover::Ask, Takeover::Automatic]
                    .map(|takeover| decide(state, event, takeover));
                let other = if ask == automatic {
                    String::new()
                } else {
                    shown(automatic)
                };
                writeln!(
                    text,
                    "| {} | {} | {} | {} | {other} |",
                    state.name(),
                    state.authentication_type().name(),
                    event.name(),
                    shown(ask),
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
    fn every_state_is_known_by_its_name() {
        for state in State::ALL {
            assert_eq!(State::from_name(state.name()), Some(state));
        }
        assert_eq!(State::from_name("Dongle"), None);
    }

    /// Only the operator, a conversion or the automatic takeover makes another kind active while
    /// the active one still gives.
    #[test]
    fn nothing_that_appears_takes_over() {
        for state in State::ALL {
            for kind in Kind::ALL {
                let next = decide(state, Event::Gives(kind), Takeover::Ask);
                if state.active().is_some() {
                    assert_eq!(next.active(), state.active(), "{}", state.name());
                }
            }
        }
    }

    #[test]
    fn what_is_gone_is_neither_active_nor_held() {
        for state in State::ALL {
            for takeover in [Takeover::Ask, Takeover::Automatic] {
                for kind in Kind::ALL {
                    let next = decide(state, Event::Gone(kind), takeover);
                    assert_ne!(next.active(), Some(kind), "{}", state.name());
                    assert_ne!(next.held(), Some(kind), "{}", state.name());
                }
            }
        }
    }
}
