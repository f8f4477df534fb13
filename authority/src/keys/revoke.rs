//! The root's revocation list of CAs and issuers: each new one takes the place of the one before it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tallykey_protocol::{
    armour::{self, Armoured, Label},
    cert::{CertError, Certificate, Crl, Role},
    limits::CRL_MAX,
};
use tallykey_signing::{
    certificate::{self, CertifyError, Revocations},
    keys::{KeyError, Passphrase, read_certificate, read_pair},
};

use super::{KeysError, folder};

/// Beginning and end of a list's file, around its number.
const NAME: [&str; 2] = ["revoked-", ".crl"];

/// What goes on the next list.
pub(crate) struct Revoke<'a> {
    /// Certificates that the root signed, in PEM.
    pub(crate) certificates: &'a [PathBuf],
    /// Digests of what stays good although its signer was revoked.
    pub(crate) stays_good: &'a [[u8; 32]],
    /// The newest list that was given out, if it is not in the root's folder.
    pub(crate) after: Option<&'a Path>,
}

/// A list that was signed.
pub(crate) struct Listed {
    /// Its number: higher than any before it.
    pub(crate) number: u64,
    /// The newly revoked certificates and their roles.
    pub(crate) revoked: Vec<(PathBuf, &'static str)>,
    /// Certificates on it, the earlier ones among them.
    pub(crate) certificates: usize,
    /// Digests on it that stay good.
    pub(crate) stays_good: usize,
    /// Where it is.
    pub(crate) file: PathBuf,
}

/// A list that was read and is the root's.
struct Before {
    number: u64,
    der: Vec<u8>,
}

/// Signs the list that follows the newest one in `folder`, where the root's key is, and writes it beside that one.
/// `now` in seconds since 1970.
pub(crate) fn revoke(
    folder: &Path,
    passphrase: &Passphrase,
    wanted: &Revoke<'_>,
    now: u64,
) -> Result<Listed, KeysError> {
    let (key, root) = read_pair(folder, "root", passphrase)?;
    let before = newest(folder, wanted.after, &root)?;
    let (mut certificates, mut revoked) = (Vec::new(), Vec::new());
    for path in wanted.certificates {
        let der = read_certificate(path)?;
        let role = revocable(&der, path, &root, before.as_ref())?;
        if certificates.contains(&der) {
            let path = path.clone();
            return Err(KeysError::Revoked { path });
        }
        certificates.push(der);
        revoked.push((path.clone(), role));
    }
    let certificates: Vec<&[u8]> = certificates.iter().map(Vec::as_slice).collect();
    let number = before.as_ref().map_or(0, |before| before.number) + 1;
    let revocations = Revocations {
        number,
        issued_at: now,
        certificates: &certificates,
        stays_good: wanted.stays_good,
    };
    let signed = match &before {
        Some(before) => certificate::revoke_after(&before.der, &revocations, &root, &key),
        None => certificate::revoke(&revocations, &root, &key),
    };
    let bytes = signed.map_err(|error| match error {
        CertifyError::Refused {
            source: CertError::TooLong { length, limit },
        } => KeysError::ListTooLong { length, limit },
        other => other.into(),
    })?;
    let file = folder.join(format!("{}{number}{}", NAME[0], NAME[1]));
    let label = Label::Crl;
    let bytes = &bytes[..];
    folder::write_new(&file, Armoured { label, bytes }.to_string().as_bytes())?;
    let list = read(bytes, &file, &root)?;
    Ok(Listed {
        number,
        revoked,
        certificates: list.revoked().count(),
        stays_good: list.good().count(),
        file,
    })
}

/// The role of a certificate that the root signed and that no list names.
fn revocable(
    der: &[u8],
    path: &Path,
    root: &[u8],
    before: Option<&Before>,
) -> Result<&'static str, KeysError> {
    let bad = |source| KeyError::Certificate {
        path: path.to_owned(),
        source,
    };
    let certificate = Certificate::parse(der).map_err(bad)?;
    let root = Certificate::parse(root).map_err(bad)?;
    certificate.verify_signed_by(&root).map_err(bad)?;
    let named = match before {
        Some(before) => Crl::parse(&before.der).map_err(bad)?.names(&certificate),
        None => false,
    };
    match (named, certificate.role()) {
        (true, _) => Err(KeysError::Revoked {
            path: path.to_owned(),
        }),
        (false, Some(Role::Factory)) => Ok("factory CA"),
        (false, Some(Role::Issuer)) => Ok("issuer"),
        (false, Some(Role::FactoryIssuer)) => Ok("factory issuer"),
        (false, Some(Role::Dongle) | None) => {
            unreachable!("a root certifies CAs and issuers only, and that was verified")
        }
    }
}

/// The newest list: of those in the folder, and the one that was given.
fn newest(folder: &Path, after: Option<&Path>, root: &[u8]) -> Result<Option<Before>, KeysError> {
    let mut newest: Option<Before> = None;
    for path in lists(folder)?.iter().map(PathBuf::as_path).chain(after) {
        let file = fs::read(path).map_err(|source| KeyError::Read {
            path: path.to_owned(),
            source,
        })?;
        let mut buffer = [0; CRL_MAX];
        let der = armour::single(&file, Label::Crl, &mut buffer).map_err(|source| {
            let path = path.to_owned();
            KeysError::ListArmour { path, source }
        })?;
        let number = read(der, path, root)?.number();
        if newest.as_ref().is_none_or(|newest| newest.number < number) {
            let der = der.to_vec();
            newest = Some(Before { number, der });
        }
    }
    Ok(newest)
}

fn lists(folder: &Path) -> Result<Vec<PathBuf>, KeysError> {
    let unreadable = |source| KeyError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(NAME[0]) && name.ends_with(NAME[1]) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// The list in `der`, which is this root's.
fn read<'a>(der: &'a [u8], path: &Path, root: &[u8]) -> Result<Crl<'a>, KeysError> {
    let checked = Crl::parse(der).and_then(|list| {
        list.verify(&Certificate::parse(root)?)?;
        Ok(list)
    });
    checked.map_err(|source| KeysError::List {
        path: path.to_owned(),
        source,
    })
}
