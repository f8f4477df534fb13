//! Keys as encrypted PKCS#8 (RFC 5958) and certificates, both in the armour of RFC 7468: what `openssl pkey` and
//! `openssl x509` read.

use std::path::Path;

use pkcs8::{
    Document, EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument,
    der::pem::PemLabel,
};
use zeroize::Zeroizing;

use super::{KeyError, Passphrase, read};
use crate::SoftwareKey;

/// RFC 7468 §5.1.
const CERTIFICATE: &str = "CERTIFICATE";

/// The key as a text that only `passphrase` opens: PBES2 (RFC 8018 §6.2) with scrypt and AES-256-CBC.
///
/// # Errors
/// [`KeyError::Encrypt`].
pub fn encrypt(key: &SoftwareKey, passphrase: &Passphrase) -> Result<Zeroizing<String>, KeyError> {
    let pem = key.to_pem().map_err(|error| KeyError::Encrypt {
        source: error.into(),
    })?;
    let encrypt = || -> pkcs8::Result<_> {
        let (_, plain) = SecretDocument::from_pem(&pem)?;
        let encrypted =
            PrivateKeyInfoRef::try_from(plain.as_bytes())?.encrypt(passphrase.as_bytes())?;
        Ok(encrypted.to_pem(EncryptedPrivateKeyInfoRef::PEM_LABEL, LineEnding::LF)?)
    };
    encrypt().map_err(|source| KeyError::Encrypt {
        source: source.into(),
    })
}

/// The key in the file at `path`.
pub(super) fn decrypt(path: &Path, passphrase: &Passphrase) -> Result<SoftwareKey, KeyError> {
    let not_a_key = |source: Box<dyn std::error::Error + Send + Sync>| KeyError::NotAKey {
        path: path.to_owned(),
        source,
    };
    let text = read(path)?;
    let (label, document) =
        SecretDocument::from_pem(&text).map_err(|source| not_a_key(source.into()))?;
    if label != EncryptedPrivateKeyInfoRef::PEM_LABEL {
        return Err(not_a_key(format!("it holds a {label}").into()));
    }
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
        .map_err(|source| not_a_key(source.into()))?;
    let plain =
        encrypted
            .decrypt(passphrase.as_bytes())
            .map_err(|_| KeyError::WrongPassphrase {
                path: path.to_owned(),
            })?;
    let pem = plain
        .to_pem(PrivateKeyInfoRef::PEM_LABEL, LineEnding::LF)
        .map_err(|source| not_a_key(source.into()))?;
    SoftwareKey::from_pem(&pem).map_err(|source| not_a_key(source.into()))
}

/// A certificate as text.
///
/// # Errors
/// [`KeyError::Encrypt`].
pub fn to_pem(der: &[u8]) -> Result<String, KeyError> {
    let encode = || Document::try_from(der)?.to_pem(CERTIFICATE, LineEnding::LF);
    encode().map_err(|source| KeyError::Encrypt {
        source: source.into(),
    })
}

/// The certificate in the file at `path`, in DER; nothing in it has been believed.
///
/// # Errors
/// [`KeyError`].
pub fn read_certificate(path: &Path) -> Result<Vec<u8>, KeyError> {
    let text = read(path)?;
    match Document::from_pem(&text) {
        Ok((CERTIFICATE, document)) => Ok(document.into_vec()),
        _ => Err(KeyError::NotACertificate {
            path: path.to_owned(),
        }),
    }
}
