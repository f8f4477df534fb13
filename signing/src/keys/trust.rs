//! Whom records are verified against.

use std::path::Path;

use tallykey_protocol::{
    armour::{self, Label},
    cert::{CertError, Certificate},
    limits::BUNDLE_MAX,
    trust::TrustBundle,
};

use super::{KeyError, read};

/// A vendor's root, from its bundle.
#[derive(Debug)]
pub struct Trust {
    /// The vendor's name.
    pub vendor: String,
    /// A test vendor: its dongles may be simulated.
    pub test: bool,
    root: Vec<u8>,
}

impl Trust {
    /// The bundle in `file`; its root is a root.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn read(file: &Path) -> Result<Self, KeyError> {
        let text = read(file)?;
        let mut buffer = [0; BUNDLE_MAX];
        let bytes = armour::single(text.as_bytes(), Label::TrustBundle, &mut buffer);
        let bytes = bytes.map_err(|source| KeyError::Armour {
            path: file.to_owned(),
            source,
        })?;
        let bundle = TrustBundle::decode(bytes).map_err(|source| KeyError::Bundle {
            path: file.to_owned(),
            source,
        })?;
        let checked = Certificate::parse(bundle.root).and_then(|root| root.verify_root());
        checked.map_err(|source| KeyError::Certificate {
            path: file.to_owned(),
            source,
        })?;
        Ok(Self {
            vendor: bundle.vendor.to_owned(),
            test: bundle.test,
            root: bundle.root.to_vec(),
        })
    }

    /// The root's certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.root
    }

    /// The root's certificate.
    ///
    /// # Panics
    /// Never: [`Self::read`] has parsed it.
    #[must_use]
    pub fn root(&self) -> Certificate<'_> {
        Certificate::parse(&self.root).expect("it was parsed before")
    }

    /// Whether `certificate`, in DER, is one that the root certified itself: a factory CA's or an issuer's.
    ///
    /// # Errors
    /// [`CertError`]: what is wrong with it.
    pub fn certified(&self, certificate: &[u8]) -> Result<(), CertError> {
        Certificate::parse(certificate)?.verify_signed_by(&self.root())
    }
}
