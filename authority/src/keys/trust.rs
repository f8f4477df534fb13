//! Whom records are verified against.

use std::path::Path;

use tallykey_protocol::{
    armour::{self, Label},
    cert::Certificate,
    limits::{CERT_MAX, LABEL_MAX},
    trust::TrustBundle,
};

use super::{KeysError, folder};

/// A vendor's root, from its bundle.
pub(crate) struct Trust {
    /// The vendor's name.
    pub(crate) vendor: String,
    /// A test vendor: its dongles may be simulated.
    pub(crate) test: bool,
    root: Vec<u8>,
}

impl Trust {
    /// The bundle in `file`; its root is a root.
    pub(crate) fn read(file: &Path) -> Result<Self, KeysError> {
        let text = folder::read(file)?;
        let mut buffer = [0; CERT_MAX + LABEL_MAX + 32];
        let bytes = armour::single(text.as_bytes(), Label::TrustBundle, &mut buffer);
        let bytes = bytes.map_err(|source| KeysError::Armour {
            path: file.to_owned(),
            source,
        })?;
        let bundle = TrustBundle::decode(bytes).map_err(|source| KeysError::Bundle {
            path: file.to_owned(),
            source,
        })?;
        let checked = Certificate::parse(bundle.root).and_then(|root| root.verify_root());
        checked.map_err(|source| KeysError::Certificate {
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
    pub(crate) fn der(&self) -> &[u8] {
        &self.root
    }

    /// The root's certificate.
    ///
    /// # Panics
    /// Never: [`Self::read`] has parsed it.
    pub(crate) fn root(&self) -> Certificate<'_> {
        Certificate::parse(&self.root).expect("it was parsed before")
    }
}
