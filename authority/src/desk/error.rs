//! What can keep the desk from an answer.

use tallykey_protocol::armour::ArmourError;
use tallykey_protocol::issued::IssuedError;
use tallykey_signing::{RecordError, UpdateError};

use super::Refusal;
use crate::{keys::KeyError, ledger::RegisterError};

/// Why the desk did not answer. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeskError {
    /// A rule said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The register.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// No record was made.
    #[error("nothing was signed: {0}")]
    Sign(#[from] RecordError),
    /// No update was made of a record.
    #[error("nothing was signed: {0}")]
    Update(#[from] UpdateError),
    /// A record in the register cannot be read.
    #[error("entry {entry} of the register: its file cannot be read: {source}")]
    Armour {
        /// Which.
        entry: u64,
        /// What is wrong with it.
        #[source]
        source: ArmourError,
    },
    /// A record in the register is not this vendor's.
    #[error("entry {entry} of the register is not to be believed: {source}")]
    Entry {
        /// Which.
        entry: u64,
        /// What is wrong with it.
        #[source]
        source: IssuedError,
    },
    /// No random bytes.
    #[error("no random bytes: {source}")]
    Random {
        /// What the system says.
        #[source]
        source: getrandom::Error,
    },
}

impl DeskError {
    /// Stable word that a program matches on.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Keys(error) => error.code(),
            Self::Register(error) => error.code(),
            Self::Sign(_) | Self::Update(_) => "not-signed",
            Self::Armour { .. } | Self::Entry { .. } => "register-foreign",
            Self::Random { .. } => "no-randomness",
        }
    }

    /// What to do.
    pub(crate) const fn next(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.next(),
            Self::Keys(error) => error.next(),
            Self::Register(error) => error.next(),
            Self::Sign(_) | Self::Update(_) => {
                "shorten labels and lists; if it stays, look at the issuer's certificate with `inspect`"
            }
            Self::Armour { .. } | Self::Entry { .. } => {
                "put the register and the keys of one vendor into one folder"
            }
            Self::Random { .. } => "try again",
        }
    }

    /// Whether something broke; else a rule said no.
    pub(crate) const fn is_fault(&self) -> bool {
        match self {
            Self::Refused(_) => false,
            Self::Keys(error) => error.is_fault(),
            Self::Register(_)
            | Self::Sign(_)
            | Self::Update(_)
            | Self::Armour { .. }
            | Self::Entry { .. }
            | Self::Random { .. } => true,
        }
    }
}
