//! A dongle converts, and what it made stands alone: Python and openssl follow it up to the vendor's root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tallykey_protocol::armour::{Armoured, Label};
use tallykey_protocol::cert::Certificate;
use tallykey_protocol::composite::Composite;
use tallykey_protocol::list::List;
use tallykey_protocol::target::{Component, Part, Target};
use tallykey_signing::{Signer, SoftwareKey, Vendor, simulator};

use super::converted::{Parts, SERIAL};
use super::python;

fn parts(vendor: &Vendor) -> Parts {
    Parts::of(vendor, &simulator::profile(), target())
}

fn target() -> Target {
    let board = Component {
        part: Part::Board,
        hash: [5; 16],
    };
    let host_key = SoftwareKey::from_bytes(&[9; 32]).expect("a scalar");
    Target {
        salt: [6; 16],
        components: List::of(&[board]).expect("one"),
        host_key: host_key.public_key(),
    }
}

/// Hands `envelope` to Python, as it would come by mail, with the root of `vendor`.
fn checked(vendor: &Vendor, envelope: &[u8], folder: &Path) -> Output {
    let (root, licence) = (folder.join("root.der"), folder.join("licence.txt"));
    fs::write(&root, vendor.root_certificate()).expect("a writable folder");
    let (label, bytes) = (Label::Licence, envelope);
    let text = format!("Your licence:\n\n{}", Armoured { label, bytes });
    fs::write(&licence, text).expect("a writable folder");
    python(&[Path::new("--composite"), &root, &licence, folder])
}

#[track_caller]
fn refused(output: &Output, reason: &str) {
    let errors = String::from_utf8_lossy(&output.stderr).to_lowercase();
    assert!(!output.status.success(), "it passed");
    assert!(errors.contains(reason), "another reason: {errors}");
}

#[test]
fn plain_python_and_openssl_follow_a_conversion_up_to_the_root() {
    let folder = tempfile::tempdir().expect("a folder");
    let vendor = simulator::vendor().expect("constant keys");
    let envelope = parts(&vendor).envelope();
    let output = checked(&vendor, &envelope, folder.path());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(said["serial"], SERIAL);
    assert_eq!(said["lines"], serde_json::json!({ "camera": 16 }));
    assert_eq!(said["components"], 1);

    // Python understands what our own reader does.
    let root = Certificate::parse(vendor.root_certificate()).expect("a root");
    let ours = Composite::verify(&envelope, &root).expect("a true licence");
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    assert_eq!(said["identity"], hex(&ours.traced.identity));
    assert_eq!(said["host_key"], hex(&target().host_key));
    assert_eq!((ours.target, ours.traced.simulated), (target(), true));

    openssl_agrees(folder.path());
}

/// Each certificate up to the root, each signature under the key of its certificate.
fn openssl_agrees(folder: &Path) {
    let in_folder = |name: &str| folder.join(name);
    let pem = |name: &str| -> PathBuf {
        let pem = in_folder(&format!("{name}.pem"));
        let der = in_folder(&format!("{name}.der"));
        openssl(
            &["x509", "-inform", "der", "-in"],
            &[&der, Path::new("-out"), &pem],
        );
        pem
    };
    let (root, factory) = (pem("root"), pem("factory"));
    let strict = ["verify", "-x509_strict", "-purpose", "any", "-CAfile"];
    let untrusted = Path::new("-untrusted");
    openssl(&strict, &[&root, untrusted, &factory, &pem("dongle")]);
    openssl(&strict, &[&root, &pem("issuer")]);
    for (record, signer) in [("receipt", "dongle"), ("grant", "issuer")] {
        let key = in_folder(&format!("{signer}.pub"));
        let certificate = pem(signer);
        openssl(
            &["x509", "-pubkey", "-noout", "-out"],
            &[&key, Path::new("-in"), &certificate],
        );
        let signature = in_folder(&format!("{record}.sig"));
        let signed = in_folder(&format!("{record}.tbs"));
        let (flag, digest) = (Path::new("-signature"), ["dgst", "-sha256", "-verify"]);
        openssl(&digest, &[&key, flag, &signature, &signed]);
    }
}

fn openssl(arguments: &[&str], files: &[&Path]) {
    let output = Command::new("openssl").args(arguments).args(files).output();
    let output = output.expect("openssl runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
}

#[test]
fn a03_plain_python_refuses_a_conversion_that_does_not_hang_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let vendor = simulator::vendor().expect("constant keys");
    let other =
        Vendor::generate("Other", false, simulator::ISSUED_AT, getrandom::fill).expect("new keys");
    let good = parts(&vendor);
    let output = checked(&other, &good.envelope(), folder.path());
    refused(&output, "issuer");

    // The same serial under another root: every part is true, and they are not of one dongle.
    let stranger = parts(&other);
    let mixed = Parts {
        grant: stranger.grant,
        ..parts(&vendor)
    };
    refused(
        &checked(&vendor, &mixed.envelope(), folder.path()),
        "issuer",
    );
    // A new key each time it is provisioned: another dongle of this vendor, under the same serial.
    let twin = Parts {
        receipt: parts(&vendor).receipt,
        ..good
    };
    refused(&checked(&vendor, &twin.envelope(), folder.path()), "kid");
    let mut bent = parts(&vendor);
    *bent.receipt.last_mut().expect("a signature") ^= 1;
    let output = checked(&vendor, &bent.envelope(), folder.path());
    refused(&output, "invalidsignature");
}
