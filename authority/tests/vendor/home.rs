//! A vendor in a folder of its own, and the program run on it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use tallykey_protocol::{
    armour::{self, Label},
    limits::CERT_MAX,
    trust::TrustBundle,
};
use tallykey_signing::{Issuer, SoftwareKey};
use tempfile::TempDir;

pub(crate) const NAME: &str = "Acme, Inc.";

/// A folder with a passphrase file.
pub(crate) struct Home(TempDir);

/// A run that has ended.
pub(crate) struct Ran(Output);

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a folder"));
        fs::write(home.path("passphrase"), "four words of hay\n").expect("writable");
        home
    }

    /// With root and keys made by the program.
    pub(crate) fn with_keys() -> Self {
        let home = Self::new();
        home.init_root().exits(0);
        home.init(&[]).exits(0);
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("tallykey-vendor"));
        Ran(command
            .args(args)
            .current_dir(self.0.path())
            .output()
            .expect("the program runs"))
    }

    pub(crate) fn init_root(&self) -> Ran {
        let args = ["keys", "init-root", "--dir", "vendor", "--name", NAME];
        self.run(&[&args[..], &["--passphrase-file", "passphrase"]].concat())
    }

    pub(crate) fn init(&self, more: &[&str]) -> Ran {
        let args = ["keys", "init", "--dir", "vendor"];
        self.run(&[&args[..], &["--passphrase-file", "passphrase"], more].concat())
    }

    /// What `openssl` says, or nothing if it fails.
    pub(crate) fn openssl(&self, args: &[&str]) -> Option<String> {
        let output = Command::new("openssl")
            .args(args)
            .current_dir(self.0.path())
            .output()
            .expect("openssl runs");
        let text = String::from_utf8(output.stdout).expect("text");
        output.status.success().then_some(text)
    }

    /// The key of a role, as openssl decrypts it.
    pub(crate) fn key(&self, role: &str) -> SoftwareKey {
        let file = format!("vendor/{role}.key");
        let pem = self.openssl(&["pkey", "-in", &file, "-passin", "file:passphrase"]);
        SoftwareKey::from_pem(&pem.expect("openssl opens the key")).expect("a P-256 key")
    }

    /// The certificate of a role in DER.
    pub(crate) fn certificate(&self, role: &str) -> Vec<u8> {
        let file = format!("vendor/{role}.crt");
        self.openssl(&["x509", "-in", &file, "-out", "der", "-outform", "DER"])
            .expect("openssl reads the certificate");
        fs::read(self.path("der")).expect("written by openssl")
    }

    /// Signs something as the vendor's issuer does.
    pub(crate) fn as_issuer<T>(&self, sign: impl FnOnce(&Issuer<'_>) -> T) -> T {
        let (key, certificate) = (self.key("issuer"), self.certificate("issuer"));
        let root = self.certificate("root");
        sign(&Issuer {
            key: &key,
            certificate: &certificate,
            root: &root,
        })
    }

    /// Whether the vendor's bundle says test.
    pub(crate) fn is_test(&self) -> bool {
        let text = fs::read(self.path("vendor/vendor.bundle")).expect("a bundle");
        let mut buffer = [0; CERT_MAX + 256];
        let bytes = armour::single(&text, Label::TrustBundle, &mut buffer).expect("armour");
        let bundle = TrustBundle::decode(bytes).expect("a bundle");
        assert_eq!(bundle.vendor, NAME);
        bundle.test
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        let (out, err) = (self.out(), self.err());
        assert_eq!(self.0.status.code(), Some(code), "{out}\n{err}");
        self
    }

    /// Refused with this code, and with something to do next.
    #[track_caller]
    pub(crate) fn refused(self, code: &str) {
        let ran = self.exits(3);
        let err = ran.err();
        assert!(err.contains(&format!("code: {code} (")), "{err}");
        assert!(err.contains("next: "), "{err}");
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.0.stdout).expect("one JSON document")
    }
}

/// The names and contents of the files in a folder.
pub(crate) fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.clone(), fs::read(path).expect("readable")))
        .collect();
    files.sort();
    files
}
