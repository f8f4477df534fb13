//! How much of a recorded machine is still there.

use tallykey_protocol::target::{Binding, Component, Part};
use thiserror::Error;

use super::{Facts, SupportClass, WEIGHT_MIN, hash, identifies, most, name, weight};

/// Part of the recorded weight that must still match: 60 %, as a fraction.
const HOLDS: (u32, u32) = (3, 5);

/// A recorded machine, compared with this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    recorded: u32,
    matched: u32,
    identified: bool,
    drift: Vec<Drift>,
}

/// One recorded component that does not match any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drift {
    /// What it was.
    pub part: Part,
    /// What became of it.
    pub change: Change,
}

/// What became of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// There is another one.
    Replaced,
    /// There is none.
    Missing,
    /// It cannot be read now, so it does not match; it may well be the same.
    Unreadable,
}

/// Why recorded components bind a licence to no machine, whatever this one is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadBinding {
    /// They weigh too little, or none of them is one of its kind.
    #[error(
        "the licence is bound to components that weigh {weight}, and it needs {WEIGHT_MIN}, a board or a network address among them"
    )]
    TooLittle {
        /// What they weigh.
        weight: u32,
    },
    /// More of one kind than a machine records: it would fit two machines.
    #[error("the licence is bound to more than one machine's {}", name(*part))]
    TooMany {
        /// The kind.
        part: Part,
    },
}

impl BadBinding {
    /// The stable code a program matches on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "bad-binding"
    }

    /// The support class it belongs to.
    #[must_use]
    pub const fn class(&self) -> SupportClass {
        SupportClass::DamagedFile
    }

    /// What to do next, as one sentence to a person.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        "make a new request on this machine and send it to the vendor"
    }
}

impl Change {
    /// The stable name in API and CLI.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
        }
    }
}

impl Match {
    /// What the recorded components weigh.
    #[must_use]
    pub const fn recorded(&self) -> u32 {
        self.recorded
    }

    /// What those of them weigh that are still there.
    #[must_use]
    pub const fn matched(&self) -> u32 {
        self.matched
    }

    /// What does not match any more, in the order of the parts. Empty at 100 %.
    #[must_use]
    pub fn drift(&self) -> &[Drift] {
        &self.drift
    }

    /// Whether it is still the same machine: at least 60 % of the recorded weight matches, and a board or a
    /// permanent network address is among it.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.identified && self.matched * HOLDS.1 >= self.recorded * HOLDS.0
    }
}

/// Compares the machine that `binding` describes with the one that `facts` describe.
///
/// # Errors
/// [`BadBinding`] if the recorded components would bind a licence to no machine: whoever made the request wrote
/// them, and neither a dongle nor a signature judges them.
pub fn judge(binding: &Binding, facts: &Facts) -> Result<Match, BadBinding> {
    let recorded = &*binding.components;
    check(recorded)?;
    let here = facts.components.iter().filter_map(|fact| {
        let hash = hash(&binding.salt, fact.value()?);
        Some(Component {
            part: fact.part,
            hash,
        })
    });
    let here: Vec<Component> = here.collect();
    let (still, gone): (Vec<&Component>, Vec<&Component>) = recorded
        .iter()
        .partition(|component| here.contains(component));

    let unreadable = facts.unreadable();
    let change = |part| {
        // A card that is recorded too is no replacement of one that is gone.
        let is_new = |other: &Component| other.part == part && !recorded.contains(other);
        if unreadable.contains(&part) {
            Change::Unreadable
        } else if here.iter().any(is_new) {
            Change::Replaced
        } else {
            Change::Missing
        }
    };
    let drift = gone.iter().map(|component| Drift {
        part: component.part,
        change: change(component.part),
    });
    Ok(Match {
        recorded: total(recorded.iter()),
        matched: total(still.iter().copied()),
        identified: still.iter().any(|component| identifies(component.part)),
        drift: drift.collect(),
    })
}

fn check(recorded: &[Component]) -> Result<(), BadBinding> {
    for (at, component) in recorded.iter().enumerate() {
        let part = component.part;
        let same_kind = recorded.iter().filter(|other| other.part == part).count();
        if same_kind > most(part) || recorded[..at].contains(component) {
            return Err(BadBinding::TooMany { part });
        }
    }
    let weight = total(recorded.iter());
    let identified = recorded.iter().any(|component| identifies(component.part));
    if weight < WEIGHT_MIN || !identified {
        return Err(BadBinding::TooLittle { weight });
    }
    Ok(())
}

fn total<'c>(components: impl Iterator<Item = &'c Component>) -> u32 {
    components.map(|component| weight(component.part)).sum()
}
