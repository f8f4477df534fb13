//! What a software licence is bound to: which components of a machine are recorded, as salted hashes, and how much
//! of that must still be there.
//!
//! `Facts → Bindable → Binding`, and back: `Binding + Facts → Match → Standing`.

mod facts;
mod footing;
mod judge;
#[cfg(test)]
mod tests;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tallykey_protocol::limits::{COMPONENT_LEN, SALT_LEN};
use tallykey_protocol::list::List;
use tallykey_protocol::target::{Binding, Component, Part};
use thiserror::Error;

use super::SupportClass;
pub use facts::{Environment, Fact, Facts, State};
pub use footing::{Footing, Standing};
pub use judge::{BadBinding, Change, Drift, Match, judge};

/// Weight that must be recorded at least: less would fit too many machines.
pub const WEIGHT_MIN: u32 = 6;

/// Network cards that are recorded: each weighs 1, up to 2.
pub const CARDS_MAX: usize = 2;

/// What a component of this kind weighs. One network card weighs this; [`CARDS_MAX`] of them count.
#[must_use]
pub const fn weight(part: Part) -> u32 {
    match part {
        Part::Board => 4,
        Part::Cpu => 2,
        Part::Memory | Part::Network | Part::Display => 1,
    }
}

/// The stable name of a kind of component, in API and CLI.
#[must_use]
pub const fn name(part: Part) -> &'static str {
    match part {
        Part::Board => "board",
        Part::Cpu => "cpu",
        Part::Memory => "memory",
        Part::Network => "network",
        Part::Display => "display",
    }
}

/// Components of this kind that one binding records.
const fn most(part: Part) -> usize {
    match part {
        Part::Network => CARDS_MAX,
        Part::Board | Part::Cpu | Part::Memory | Part::Display => 1,
    }
}

/// Whether this kind of component is one of its kind in the world, and not only of its make.
const fn identifies(part: Part) -> bool {
    matches!(part, Part::Board | Part::Network)
}

/// A machine that shows enough of itself for a licence to be bound to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bindable<'f> {
    recorded: Vec<&'f Fact>,
}

/// Why no licence can be bound to a machine. A MAC licence is what it can have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CannotBind {
    /// Too few components can be read.
    #[error(
        "what this machine shows weighs {weight}, and a licence for it needs {WEIGHT_MIN}{}",
        unread(unreadable)
    )]
    TooLittle {
        /// Weight of what can be recorded.
        weight: u32,
        /// Kinds of component that are there and cannot be read.
        unreadable: Vec<Part>,
    },
    /// Nothing tells this machine from others of its make.
    #[error(
        "this machine shows neither a serial number of its board nor a permanent network address{}",
        unread(unreadable)
    )]
    NoIdentity {
        /// Kinds of component that are there and cannot be read.
        unreadable: Vec<Part>,
    },
}

fn unread(parts: &[Part]) -> String {
    if parts.is_empty() {
        return String::new();
    }
    let names: Vec<_> = parts.iter().map(|part| name(*part)).collect();
    format!(" (not readable: {})", names.join(", "))
}

impl CannotBind {
    /// The stable code a program matches on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLittle { .. } => "machine-too-vague",
            Self::NoIdentity { .. } => "machine-not-unique",
        }
    }

    /// The support class it belongs to.
    #[must_use]
    pub const fn class(&self) -> SupportClass {
        SupportClass::WrongProcedure
    }

    /// What to do next, as one sentence to a person.
    #[must_use]
    pub fn next(&self) -> String {
        let (Self::TooLittle { unreadable, .. } | Self::NoIdentity { unreadable }) = self;
        let mac = "ask the vendor for a MAC licence, which names cameras and no machine";
        match unreadable.first() {
            None => mac.to_owned(),
            Some(part) => format!(
                "do what is said about the component that cannot be read ({}), or {mac}",
                name(*part)
            ),
        }
    }
}

impl<'f> Bindable<'f> {
    /// The machine with these facts, if a licence can be bound to it.
    ///
    /// # Errors
    /// [`CannotBind`].
    pub fn of(facts: &'f Facts) -> Result<Self, CannotBind> {
        let recorded = facts.recorded();
        let weight = total(&recorded);
        let unreadable = facts.unreadable();
        if !recorded.iter().any(|fact| identifies(fact.part)) {
            return Err(CannotBind::NoIdentity { unreadable });
        }
        if weight < WEIGHT_MIN {
            return Err(CannotBind::TooLittle { weight, unreadable });
        }
        Ok(Self { recorded })
    }

    /// What its components weigh together.
    #[must_use]
    pub fn weight(&self) -> u32 {
        total(&self.recorded)
    }

    /// Its components as a request, a receipt and a licence name them: in the order of their parts, and network
    /// cards by their hash. `salt` is made for one request, so that two licences do not show that they are of
    /// one machine.
    ///
    /// # Panics
    /// Never: the kinds and [`CARDS_MAX`] bound what is recorded.
    #[must_use]
    pub fn record(&self, salt: [u8; SALT_LEN]) -> Binding {
        let components = self.recorded.iter().filter_map(|fact| {
            let hash = hash(&salt, fact.value()?);
            let part = fact.part;
            Some(Component { part, hash })
        });
        let mut components: Vec<_> = components.collect();
        components.sort_by_key(|component| (component.part, component.hash));
        let components = List::of(&components).expect("six at most");
        Binding { salt, components }
    }
}

fn total(facts: &[&Fact]) -> u32 {
    facts.iter().map(|fact| weight(fact.part)).sum()
}

/// First half of HMAC-SHA-256(salt, canonical value).
fn hash(salt: &[u8; SALT_LEN], value: &str) -> [u8; COMPONENT_LEN] {
    let mut mac = Hmac::<Sha256>::new_from_slice(salt).expect("a key of any length");
    mac.update(value.as_bytes());
    let whole = mac.finalize().into_bytes();
    let mut half = [0; COMPONENT_LEN];
    half.copy_from_slice(&whole[..COMPONENT_LEN]);
    half
}
