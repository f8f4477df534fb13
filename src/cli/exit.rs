//! Exit codes: the one place that says them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Something broke; the same may be tried again.
    Fault = 1,
    /// The arguments are wrong; clap exits with this by itself.
    Usage = 2,
    /// A rule said no; nothing was changed.
    Refused = 3,
    /// No service answers.
    Unreachable = 4,
    /// The caller may not do this.
    NotPermitted = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
