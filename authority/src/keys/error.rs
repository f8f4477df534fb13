//! Why keys were not made or not opened.

use std::{io, path::PathBuf};

use tallykey_protocol::{armour::ArmourError, cbor::Malformed, cert::CertError};
use tallykey_signing::certificate::CertifyError;

/// Why keys were not made or not opened. Nothing that was there is ever changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysError {
    /// Nothing is overwritten.
    #[error("{} is there already", path.display())]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
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
    /// No random bytes.
    #[error("no random bytes for new keys: {source}")]
    Random {
        /// What the system says.
        #[source]
        source: getrandom::Error,
    },
    /// A certificate could not be made.
    #[error(transparent)]
    Certify(#[from] CertifyError),
}

impl KeysError {
    /// Stable word that a program matches on.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "already-there",
            Self::Read { .. } => "file-unreadable",
            Self::Write { .. } => "file-unwritable",
            Self::NoPassphrase => "no-passphrase",
            Self::EmptyPassphrase => "empty-passphrase",
            Self::Ask { .. } => "terminal-failed",
            Self::NotAKey { .. } => "not-a-key",
            Self::WrongPassphrase { .. } => "wrong-passphrase",
            Self::Encrypt { .. } => "encryption-failed",
            Self::NotACertificate { .. } | Self::Certificate { .. } => "bad-certificate",
            Self::OtherKey { .. } => "other-key",
            Self::Armour { .. } | Self::Bundle { .. } => "not-a-trust-bundle",
            Self::BadName { .. } | Self::NoName { .. } => "bad-vendor-name",
            Self::Random { .. } => "no-randomness",
            Self::Certify(_) => "not-certified",
        }
    }

    /// What to do.
    pub(crate) const fn next(&self) -> &'static str {
        match self {
            Self::Exists { .. } => {
                "take another folder; if an earlier `keys init` broke off, remove what it left and start again"
            }
            Self::Read { .. } => "check the path and who may read it",
            Self::Write { .. } => "check the folder, who may write there, and the space left",
            Self::NoPassphrase => {
                "give --passphrase-file with a file that only you can read, or run it at a terminal"
            }
            Self::EmptyPassphrase => "choose a passphrase of several words",
            Self::NotAKey { .. } => "take the .key file that `tallykey-vendor keys` wrote",
            Self::WrongPassphrase { .. } => "try again with the passphrase of this key",
            Self::NotACertificate { .. } | Self::Certificate { .. } | Self::NoName { .. } => {
                "take the .crt file that `tallykey-vendor keys` wrote"
            }
            Self::OtherKey { .. } => "put the key and the certificate of one `keys` run together",
            Self::Armour { .. } | Self::Bundle { .. } => {
                "take the vendor.bundle that `keys init` wrote"
            }
            Self::BadName { .. } => "give --name with the vendor's name as customers know it",
            Self::Ask { .. } | Self::Random { .. } | Self::Encrypt { .. } | Self::Certify(_) => {
                "try again; if it stays, tell the maker"
            }
        }
    }

    /// Whether something broke; else a rule said no.
    pub(crate) const fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::Read { .. }
                | Self::Write { .. }
                | Self::Ask { .. }
                | Self::Encrypt { .. }
                | Self::Random { .. }
                | Self::Certify(_)
        )
    }
}
