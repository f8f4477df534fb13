//! Making keys: the root, which stays offline, and what it certifies.

use std::path::{Path, PathBuf};

use tallykey_protocol::{
    armour::{Armoured, Label},
    cbor::Full,
    id::is_plain,
    limits::{BUNDLE_MAX, CERT_MAX},
    trust::TrustBundle,
};
use tallykey_signing::{
    Signer, SoftwareKey,
    certificate::{self, NO_END, Subject, Terms},
    keys::{self, bundle_file, files},
};
use x509_cert::der::Decode;

use super::{KeysError, Passphrase, folder, read_pair};

/// What was made.
pub(crate) struct Made {
    /// The vendor's name.
    pub(crate) vendor: String,
    /// The files, in the order in which they were written.
    pub(crate) files: Vec<PathBuf>,
}

/// Makes the root of the vendor `name` in `folder`. `now` in seconds since 1970.
pub(crate) fn init_root(
    folder: &Path,
    name: &str,
    passphrase: &Passphrase,
    now: u64,
) -> Result<Made, KeysError> {
    if !(1..=64).contains(&name.len()) || !is_plain(name) {
        let name = name.to_owned();
        return Err(KeysError::BadName { name });
    }
    folder::create(folder)?;
    let mut made = Made {
        vendor: name.to_owned(),
        files: Vec::new(),
    };
    let [key_file, certificate_file] = files(folder, "root");
    folder::none_there([&*key_file, &*certificate_file])?;
    let key = new_key()?;
    let der = certificate::root(name, "Root", &key, &terms(now)?)?;
    made.write_pair(folder, "root", &key, &der, passphrase)?;
    Ok(made)
}

/// Makes factory CA, issuer and factory issuer in `folder`, certified by the root in `root_folder`, and the bundle
/// that hosts pin. The dongles of a `test` vendor may be simulated.
pub(crate) fn init(
    folder: &Path,
    root_folder: &Path,
    test: bool,
    passphrase: &Passphrase,
    root_passphrase: &Passphrase,
    now: u64,
) -> Result<Made, KeysError> {
    let (root_key, root) = read_pair(root_folder, "root", root_passphrase)?;
    let organization = &*organization(&root, &files(root_folder, "root")[1])?;
    folder::create(folder)?;
    let bundle_file = bundle_file(folder);
    let roles = ["factory", "issuer", "factory-issuer"];
    let targets = roles.map(|role| files(folder, role));
    folder::none_there(
        targets
            .as_flattened()
            .iter()
            .chain([&bundle_file])
            .map(PathBuf::as_path),
    )?;
    let mut made = Made {
        vendor: organization.to_owned(),
        files: Vec::new(),
    };
    let subjects = [
        Subject::Factory {
            organization,
            name: "Factory",
        },
        Subject::Issuer {
            organization,
            name: "Issuer",
        },
        Subject::FactoryIssuer {
            organization,
            name: "Factory issuer",
        },
    ];
    for (role, subject) in roles.into_iter().zip(subjects) {
        let key = new_key()?;
        let public_key = key.public_key();
        let der = certificate::certify(&subject, &public_key, &root, &root_key, &terms(now)?)?;
        made.write_pair(folder, role, &key, &der, passphrase)?;
    }
    // The last one: where it is, the others are whole.
    made.write(bundle_file, &bundle(organization, &root, test))?;
    Ok(made)
}

impl Made {
    fn write_pair(
        &mut self,
        folder: &Path,
        role: &str,
        key: &SoftwareKey,
        der: &[u8],
        passphrase: &Passphrase,
    ) -> Result<(), KeysError> {
        let [key_file, certificate_file] = files(folder, role);
        self.write(key_file, &keys::encrypt(key, passphrase)?)?;
        self.write(certificate_file, &keys::to_pem(der)?)
    }

    fn write(&mut self, path: PathBuf, text: &str) -> Result<(), KeysError> {
        folder::write_new(&path, text.as_bytes())?;
        self.files.push(path);
        Ok(())
    }
}

fn organization(root: &[u8], path: &Path) -> Result<String, KeysError> {
    let certificate = x509_cert::Certificate::from_der(root);
    let name = certificate.and_then(|root| root.tbs_certificate().subject().organization());
    match name {
        Ok(Some(name)) => Ok(name.value().into_owned()),
        _ => Err(KeysError::NoName {
            path: path.to_owned(),
        }),
    }
}

fn bundle(vendor: &str, root: &[u8], test: bool) -> String {
    let mut bytes = vec![0; BUNDLE_MAX];
    let length = TrustBundle { vendor, root, test }
        .encode(&mut bytes)
        // Both were bounded when the root was made.
        .unwrap_or_else(|Full| unreachable!("a root of at most {CERT_MAX} bytes and its name fit"));
    let label = Label::TrustBundle;
    let bytes = &bytes[..length];
    Armoured { label, bytes }.to_string()
}

fn new_key() -> Result<SoftwareKey, KeysError> {
    SoftwareKey::generate(getrandom::fill).map_err(|source| KeysError::Random { source })
}

fn terms(now: u64) -> Result<Terms, KeysError> {
    let mut serial_number = [0; 16];
    getrandom::fill(&mut serial_number).map_err(|source| KeysError::Random { source })?;
    Ok(Terms {
        serial_number,
        not_before: now,
        not_after: NO_END,
    })
}
