//! The host key: made once, kept, and told when it is another one.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use tallykey::service::ports::HostKey;
use tallykey::store::{FolderError, HostKeyError, HostKeyFile, Origin, StateFolder, Unbound};
use tempfile::TempDir;

const FILE: &str = "host-key.pem";
const PUBLIC: &str = "host-key.pub.pem";

fn folder() -> (TempDir, StateFolder) {
    let home = tempfile::tempdir().expect("a temporary folder");
    let folder = StateFolder::claim(&home.path().join("state")).expect("ours");
    (home, folder)
}

fn open(folder: &StateFolder) -> (HostKeyFile, Origin) {
    HostKeyFile::open(folder).expect("a key")
}

#[test]
fn it_is_made_at_the_first_start_and_loaded_at_later_ones() {
    let (_home, folder) = folder();
    let (first, origin) = open(&folder);
    assert_eq!(origin, Origin::Made);
    let (second, origin) = open(&folder);
    assert_eq!(origin, Origin::Loaded);
    assert_eq!(first.thumbprint(), second.thumbprint());
    for name in [FILE, PUBLIC] {
        let metadata = fs::metadata(folder.path().join(name)).expect("a file");
        assert_eq!(metadata.permissions().mode() & 0o7777, 0o600, "{name}");
        assert!(!folder.path().join(format!("{name}.new")).exists());
    }
    let text = fs::read_to_string(folder.path().join(FILE)).expect("text");
    assert!(
        text.starts_with("-----BEGIN PRIVATE KEY-----\n"),
        "not PKCS#8"
    );
    assert!(text.len() < 300, "{} bytes", text.len());
}

#[test]
fn what_it_signs_verifies_with_low_s_and_it_never_shows_itself() {
    let (_home, folder) = folder();
    let (key, _) = open(&folder);
    let public = VerifyingKey::from_sec1_bytes(&key.public_key()).expect("a point");
    for digest in [[0; 32], [7; 32], [0xFF; 32]] {
        let signature = key.sign(&digest).expect("in memory");
        let signature = Signature::from_slice(&signature).expect("r and s");
        public.verify_prehash(&digest, &signature).expect("ours");
        assert_eq!(signature, signature.normalize_s());
    }
    assert_eq!(format!("{key:?}"), "HostKeyFile { .. }");
}

#[test]
fn openssl_reads_both_halves() {
    let (_home, folder) = folder();
    open(&folder);
    let out = Command::new("openssl")
        .args(["pkey", "-pubout", "-in"])
        .arg(folder.path().join(FILE))
        .output()
        .expect("openssl runs");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let public = fs::read(folder.path().join(PUBLIC)).expect("a file");
    assert!(out.stdout == public, "openssl sees another public half");
}

#[test]
fn a_lost_or_damaged_or_foreign_key_is_told_and_never_silently_replaced() {
    let (_home, folder) = folder();
    let path = folder.path().join(FILE);
    let (first, _) = open(&folder);

    fs::remove_file(&path).expect("it was there");
    let (second, origin) = open(&folder);
    let why = Unbound::Lost { path: path.clone() };
    assert_eq!(why.code(), "host-key-unbound");
    assert_eq!(origin, Origin::Replaced { why });
    assert_ne!(first.thumbprint(), second.thumbprint());

    for damage in ["", "-----BEGIN PRIVATE KEY-----\n", "\u{FFFD}"] {
        fs::write(&path, damage).expect("ours");
        let kept = folder.path().join("host-key.damaged.pem");
        let why = Unbound::Damaged { kept: kept.clone() };
        let (_, origin) = open(&folder);
        assert_eq!(origin, Origin::Replaced { why });
        assert_eq!(fs::read_to_string(kept).expect("kept"), damage);
    }

    let (_other_home, other) = self::folder();
    let (third, _) = open(&other);
    fs::copy(other.path().join(FILE), &path).expect("copied");
    let (now, origin) = open(&folder);
    let why = Unbound::Other { path };
    assert_eq!(origin, Origin::Replaced { why });
    assert_eq!(now.thumbprint(), third.thumbprint());
    // Told once; from then on it is the host's key.
    assert_eq!(open(&folder).1, Origin::Loaded);
}

#[test]
fn a_power_cut_between_the_two_files_loses_nothing() {
    let (_home, folder) = folder();
    let (key, _) = open(&folder);
    fs::remove_file(folder.path().join(PUBLIC)).expect("it was there");
    // What a cut in the middle of a write leaves behind.
    fs::write(folder.path().join(format!("{PUBLIC}.new")), "-----BEG").expect("ours");
    let (again, origin) = open(&folder);
    assert_eq!(
        (again.thumbprint(), origin),
        (key.thumbprint(), Origin::Loaded)
    );
    assert!(folder.path().join(PUBLIC).exists());
}

#[test]
fn a09_a_link_at_the_keys_path_is_refused() {
    for name in [FILE, PUBLIC, "host-key.pem.new"] {
        let (home, folder) = folder();
        let precious = home.path().join("precious");
        fs::write(&precious, "precious").expect("a file");
        symlink(&precious, folder.path().join(name)).expect("a link");
        let refused = HostKeyFile::open(&folder).expect_err("a link");
        assert!(
            matches!(refused, HostKeyError::Folder(FolderError::NotOurs { .. })),
            "{name}: {refused:?}"
        );
        assert_eq!(fs::read(&precious).expect("still there"), b"precious");
    }
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let (_home, folder) = folder();
    open(&folder);
    let path = folder.path().join(FILE);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).expect("ours");
    let refused = HostKeyFile::open(&folder).expect_err("others can read it");
    assert_eq!(refused.code(), "unsafe-host-key");
    assert!(matches!(
        refused,
        HostKeyError::OpenToOthers { mode: 0o640, .. }
    ));
}
