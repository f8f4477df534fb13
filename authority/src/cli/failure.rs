//! Everything that can keep a command from its answer. Exit codes: 0 done, 1 fault, 2 wrong usage, 3 refused.

use std::{io, path::PathBuf};

use crate::keys::KeysError;

/// Why a command did not work.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// A file to look into cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The answer could not be printed.
    #[error("the answer could not be printed: {source}")]
    Output {
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl Failure {
    /// Stable word that a program matches on.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Keys(error) => error.code(),
            Self::Unreadable { .. } => "file-unreadable",
            Self::Output { .. } => "not-printed",
        }
    }

    /// Whose the problem is, in the words of the support desk.
    pub(super) const fn class(&self) -> &'static str {
        match self.is_fault() {
            true => "fault",
            false => "wrong-procedure",
        }
    }

    /// What to do.
    pub(super) const fn next(&self) -> &'static str {
        match self {
            Self::Keys(error) => error.next(),
            Self::Unreadable { .. } => "check the path and who may read it",
            Self::Output { .. } => "check where the output goes",
        }
    }

    /// Whether something broke; else a rule said no, and nothing was changed.
    pub(super) const fn is_fault(&self) -> bool {
        match self {
            Self::Keys(error) => error.is_fault(),
            Self::Unreadable { .. } | Self::Output { .. } => true,
        }
    }
}
