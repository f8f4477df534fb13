//! The one vendor this host trusts.

use tallykey_protocol::cbor::Malformed;
use tallykey_protocol::cert::{CertError, Certificate};
use tallykey_protocol::trust::TrustBundle;
use thiserror::Error;

/// A vendor's root, pinned by whoever set this host up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    vendor: String,
    root: Vec<u8>,
    test: bool,
}

/// Why a file is no trust bundle.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadTrust {
    /// The bundle cannot be read.
    #[error("this is not a trust bundle: {problem}")]
    Malformed {
        /// What the reader said.
        problem: Malformed,
    },
    /// The root in it cannot be read.
    #[error("the trust bundle's root certificate is not usable: {problem}")]
    Root {
        /// What the reader said.
        problem: CertError,
    },
}

impl Trust {
    /// Reads a trust bundle. It is not signed: whoever sets the host's settings is who trusts.
    ///
    /// # Errors
    /// [`BadTrust`].
    pub fn decode(bundle: &[u8]) -> Result<Self, BadTrust> {
        let bundle =
            TrustBundle::decode(bundle).map_err(|problem| BadTrust::Malformed { problem })?;
        Certificate::parse(bundle.root).map_err(|problem| BadTrust::Root { problem })?;
        Ok(Self {
            vendor: bundle.vendor.to_owned(),
            root: bundle.root.to_owned(),
            test: bundle.test,
        })
    }

    /// The vendor's name.
    #[must_use]
    pub fn vendor(&self) -> &str {
        &self.vendor
    }

    /// Whether it is a test vendor: everything from it is shown as simulated.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.test
    }

    /// The root certificate.
    ///
    /// # Panics
    /// Never: [`Trust::decode`] parsed the same bytes.
    #[must_use]
    pub fn root(&self) -> Certificate<'_> {
        Certificate::parse(&self.root).expect("parsed when the bundle was read")
    }
}
