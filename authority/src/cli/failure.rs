//! Everything that can keep a command from its answer. Exit codes: 0 done, 1 fault, 2 wrong usage, 3 refused.

use std::{io, path::PathBuf};

use crate::{
    desk::DeskError,
    keys::{KeyError, KeysError},
    text::plain,
};

/// Why a command did not work.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Making keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Opening keys, or asking for what opens them.
    #[error(transparent)]
    Open(#[from] KeyError),
    /// The desk.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The register has the entry, and its file did not get out.
    #[error("entry {entry} is in the register, but its file was not written: {source}")]
    NotOut {
        /// Which entry.
        entry: u64,
        /// What kept it.
        #[source]
        source: KeysError,
    },
    /// There is no such entry, or nothing leaves with it.
    #[error("the register has no entry {entry} with a file")]
    NoSuchEntry {
        /// As given.
        entry: u64,
    },
    /// Nobody agreed.
    #[error("it was not confirmed")]
    NotConfirmed,
    /// A line of a list of addresses is wrong.
    #[error("line {line}: {:?} {sin}", plain(text))]
    Address {
        /// Which line, from 1.
        line: usize,
        /// As given.
        text: String,
        /// What is wrong with it.
        sin: &'static str,
    },
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
            Self::Open(error) => error.code(),
            Self::Desk(error) => error.code(),
            Self::NotOut { .. } => "file-not-out",
            Self::NoSuchEntry { .. } => "no-such-entry",
            Self::NotConfirmed => "not-confirmed",
            Self::Address { .. } => "bad-address",
            Self::Unreadable { .. } => "file-unreadable",
            Self::Output { .. } => "not-printed",
        }
    }

    /// Whose the problem is, in the words of the support desk.
    pub(super) const fn class(&self) -> &'static str {
        match self {
            Self::Desk(DeskError::Refused(refusal)) => refusal.class(),
            _ if self.is_fault() => "fault",
            _ => "wrong-procedure",
        }
    }

    /// What to do.
    pub(super) const fn next(&self) -> &'static str {
        match self {
            Self::Keys(error) => error.next(),
            Self::Open(error) => error.next(),
            Self::Desk(error) => error.next(),
            Self::NotOut { .. } => "make it again with `desk reissue` and the entry's number",
            Self::NoSuchEntry { .. } => "look at `desk export` for the numbers",
            Self::NotConfirmed => "look at the counts and answer yes, or give --yes",
            Self::Address { .. } => "correct the line: one MAC address of one device, once",
            Self::Unreadable { .. } => "check the path and who may read it",
            Self::Output { .. } => "check where the output goes",
        }
    }

    /// Whether something broke; else a rule said no, and nothing was changed.
    pub(super) const fn is_fault(&self) -> bool {
        match self {
            Self::Keys(error) => error.is_fault(),
            Self::Open(error) => error.is_fault(),
            Self::Desk(error) => error.is_fault(),
            Self::NoSuchEntry { .. } | Self::NotConfirmed | Self::Address { .. } => false,
            Self::NotOut { .. } | Self::Unreadable { .. } | Self::Output { .. } => true,
        }
    }
}
