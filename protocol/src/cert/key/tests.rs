//! A26: ECDSA edge cases as X.509 meets them, from Project Wycheproof.
//!
//! There is one check of a certificate's signature, here: the host reads a dongle's chain with it, the core
//! the chain that the factory sends and the issuer of a grant.

extern crate std;

use super::{Key, read_signature};
use std::string::String;
use std::vec::Vec;
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

/// Vectors whose answer is not Wycheproof's, and how many were asked.
fn differences(
    name: TestName,
    is_good: impl Fn(&Key<'_>, &[u8], &[u8]) -> bool,
) -> (Vec<String>, usize) {
    let set = TestSet::load(name).expect("the set loads");
    let mut differ = Vec::new();
    let mut asked = 0;
    for group in &set.test_groups {
        let key = Key::read(&group.der).expect("the keys of the set are good");
        for test in &group.tests {
            asked += 1;
            // Nothing here is a matter of policy: a set that begins to say so is to be looked at.
            let expected = match test.result {
                TestResult::Valid => Some(true),
                TestResult::Invalid => Some(false),
                TestResult::Acceptable => None,
            };
            if expected != Some(is_good(&key, &test.msg, &test.sig)) {
                differ.push(std::format!("{}: {}", test.tc_id, test.comment));
            }
        }
    }
    (differ, asked)
}

#[test]
fn a26_a_certificates_signature_is_judged_as_wycheproof_judges_it() {
    let (differ, asked) = differences(TestName::EcdsaSecp256r1Sha256, |key, message, der| {
        read_signature(der).is_ok_and(|signature| key.verify(message, &signature).is_ok())
    });
    assert!(differ.is_empty(), "{differ:#?}");
    assert!(asked > 400, "only {asked} vectors");
}

#[test]
fn a26_a_check_that_takes_every_signature_that_can_be_read_would_be_caught() {
    let (differ, asked) = differences(TestName::EcdsaSecp256r1Sha256, |_, _, der| {
        read_signature(der).is_ok()
    });
    assert!(!differ.is_empty() && differ.len() < asked);
}
