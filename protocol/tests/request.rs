//! The PKCS#10 request of make-key: what the dongle writes, the station and public tools accept.

use std::process::Command;

use p256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
use proptest::prelude::*;
use tallykey_protocol::{
    cert::{CertError, CertificationRequest, RequestError, write_request},
    limits::CERT_MAX,
};
use x509_parser::prelude::{FromDer, ParsedCriAttribute, X509CertificationRequest};

const NONCE: [u8; 16] = *b"station's nonce.";
const NONCE_HEX: &str = "73746174696f6e2773206e6f6e63652e";

#[test]
fn the_station_reads_what_the_dongle_wrote() {
    let der = request(b"A CHIP!!", "c0ffee00c0ffee00");
    let request = CertificationRequest::verify(&der, &NONCE).unwrap();
    assert_eq!(request.public_key(), &public_key());
    assert_eq!(request.chip_id(), Some("c0ffee00c0ffee00"));
}

#[test]
fn a_request_may_have_no_subject() {
    let der = request(b"A CHIP!!", "");
    let request = CertificationRequest::verify(&der, &NONCE).unwrap();
    assert_eq!(request.chip_id(), None);
}

#[test]
fn a11_request_made_for_another_nonce_is_refused() {
    let der = request(b"A CHIP!!", "c0ffee");
    let refused = CertificationRequest::verify(&der, b"another nonce...").unwrap_err();
    assert_eq!(refused, CertError::Challenge);
}

#[test]
fn a_buffer_too_small_is_told_apart_from_a_key_that_does_not_sign() {
    let sign = |_: &[u8; 32]| Ok::<_, &str>([1; 64]);
    let mut small = [0; 40];
    let full = write_request(&mut small, "c0ffee", &public_key(), &NONCE, sign);
    assert!(matches!(full, Err(RequestError::Encode(CertError::Full))));

    let mut out = [0; CERT_MAX];
    let broken = |_: &[u8; 32]| Err("no entropy");
    let failed = write_request(&mut out, "c0ffee", &public_key(), &NONCE, broken);
    assert!(matches!(failed, Err(RequestError::Sign("no entropy"))));
}

#[test]
fn an_independent_parser_reads_the_same() {
    let der = request(b"A CHIP!!", "c0ffee");
    let (rest, request) = X509CertificationRequest::from_der(&der).unwrap();
    assert!(rest.is_empty());
    request.verify_signature().unwrap();
    let info = &request.certification_request_info;
    assert_eq!(info.subject.to_string(), "CN=c0ffee");
    let challenge = info
        .iter_attributes()
        .find_map(|a| match a.parsed_attribute() {
            ParsedCriAttribute::ChallengePassword(password) => Some(password.0.clone()),
            _ => None,
        });
    assert_eq!(challenge.as_deref(), Some(NONCE_HEX));
}

#[test]
fn openssl_verifies_the_request() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), request(b"A CHIP!!", "c0ffee")).unwrap();
    let output = Command::new("openssl")
        .args(["req", "-inform", "DER", "-verify", "-noout", "-text", "-in"])
        .arg(file.path())
        .output()
        .expect("openssl is needed for this test: install the package `openssl`");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.contains("challengePassword"), "{text}");
    assert!(text.contains(NONCE_HEX), "{text}");
}

proptest! {
    #[test]
    fn a03_changed_request_is_refused(at in 0usize..1000, bit in 0u8..8) {
        let mut der = request(b"A CHIP!!", "c0ffee");
        let at = at % der.len();
        der[at] ^= 1 << bit;
        prop_assert!(CertificationRequest::verify(&der, &NONCE).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_panic(der in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(CertificationRequest::verify(&der, &NONCE).is_err());
    }
}

fn request(seed: &[u8; 8], chip_id: &str) -> Vec<u8> {
    let key = key(seed);
    let mut out = [0; CERT_MAX];
    let sign = |digest: &[u8; 32]| {
        let signature: Signature = key.sign_prehash(digest)?;
        Ok::<_, p256::ecdsa::Error>(signature.to_bytes().into())
    };
    let length = write_request(&mut out, chip_id, &public_key(), &NONCE, sign).unwrap();
    out[..length].to_vec()
}

fn public_key() -> [u8; 65] {
    let point = key(b"A CHIP!!").verifying_key().to_sec1_point(false);
    point.as_bytes().try_into().unwrap()
}

fn key(seed: &[u8; 8]) -> SigningKey {
    let mut scalar = [0; 32];
    scalar[24..].copy_from_slice(seed);
    SigningKey::from_slice(&scalar).unwrap()
}
