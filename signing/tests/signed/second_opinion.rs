//! Parsers that nobody here wrote read the same.

use std::{path::Path, process::Command};

use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};

use crate::pki::{CHIP_ID, SERIAL, pki};

#[test]
fn an_independent_parser_verifies_the_chain() {
    let pki = pki(1);
    let certificates = [&pki.root, &pki.factory, &pki.dongle].map(|der| read(der));
    let [root, factory, dongle] = &certificates;
    root.verify_signature(None).unwrap();
    factory.verify_signature(Some(root.public_key())).unwrap();
    dongle.verify_signature(Some(factory.public_key())).unwrap();
    assert_eq!(dongle.issuer(), factory.subject());
    assert_eq!(factory.issuer().to_string(), "O=Acme, Inc., CN=Root");
}

#[test]
fn an_independent_parser_sees_the_dongle_profile() {
    let pki = pki(1);
    let dongle = read(&pki.dongle);
    assert_eq!(dongle.version().0, 2);
    assert_eq!(
        dongle.subject().to_string(),
        format!("serialNumber={SERIAL}")
    );
    assert_eq!(dongle.validity().not_after.timestamp(), 253_402_300_799);
    let usage = dongle.key_usage().unwrap().unwrap();
    assert!(usage.critical && usage.value.digital_signature() && !usage.value.key_cert_sign());
    let purpose = dongle.extended_key_usage().unwrap().unwrap();
    assert!(purpose.critical);
    assert_eq!(
        purpose.value.other[0].to_id_string(),
        "1.3.6.1.4.1.32473.1.4"
    );

    let names = dongle.subject_alternative_name().unwrap().unwrap();
    let [GeneralName::OtherName(oid, value)] = &names.value.general_names[..] else {
        panic!("{names:?}");
    };
    assert_eq!(oid.to_id_string(), "1.3.6.1.5.5.7.8.4");
    assert!(value.ends_with(CHIP_ID));
    assert!(!dongle.iter_extensions().any(|e| matches!(
        e.parsed_extension(),
        ParsedExtension::ParseError { .. } | ParsedExtension::UnsupportedExtension { .. }
    )));
}

#[test]
fn openssl_verifies_the_chain_strictly_and_refuses_another_root() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (pki(1), pki(11));
    let pem = |name: &str, der: &[u8]| {
        let (from, to) = (folder.path().join("der"), folder.path().join(name));
        std::fs::write(&from, der).unwrap();
        openssl(
            &["x509", "-inform", "DER", "-in"],
            &[&from],
            &["-out"],
            &[&to],
        );
        to
    };
    let root = pem("root.pem", &ours.root);
    let other = pem("other.pem", &theirs.root);
    let factory = pem("factory.pem", &ours.factory);
    let dongle = pem("dongle.pem", &ours.dongle);
    let verify = |root: &Path| {
        let options = ["-no-CApath", "-no-CAstore", "-x509_strict", "-check_ss_sig"];
        Command::new("openssl")
            .arg("verify")
            .args(options)
            .arg("-CAfile")
            .arg(root)
            .arg("-untrusted")
            .arg(&factory)
            .arg(&dongle)
            .output()
            .expect("openssl is needed for this test: install the package `openssl`")
    };
    let good = verify(&root);
    assert!(
        good.status.success(),
        "{}",
        String::from_utf8_lossy(&good.stderr)
    );
    assert!(!verify(&other).status.success());

    let text = openssl(&["x509", "-noout", "-text", "-in"], &[&dongle], &[], &[]);
    for expected in [
        SERIAL,
        "9999",
        "1.3.6.1.4.1.32473.1.4",
        "ecdsa-with-SHA256",
        "prime256v1",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
}

fn read(der: &[u8]) -> X509Certificate<'_> {
    let (rest, certificate) = X509Certificate::from_der(der).unwrap();
    assert!(rest.is_empty());
    certificate
}

fn openssl(before: &[&str], input: &[&Path], after: &[&str], output: &[&Path]) -> String {
    let run = Command::new("openssl")
        .args(before)
        .args(input)
        .args(after)
        .args(output)
        .output()
        .expect("openssl is needed for this test: install the package `openssl`");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    String::from_utf8(run.stdout).unwrap()
}
