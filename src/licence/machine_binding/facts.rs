//! What was found of a machine: the readers' side of the rules.

use tallykey_protocol::request;
use tallykey_protocol::target::Part;

use super::most;

/// What a machine shows of itself now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Components, in the order of their parts: at least one entry for each kind, and one for each network card.
    pub components: Vec<Fact>,
    /// What kind of machine it is; none where the readers do not know the system.
    pub environment: Option<Environment>,
}

/// One component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub part: Part,
    /// Where it was found, as a person would look for it.
    pub place: String,
    /// What was found there.
    pub state: State,
}

/// What was found of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is there.
    Present {
        /// Its canonical value: private, because it names this very machine.
        value: String,
    },
    /// It is there and may never be recorded.
    NotCounted {
        /// Its canonical value.
        value: String,
        /// Why it is no part of this machine.
        why: String,
    },
    /// The machine has none, or one that says nothing of itself.
    Absent,
    /// It may be there; it could not be read. Never the same as absent: somebody else could read it.
    Unreadable {
        /// What kept it from being read.
        why: String,
        /// What to do next, as one sentence to a person.
        next: String,
    },
}

/// Where the host runs. It is told and never refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    /// Whose virtual machine it is, if it is one.
    pub hypervisor: Option<&'static str>,
    /// Whose container it is in, if it is in one.
    pub container: Option<&'static str>,
    /// What the machine calls itself.
    pub product: Option<String>,
}

impl Environment {
    /// The innermost kind, as a request tells it.
    #[must_use]
    pub const fn kind(&self) -> request::Environment {
        match (self.container, self.hypervisor) {
            (Some(_), _) => request::Environment::Container,
            (None, Some(_)) => request::Environment::VirtualMachine,
            (None, None) => request::Environment::Physical,
        }
    }
}

impl Fact {
    /// The canonical value, if it may be recorded.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        match &self.state {
            State::Present { value } => Some(value),
            State::NotCounted { .. } | State::Absent | State::Unreadable { .. } => None,
        }
    }
}

impl Facts {
    /// The components that a binding of this machine records: one of each kind, and of more network cards than
    /// that those with the lowest addresses, so that the order in which they were found does not matter.
    #[must_use]
    pub fn recorded(&self) -> Vec<&Fact> {
        let mut present: Vec<&Fact> = self
            .components
            .iter()
            .filter(|fact| fact.value().is_some())
            .collect();
        present.sort_by_key(|fact| (fact.part, fact.value()));
        present.dedup_by_key(|fact| (fact.part, fact.value()));
        let mut recorded: Vec<&Fact> = Vec::new();
        for fact in present {
            let before = recorded.iter().filter(|other| other.part == fact.part);
            if before.count() < most(fact.part) {
                recorded.push(fact);
            }
        }
        recorded
    }

    /// Kinds of component that could not be read, each once.
    #[must_use]
    pub fn unreadable(&self) -> Vec<Part> {
        let unreadable = self
            .components
            .iter()
            .filter(|fact| matches!(fact.state, State::Unreadable { .. }));
        let mut parts: Vec<Part> = unreadable.map(|fact| fact.part).collect();
        parts.sort_unstable();
        parts.dedup();
        parts
    }
}
