//! Why the register was not read or not written.

use std::{io, path::PathBuf};

/// Why the register was not read or not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegisterError {
    /// Another command holds it.
    #[error("another command is at work on {}", path.display())]
    Locked {
        /// The register.
        path: PathBuf,
    },
    /// The system failed.
    #[error("the register {} cannot be used: {source}", path.display())]
    Io {
        /// The register.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// An entry is not what was written.
    #[error("the register {} was altered: line {line} does not follow from the lines before it", path.display())]
    Altered {
        /// The register.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
    },
    /// An entry is true, but not understood.
    #[error("line {line} of the register {} is not understood: {source}", path.display())]
    Unknown {
        /// The register.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// What the reader says.
        #[source]
        source: serde_json::Error,
    },
}

impl RegisterError {
    /// Stable word that a program matches on.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "register-locked",
            Self::Io { .. } => "register-unavailable",
            Self::Altered { .. } => "register-altered",
            Self::Unknown { .. } => "register-newer",
        }
    }

    /// What to do.
    pub(crate) const fn next(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "wait until it has ended, then try again",
            Self::Io { .. } => "check the folder, who may write there, and the space left",
            Self::Altered { .. } => {
                "sign nothing: restore the register from a backup and find out who changed it"
            }
            Self::Unknown { .. } => "use the newer version of this program that wrote it",
        }
    }
}
