//! Why keys were not made or not opened.

use std::{io, path::PathBuf};

use tallykey_protocol::{armour::ArmourError, cert::CertError};
use tallykey_signing::{certificate::CertifyError, keys::KeyError};

/// Why keys were not made or not opened. Nothing that was there is ever changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysError {
    /// Nothing is overwritten.
    #[error("{} is there already", path.display())]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
    /// The file or folder cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The name does not go into a certificate.
    #[error("{name:?} is not a vendor's name: 1 to 64 bytes without control characters")]
    BadName {
        /// As given.
        name: String,
    },
    /// The root names no vendor.
    #[error("{} names no vendor", path.display())]
    NoName {
        /// The root's certificate.
        path: PathBuf,
    },
    /// The certificate is on the list already, or was given twice.
    #[error("{} is revoked already", path.display())]
    Revoked {
        /// Which.
        path: PathBuf,
    },
    /// The list would have more on it than a dongle takes.
    #[error("the list would be {length} bytes long, and a dongle takes {limit}")]
    ListTooLong {
        /// Its length.
        length: usize,
        /// The longest, in bytes.
        limit: usize,
    },
    /// The file is no revocation list: its armour.
    #[error("{} is not a revocation list: {source}", path.display())]
    ListArmour {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: ArmourError,
    },
    /// The file is no revocation list of this root.
    #[error("{} is not a revocation list of this root: {source}", path.display())]
    List {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: CertError,
    },
    /// No random bytes.
    #[error("no random bytes for new keys: {source}")]
    Random {
        /// What the system says.
        #[source]
        source: getrandom::Error,
    },
    /// What is there could not be opened.
    #[error(transparent)]
    Open(#[from] KeyError),
    /// A certificate could not be made.
    #[error(transparent)]
    Certify(#[from] CertifyError),
}

impl KeysError {
    /// Stable word that a program matches on.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "already-there",
            Self::Write { .. } => "file-unwritable",
            Self::BadName { .. } | Self::NoName { .. } => "bad-vendor-name",
            Self::Revoked { .. } => "revoked-already",
            Self::ListTooLong { .. } => "list-too-long",
            Self::ListArmour { .. } | Self::List { .. } => "not-a-revocation-list",
            Self::Random { .. } => "no-randomness",
            Self::Open(error) => error.code(),
            Self::Certify(_) => "not-certified",
        }
    }

    /// What to do.
    pub(crate) const fn next(&self) -> &'static str {
        match self {
            Self::Exists { .. } => {
                "take another folder; if an earlier `keys init` broke off, remove what it left and start again"
            }
            Self::Write { .. } => "check the folder, who may write there, and the space left",
            Self::NoName { .. } => "take the .crt file that `tallykey-vendor keys` wrote",
            Self::BadName { .. } => "give --name with the vendor's name as customers know it",
            Self::Revoked { .. } => "leave it out; give --stays-good alone to add digests",
            Self::ListTooLong { .. } => "leave digests out: issue those records again instead",
            Self::ListArmour { .. } | Self::List { .. } => {
                "take the newest .crl file that `keys revoke` wrote for this root"
            }
            Self::Open(error) => error.next(),
            Self::Random { .. } | Self::Certify(_) => "try again; if it stays, tell the maker",
        }
    }

    /// Whether something broke; else a rule said no.
    pub(crate) const fn is_fault(&self) -> bool {
        match self {
            Self::Write { .. } | Self::Random { .. } | Self::Certify(_) => true,
            Self::Open(error) => error.is_fault(),
            Self::Exists { .. }
            | Self::BadName { .. }
            | Self::NoName { .. }
            | Self::Revoked { .. }
            | Self::ListTooLong { .. }
            | Self::ListArmour { .. }
            | Self::List { .. } => false,
        }
    }
}
