//! Why keys were not opened.

use std::{io, path::PathBuf};

use tallykey_protocol::{armour::ArmourError, cbor::Malformed, cert::CertError};

/// Why keys were not opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Nobody is there to ask.
    #[error("no passphrase: nobody can be asked, because this is no terminal")]
    NoPassphrase,
    /// An empty passphrase protects nothing.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The terminal failed.
    #[error("the passphrase could not be asked: {source}")]
    Ask {
        /// What the terminal says.
        #[source]
        source: dialoguer::Error,
    },
    /// The file is no encrypted key.
    #[error("{} is not an encrypted private key in PEM", path.display())]
    NotAKey {
        /// Which.
        path: PathBuf,
        /// What the reader says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The passphrase is not the one of this key.
    #[error("the passphrase does not open {}", path.display())]
    WrongPassphrase {
        /// Which.
        path: PathBuf,
    },
    /// The key could not be encrypted.
    #[error("the key could not be encrypted: {source}")]
    Encrypt {
        /// What the library says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is no certificate.
    #[error("{} is not a certificate in PEM", path.display())]
    NotACertificate {
        /// Which.
        path: PathBuf,
    },
    /// The certificate is of no use here.
    #[error("{}: {source}", path.display())]
    Certificate {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: CertError,
    },
    /// Key and certificate do not belong together.
    #[error("{} is not the key of the certificate beside it", path.display())]
    OtherKey {
        /// The key.
        path: PathBuf,
    },
    /// The file is no trust bundle: its armour.
    #[error("{} is not a trust bundle: {source}", path.display())]
    Armour {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: ArmourError,
    },
    /// The file is no trust bundle.
    #[error("{} is not a trust bundle: {source}", path.display())]
    Bundle {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Malformed,
    },
}

impl KeyError {
    /// Stable word that a program matches on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "file-unreadable",
            Self::NoPassphrase => "no-passphrase",
            Self::EmptyPassphrase => "empty-passphrase",
            Self::Ask { .. } => "terminal-failed",
            Self::NotAKey { .. } => "not-a-key",
            Self::WrongPassphrase { .. } => "wrong-passphrase",
            Self::Encrypt { .. } => "encryption-failed",
            Self::NotACertificate { .. } | Self::Certificate { .. } => "bad-certificate",
            Self::OtherKey { .. } => "other-key",
            Self::Armour { .. } | Self::Bundle { .. } => "not-a-trust-bundle",
        }
    }

    /// What to do.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Read { .. } => "check the path and who may read it",
            Self::NoPassphrase => {
                "give --passphrase-file with a file that only you can read, or run it at a terminal"
            }
            Self::EmptyPassphrase => "choose a passphrase of several words",
            Self::NotAKey { .. } => "take the .key file that `tallykey-vendor keys` wrote",
            Self::WrongPassphrase { .. } => "try again with the passphrase of this key",
            Self::NotACertificate { .. } | Self::Certificate { .. } => {
                "take the .crt file that `tallykey-vendor keys` wrote"
            }
            Self::OtherKey { .. } => "put the key and the certificate of one `keys` run together",
            Self::Armour { .. } | Self::Bundle { .. } => {
                "take the vendor.bundle that `keys init` wrote"
            }
            Self::Ask { .. } | Self::Encrypt { .. } => "try again; if it stays, tell the maker",
        }
    }

    /// Whether something broke; else a rule said no.
    #[must_use]
    pub const fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::Read { .. } | Self::Ask { .. } | Self::Encrypt { .. }
        )
    }
}
