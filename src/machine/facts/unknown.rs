//! Systems without a reader: a MAC licence is what they can have.

use super::{Machine, fact};
use crate::licence::machine_binding::{Facts, State};
use tallykey_protocol::target::Part;

/// A machine that nothing is known of.
#[derive(Debug, Clone, Copy)]
pub struct UnknownMachine;

impl Machine for UnknownMachine {
    fn facts(&self) -> Facts {
        let parts = [
            Part::Board,
            Part::Cpu,
            Part::Memory,
            Part::Network,
            Part::Display,
        ];
        let unread = parts.map(|part| {
            let why = "this system's facts are not read yet".to_owned();
            let next = "ask the vendor for a MAC licence".to_owned();
            fact(part, "", State::Unreadable { why, next })
        });
        Facts {
            components: unread.into(),
            environment: None,
        }
    }
}
