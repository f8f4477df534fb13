//! A vendor's keys in a folder: an encrypted PEM file for each role, its certificate beside it, and the bundle that
//! hosts pin.

mod error;
mod passphrase;
mod pem;
mod trust;

pub use error::KeyError;
pub use passphrase::Passphrase;
pub use pem::{encrypt, read_certificate, to_pem};
pub use trust::Trust;

use std::{
    fs,
    path::{Path, PathBuf},
};

use tallykey_protocol::cert::Certificate;

use crate::SoftwareKey;

/// Where a folder has the bundle that hosts pin.
#[must_use]
pub fn bundle_file(folder: &Path) -> PathBuf {
    folder.join("vendor.bundle")
}

/// Where a folder has the key of `role`, and its certificate.
#[must_use]
pub fn files(folder: &Path, role: &str) -> [PathBuf; 2] {
    ["key", "crt"].map(|ending| folder.join(format!("{role}.{ending}")))
}

/// The key of `role` in `folder` and its certificate in DER, which belong together.
///
/// # Errors
/// [`KeyError`].
pub fn read_pair(
    folder: &Path,
    role: &str,
    passphrase: &Passphrase,
) -> Result<(SoftwareKey, Vec<u8>), KeyError> {
    use crate::Signer as _;

    let [key_file, certificate_file] = files(folder, role);
    let der = read_certificate(&certificate_file)?;
    let parsed = Certificate::parse(&der).map_err(|source| KeyError::Certificate {
        path: certificate_file,
        source,
    })?;
    let key = pem::decrypt(&key_file, passphrase)?;
    if *parsed.public_key() != key.public_key() {
        return Err(KeyError::OtherKey { path: key_file });
    }
    Ok((key, der))
}

fn read(path: &Path) -> Result<String, KeyError> {
    fs::read_to_string(path).map_err(|source| KeyError::Read {
        path: path.to_owned(),
        source,
    })
}
