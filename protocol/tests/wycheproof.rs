//! A26: edge cases of ECDSA and ECDH from Project Wycheproof, through the functions that host and core share.
//!
//! `cose::verify_digest` is the only check of a record's signature and `session::Keys::agree` the only key
//! agreement, on either side of the wire. The DER form of the same vectors goes through the check of
//! certificates, beside its code in `src/cert/key/`.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use tallykey_protocol::command::Command;
use tallykey_protocol::cose::{CoseError, verify_digest};
use tallykey_protocol::session::{self, Direction, Keys};
use wycheproof::{TestResult, ecdh, ecdsa};

/// Half the order of the curve: the highest s that our records allow (SEC 2 §2.4.2).
const HALF_ORDER: [u8; 32] = [
    0x7F, 0xFF, 0xFF, 0xFF, 0x80, 0x00, 0x00, 0x00, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xDE, 0x73, 0x7D, 0x56, 0xD3, 0x8B, 0xCF, 0x42, 0x79, 0xDC, 0xE5, 0x61, 0x7E, 0x31, 0x92, 0xA8,
];

/// A valid signature passes unless its s is high, which is [`CoseError::HighS`]; nothing else passes.
#[test]
fn a26_a_records_signature_is_judged_as_wycheproof_judges_it_and_low_s_only() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).expect("loads");
    let (mut passed, mut high, mut refused, mut unfit) = (0, 0, 0, 0);
    for group in &set.test_groups {
        let key = <[u8; 65]>::try_from(&group.key.key[..]).expect("an uncompressed point");
        for test in &group.tests {
            let what = format!("{}: {}", test.tc_id, test.comment);
            let Ok(signature) = <[u8; 64]>::try_from(&test.sig[..]) else {
                // The reader of records takes exactly 64 bytes, so these do not get this far.
                assert_eq!(test.result, TestResult::Invalid, "{what}");
                unfit += 1;
                continue;
            };
            let answer = verify_digest(&key, &Sha256::digest(&test.msg[..]).into(), &signature);
            let high_s = signature[32..] > HALF_ORDER[..];
            match test.result {
                TestResult::Valid if high_s => {
                    assert_eq!(answer, Err(CoseError::HighS), "{what}");
                    high += 1;
                }
                TestResult::Valid => {
                    assert_eq!(answer, Ok(()), "{what}");
                    passed += 1;
                }
                TestResult::Invalid => {
                    assert!(answer.is_err(), "{what}");
                    // Unless its s is high and in range, it is refused for what it is.
                    assert!(high_s || answer == Err(CoseError::BadSignature), "{what}");
                    refused += 1;
                }
                TestResult::Acceptable => panic!("a vector that leaves the answer open: {what}"),
            }
        }
    }
    println!("{passed} pass, {high} high s, {refused} refused, {unfit} of another length");
    assert!(
        passed > 50 && high > 20 && refused > 50 && unfit > 0,
        "the set has shrunk"
    );
}

/// With low s in place of high s, every valid signature passes: the rule refuses a form, not a signer.
#[test]
fn a26_every_valid_signature_passes_in_its_low_s_form() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).expect("loads");
    let valid = |test: &&ecdsa::Test| test.result == TestResult::Valid;
    for group in &set.test_groups {
        let key = <[u8; 65]>::try_from(&group.key.key[..]).expect("an uncompressed point");
        for test in group.tests.iter().filter(valid) {
            let signature = p256::ecdsa::Signature::from_slice(&test.sig).expect("in range");
            let low = signature.normalize_s().to_bytes().into();
            let digest = Sha256::digest(&test.msg[..]).into();
            assert_eq!(
                verify_digest(&key, &digest, &low),
                Ok(()),
                "{}",
                test.comment
            );
        }
    }
}

/// The MAC keys come from the shared secret that Wycheproof expects; what is no point is refused.
#[test]
fn a26_key_agreement_is_that_of_wycheproof_and_refuses_what_is_no_point() {
    let set = ecdh::TestSet::load(ecdh::TestName::EcdhSecp256r1Ecpoint).expect("loads");
    let (mut agreed, mut refused, mut unfit) = (0, 0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let what = format!("{}: {}", test.tc_id, test.comment);
        // Compressed points, and points of other curves: `open` takes exactly 65 bytes.
        let Ok(peer) = <[u8; 65]>::try_from(&test.public_key[..]) else {
            unfit += 1;
            continue;
        };
        let keys = Keys::agree(&secret(&test.private_key), &peer, &TRANSCRIPT);
        match test.result {
            TestResult::Valid => {
                let keys = keys.unwrap_or_else(|_| panic!("{what}"));
                for (direction, code, info) in [
                    (Direction::ToDongle, 0, "tallykey v1 to dongle"),
                    (Direction::ToHost, 1, "tallykey v1 to host"),
                ] {
                    let mut message = [0; 128];
                    let length =
                        session::seal(&keys, direction, 7, Command::Heartbeat, b"x", &mut message)
                            .expect("fits");
                    let expected = message_by_hand(&test.shared_secret, info, code);
                    assert_eq!(message[..length], expected, "{what}");
                }
                agreed += 1;
            }
            TestResult::Invalid => {
                assert!(keys.is_err(), "{what}");
                refused += 1;
            }
            TestResult::Acceptable => panic!("a vector that leaves the answer open: {what}"),
        }
    }
    println!("{agreed} agree, {refused} refused, {unfit} of another length");
    assert!(
        agreed > 100 && refused > 0 && unfit > 0,
        "the set has shrunk"
    );
}

const TRANSCRIPT: [u8; 32] = [0x5A; 32];

/// Wycheproof writes private keys as integers: with leading zeros, or without.
fn secret(integer: &[u8]) -> p256::SecretKey {
    let significant = integer.iter().skip_while(|byte| **byte == 0);
    let bytes: Vec<u8> = significant.copied().collect();
    let mut padded = [0; 32];
    padded[32 - bytes.len()..].copy_from_slice(&bytes);
    p256::SecretKey::from_slice(&padded).expect("in range")
}

/// What `seal` makes of the payload `x` and the sequence number 7, put together from RFC 5869 and RFC 9052 §6.
fn message_by_hand(shared: &[u8], info: &str, direction: u8) -> Vec<u8> {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(Some(&TRANSCRIPT), shared)
        .expand(info.as_bytes(), &mut key)
        .expect("32 bytes");
    // {1: 5, -65537: 7}
    let header = *b"\xA2\x01\x05\x3A\x00\x01\x00\x00\x07";
    // ["MAC0", header, << [direction, 7, 0x43] >>, 'x']
    let structure = [
        &b"\x84\x64MAC0\x49"[..],
        &header,
        &[0x45, 0x83, direction, 0x07, 0x18, 0x43],
        b"\x41x",
    ]
    .concat();
    let tag = Hmac::<Sha256>::new_from_slice(&key)
        .expect("any length")
        .chain_update(structure)
        .finalize()
        .into_bytes();
    // 17([header, {}, 'x', tag])
    [&b"\xD1\x84\x49"[..], &header, b"\xA0\x41x\x58\x20", &tag].concat()
}
