//! What a software licence can be bound to: board, processor, memory, network cards and display card of this
//! machine, as canonical values. docs/machine-binding.md has the table of them.

mod canonical;
mod linux;
#[cfg(not(target_os = "linux"))]
mod unknown;

pub use linux::LinuxMachine;
#[cfg(not(target_os = "linux"))]
pub use unknown::UnknownMachine;

use crate::licence::machine_binding::{Fact, Facts, State};
use tallykey_protocol::target::Part;

/// Reads a machine.
pub trait Machine {
    /// What it shows of itself now. What cannot be read is said in the facts: reading never fails as a whole.
    fn facts(&self) -> Facts;
}

/// The machine that this program runs on.
#[cfg(target_os = "linux")]
#[must_use]
pub fn here() -> LinuxMachine {
    LinuxMachine::at("/")
}

/// The machine that this program runs on: nothing is known of it here.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn here() -> UnknownMachine {
    UnknownMachine
}

fn fact(part: Part, place: &str, state: State) -> Fact {
    Fact {
        part,
        place: place.to_owned(),
        state,
    }
}
