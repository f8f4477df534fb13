//! Making keys: what public tools open, what is refused, and that nothing is overwritten.

use std::fs;

use tallykey_protocol::cert::{Certificate, Role};
use tallykey_signing::Signer;

use crate::home::{Home, contents};

#[test]
fn openssl_opens_the_keys_and_reads_the_certificates() {
    let home = Home::with_keys();
    let root = home.certificate("root");
    let root = Certificate::parse(&root).expect("our profile");
    root.verify_root().expect("a root");
    for (role, expected) in [
        ("root", None),
        ("factory", Some(Role::Factory)),
        ("issuer", Some(Role::Issuer)),
        ("factory-issuer", Some(Role::FactoryIssuer)),
    ] {
        let certificate = home.certificate(role);
        let certificate = Certificate::parse(&certificate).expect("our profile");
        assert_eq!(certificate.role(), expected);
        assert_eq!(*certificate.public_key(), home.key(role).public_key());
        if expected.is_some() {
            certificate.verify_signed_by(&root).expect("the root's");
        }
    }
    let file = home.path("vendor/root.key");
    let text = fs::read_to_string(file).expect("text");
    assert!(
        text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"),
        "{text}"
    );
    let wrong = ["pkey", "-in", "vendor/root.key", "-passin", "pass:hay"];
    assert_eq!(home.openssl(&wrong), None, "a wrong passphrase opens it");
    assert!(!home.is_test());
}

#[test]
fn a_test_vendor_says_so_in_its_bundle() {
    let home = Home::new();
    home.init_root().exits(0);
    let out = home.init(&["--test"]).exits(0).out();
    assert!(out.contains("TEST VENDOR"), "{out}");
    assert!(home.is_test());
}

#[test]
fn nothing_is_overwritten() {
    let home = Home::with_keys();
    let before = contents(&home.path("vendor"));
    home.init_root().refused("already-there");
    home.init(&[]).refused("already-there");
    // What an earlier run left stands in the way as a whole.
    fs::remove_file(home.path("vendor/factory.key")).expect("there");
    home.init(&[]).refused("already-there");
    let after = contents(&home.path("vendor"));
    let kept = before
        .iter()
        .filter(|(path, _)| !path.ends_with("factory.key"));
    assert!(kept.eq(&after));
}

#[test]
fn a_passphrase_comes_from_a_file_or_a_person() {
    let home = Home::new();
    let args = ["keys", "init-root", "--dir", "vendor", "--name", "Acme"];
    home.run(&args).refused("no-passphrase");
    fs::write(home.path("empty"), "\n").expect("writable");
    let from = |file| [&args[..], &["--passphrase-file", file]].concat();
    home.run(&from("empty")).refused("empty-passphrase");
    home.run(&from("nowhere")).exits(1);
    home.run(&[&args[..], &["--passphrase", "hay"]].concat())
        .exits(2);
    assert!(!home.path("vendor").exists());
    home.init_root().exits(0);
    fs::write(home.path("other"), "another\n").expect("writable");
    let before = contents(&home.path("vendor"));
    home.init(&["--root-passphrase-file", "other"])
        .refused("wrong-passphrase");
    assert_eq!(contents(&home.path("vendor")), before);
}

#[test]
fn a_name_that_no_certificate_takes_is_refused() {
    let home = Home::new();
    let long = "x".repeat(65);
    for name in ["", "a\u{1b}[31m", &long] {
        let args = ["keys", "init-root", "--dir", "vendor", "--name", name];
        home.run(&[&args[..], &["--passphrase-file", "passphrase"]].concat())
            .refused("bad-vendor-name");
    }
    assert!(!home.path("vendor").exists());
}

#[test]
fn a_key_beside_another_certificate_is_refused() {
    let (home, other) = (Home::with_keys(), Home::with_keys());
    fs::copy(other.path("vendor/root.key"), home.path("vendor/root.key")).expect("copied");
    home.run(&[
        "keys",
        "init",
        "--dir",
        "second",
        "--root-dir",
        "vendor",
        "--passphrase-file",
        "passphrase",
    ])
    .refused("other-key");
    assert!(!home.path("second").exists());
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::with_keys();
    let mode = |path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(home.path("vendor")), 0o700);
    for (path, _) in contents(&home.path("vendor")) {
        assert_eq!(mode(path.clone()), 0o600, "{}", path.display());
    }
}
