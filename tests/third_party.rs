//! Everything that a dongle and its vendor sign is checked up to the vendor's root by tools that are not
//! ours: plain Python with cbor2 and cryptography, and openssl.
//!
//! `check.sh` installs both and names the interpreter in `TALLYKEY_PYTHON`; without it `python3` must have
//! the packages of `tests/third_party/requirements.txt`.
#![cfg(feature = "sim")]

#[path = "third_party/composite.rs"]
mod composite;
#[path = "support/converted.rs"]
mod converted;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tallykey_protocol::command::{Command as DongleCommand, certificate, grant, prove};
use tallykey_protocol::proof::Kind;
use tallykey_signing::{Vendor, simulator};
use tallykey_sim::host::{Channel, Session};

use converted::{SERIAL, provisioned};

/// Writes what a dongle of `vendor` shows to any host, as files.
fn export(vendor: &Vendor, folder: &Path) {
    let profile = simulator::profile();
    let dongle = provisioned(vendor, &profile, |_| ());
    let write =
        |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("a writable folder");
    let mut channel = Channel::new(dongle.connect().expect("plugged in")).expect("a channel");
    channel.hello().expect("hello");
    let answer = channel
        .ask(
            DongleCommand::Certificate,
            &certificate::Request { known: None },
        )
        .expect("answers");
    let reply: certificate::Reply<'_> = answer.read_ok().expect("has a chain");
    let [leaf, factory] = reply.chain.expect("a chain");
    write("dongle.der", leaf);
    write("factory.der", factory);
    write("root.der", vendor.root_certificate());
    write(
        "profile.cbor",
        &vendor.sign_profile(&profile).expect("signs"),
    );

    let mut session = Session::open(channel, [1; 16]).expect("opens");
    let answer = session
        .ask(DongleCommand::Grant, &grant::Request::Index(0))
        .expect("answers");
    write(
        "grant.cbor",
        answer
            .read_ok::<grant::Reply<'_>>()
            .expect("has a grant")
            .record,
    );
    let nonce = [0x4E; 32];
    let request = prove::Request {
        kind: Kind::State,
        nonce,
        statement: &[],
    };
    let answer = session
        .ask(DongleCommand::Prove, &request)
        .expect("answers");
    write(
        "state-proof.cbor",
        answer.read_ok::<prove::Reply<'_>>().expect("proves").proof,
    );
    write("nonce.bin", &nonce);
}

fn python(arguments: &[&Path]) -> Output {
    let interpreter = std::env::var_os("TALLYKEY_PYTHON").unwrap_or_else(|| "python3".into());
    Command::new(interpreter)
        .arg("tests/third_party/verify.py")
        .args(arguments)
        .output()
        .expect("python3 runs")
}

/// Python must refuse it, and for this reason: a missing package would be a failure too.
#[track_caller]
fn refused(folder: &Path, reason: &str) {
    let output = python(&[folder]);
    let errors = String::from_utf8_lossy(&output.stderr).to_lowercase();
    assert!(!output.status.success(), "it passed");
    assert!(
        errors.contains(&reason.to_lowercase()),
        "another reason: {errors}"
    );
}

#[test]
fn plain_python_follows_a_dongle_up_to_the_root() {
    let folder = tempfile::tempdir().expect("a folder");
    export(&simulator::vendor().expect("constant keys"), folder.path());
    let output = python(&[folder.path()]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(said["serial"], SERIAL);
    assert_eq!(said["simulated"], true);
    assert_eq!(said["lines"], serde_json::json!({ "camera": 64, "vca": 8 }));
    assert_eq!(said["free"], serde_json::json!({ "camera": 4 }));
}

#[test]
fn plain_python_refuses_what_another_vendor_signed() {
    let folder = tempfile::tempdir().expect("a folder");
    export(&simulator::vendor().expect("constant keys"), folder.path());
    let other =
        Vendor::generate("Other", false, simulator::ISSUED_AT, getrandom::fill).expect("new keys");
    let profile = other.sign_profile(&simulator::profile()).expect("signs");
    fs::write(folder.path().join("profile.cbor"), profile).expect("a writable folder");
    refused(folder.path(), "issuer");
}

#[test]
fn plain_python_refuses_a_changed_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    export(&simulator::vendor().expect("constant keys"), folder.path());
    for name in ["grant.cbor", "state-proof.cbor"] {
        let path = folder.path().join(name);
        let good = fs::read(&path).expect("exported");
        let mut bad = good.clone();
        *bad.last_mut().expect("a signature") ^= 1;
        fs::write(&path, bad).expect("a writable folder");
        refused(folder.path(), "InvalidSignature");
        fs::write(&path, good).expect("a writable folder");
    }
}

#[test]
fn openssl_follows_the_dongles_certificate_up_to_the_root() {
    let folder = tempfile::tempdir().expect("a folder");
    export(&simulator::vendor().expect("constant keys"), folder.path());
    let pem = |name: &str| {
        let (der, pem) = (
            folder.path().join(name),
            folder.path().join(format!("{name}.pem")),
        );
        let converted = Command::new("openssl")
            .args(["x509", "-inform", "der", "-in"])
            .arg(&der)
            .arg("-out")
            .arg(&pem)
            .status();
        assert!(converted.expect("openssl runs").success(), "{name}");
        pem
    };
    // The dongle's role is a purpose of ours, which openssl need not know: any purpose will do for it.
    let output = Command::new("openssl")
        .args(["verify", "-x509_strict", "-purpose", "any", "-CAfile"])
        .arg(pem("root.der"))
        .arg("-untrusted")
        .arg(pem("factory.der"))
        .arg(pem("dongle.der"))
        .output()
        .expect("openssl runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
