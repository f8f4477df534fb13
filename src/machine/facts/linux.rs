//! Linux: sysfs and procfs below a root folder, so that recorded trees can be read like the machine itself. Only
//! files are read, with std alone: it builds and runs on any system.

mod board;
mod cpu;
mod display;
mod environment;
mod memory;
mod network;
mod tree;

use std::path::PathBuf;

use super::Machine;
use crate::licence::machine_binding::{Facts, State};
use tree::Tree;

/// A Linux machine, or a tree recorded on one.
#[derive(Debug, Clone)]
pub struct LinuxMachine {
    tree: Tree,
}

impl LinuxMachine {
    /// The machine whose `sys`, `proc`, `run` and `.dockerenv` are in the folder `root`.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let tree = Tree::at(root.into());
        Self { tree }
    }
}

impl Machine for LinuxMachine {
    fn facts(&self) -> Facts {
        let tree = &self.tree;
        let mut components = vec![
            board::read(|path| tree.text(path)),
            cpu::read(tree),
            memory::read(tree),
        ];
        components.extend(network::read(tree));
        components.push(display::read(tree));
        Facts {
            components,
            environment: Some(environment::read(tree)),
        }
    }
}

/// A state for a component whose file cannot be read, whoever reads it.
fn unreadable(path: &str, error: &std::io::Error) -> State {
    State::Unreadable {
        why: format!("/{path}: {error}"),
        next: "find out why this file cannot be read, or ask the vendor for a MAC licence"
            .to_owned(),
    }
}

/// Present if it has a value, else absent.
fn present(value: Option<String>) -> State {
    value.map_or(State::Absent, |value| State::Present { value })
}
