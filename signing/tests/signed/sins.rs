//! One certificate per sin, signed by the right key: what refuses it is the rule, not the signature.

use der::asn1::ObjectIdentifier;
use tallykey_protocol::cert::{CertError, Certificate};
use tallykey_signing::SoftwareKey;

use crate::{
    der_tree::{Node, forge, tbs},
    pki::pki,
};

const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const AUTHORITY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");

/// Places of the extensions in a dongle's certificate.
const BASIC_AT: usize = 0;
const USAGE_AT: usize = 1;
const ROLE_AT: usize = 2;
const AUTHORITY_AT: usize = 4;
const ALT_NAME_AT: usize = 5;

/// What is wrong, how to make it so, what is said of it.
type Sin = (&'static str, fn(&mut Node), CertError);

#[test]
fn a03_each_sin_of_a_dongle_certificate_has_its_own_refusal() {
    let pki = pki(1);
    for (name, bend, expected) in DONGLE_SINS {
        assert_eq!(
            refusal(&pki.dongle, &pki.factory_key, bend),
            *expected,
            "{name}"
        );
    }
}

#[test]
fn a03_each_sin_of_an_authority_has_its_own_refusal() {
    let pki = pki(1);
    for (name, bend, expected) in FACTORY_SINS {
        assert_eq!(
            refusal(&pki.factory, &pki.root_key, bend),
            *expected,
            "{name}"
        );
    }
}

#[test]
fn an_extension_that_is_not_known_and_not_critical_is_passed_over() {
    let pki = pki(1);
    let der = forge(&pki.dongle, &pki.factory_key, |t| {
        t.extensions()
            .push(extension(&[0x55, 0x1d, 30], None, &[0x30, 0]));
    });
    Certificate::parse(&der).unwrap();
}

#[test]
fn a03_trailing_bytes_are_refused() {
    let mut der = pki(1).dongle;
    der.push(0);
    assert_eq!(
        Certificate::parse(&der).unwrap_err(),
        CertError::TrailingBytes
    );
}

#[test]
fn a02_too_long_a_certificate_is_not_read() {
    let (length, limit) = (1025, 1024);
    let refused = Certificate::parse(&[0x30; 1025]).unwrap_err();
    assert_eq!(refused, CertError::TooLong { length, limit });
}

#[test]
fn a03_algorithm_changed_outside_the_signature_is_refused() {
    let mut tree = Node::read(&pki(1).dongle);
    *tree.at(&[1, 0]).bytes() = ECDSA_WITH_SHA384.to_vec();
    let refused = Certificate::parse(&tree.write()).unwrap_err();
    assert_eq!(refused, CertError::AlgorithmMismatch);

    *tree.at(&[0, tbs::ALGORITHM, 0]).bytes() = ECDSA_WITH_SHA384.to_vec();
    let refused = Certificate::parse(&tree.write()).unwrap_err();
    assert_eq!(refused, CertError::Algorithm);
}

/// 1.2.840.10045.4.3.3.
const ECDSA_WITH_SHA384: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];

const DONGLE_SINS: &[Sin] = &[
    (
        "version 2",
        |t| *t.at(&[tbs::VERSION, 0]).bytes() = vec![1],
        CertError::Version,
    ),
    (
        "version 1",
        |t| drop(t.children().remove(tbs::VERSION)),
        CertError::Version,
    ),
    (
        "serial number 0",
        |t| *t.at(&[tbs::SERIAL]).bytes() = vec![0],
        CertError::SerialNumber,
    ),
    (
        "negative serial number",
        |t| *t.at(&[tbs::SERIAL]).bytes() = vec![0x80, 1],
        CertError::SerialNumber,
    ),
    (
        "serial number of 21 bytes",
        |t| *t.at(&[tbs::SERIAL]).bytes() = vec![1; 21],
        CertError::SerialNumber,
    ),
    (
        "no issuer",
        |t| t.at(&[tbs::ISSUER]).children().clear(),
        CertError::Name,
    ),
    (
        "two attributes in one RDN",
        |t| {
            let attribute = t.at(&[tbs::ISSUER, 1, 0]).clone();
            t.at(&[tbs::ISSUER, 0]).children().push(attribute);
            t.at(&[tbs::ISSUER]).children().pop();
        },
        CertError::Name,
    ),
    (
        "control character in a name",
        |t| t.at(&[tbs::ISSUER, 0, 0, 1]).bytes()[0] = 0x1b,
        CertError::Name,
    ),
    (
        "name in T61String",
        |t| *t.at(&[tbs::ISSUER, 0, 0, 1]).tag() = 0x14,
        CertError::Name,
    ),
    (
        "no subject",
        |t| t.at(&[tbs::SUBJECT]).children().clear(),
        CertError::Name,
    ),
    (
        "serial in small letters",
        |t| *t.at(&[tbs::SUBJECT, 0, 0, 1]).bytes() = b"tk-42".to_vec(),
        CertError::Name,
    ),
    (
        "serial as UTF8String",
        |t| *t.at(&[tbs::SUBJECT, 0, 0, 1]).tag() = 0x0c,
        CertError::Name,
    ),
    (
        "GeneralizedTime before 2050",
        |t| {
            *t.at(&[tbs::VALIDITY, 0]) = Node::Leaf(0x18, b"20260101000000Z".to_vec());
        },
        CertError::Validity,
    ),
    (
        "time without seconds",
        |t| *t.at(&[tbs::VALIDITY, 0]).bytes() = b"2601010000Z".to_vec(),
        CertError::Validity,
    ),
    (
        "time with an offset",
        |t| {
            *t.at(&[tbs::VALIDITY, 0]).bytes() = b"260101000000+0100".to_vec();
        },
        CertError::Validity,
    ),
    (
        "February 30th",
        |t| *t.at(&[tbs::VALIDITY, 0]).bytes() = b"260230000000Z".to_vec(),
        CertError::Validity,
    ),
    (
        "ends before it begins",
        |t| t.at(&[tbs::VALIDITY]).children().swap(0, 1),
        CertError::Validity,
    ),
    (
        "key of another curve",
        |t| t.at(&[tbs::SPKI, 0, 1]).bytes()[7] = 1,
        CertError::PublicKey,
    ),
    (
        "RSA key",
        |t| {
            *t.at(&[tbs::SPKI, 0, 0]).bytes() = vec![0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
        },
        CertError::PublicKey,
    ),
    (
        "compressed key",
        |t| {
            let bits = t.at(&[tbs::SPKI, 1]).bytes();
            bits.truncate(34);
            bits[1] = 2;
        },
        CertError::PublicKey,
    ),
    (
        "key that is no point",
        |t| t.at(&[tbs::SPKI, 1]).bytes()[65] ^= 1,
        CertError::PublicKey,
    ),
    (
        "unique identifier",
        |t| {
            t.children()
                .insert(tbs::EXTENSIONS, Node::Leaf(0x81, vec![0, 1]))
        },
        CertError::TrailingBytes,
    ),
    (
        "no extensions",
        |t| drop(t.children().pop()),
        CertError::MissingExtension { oid: BASIC },
    ),
    (
        "unknown critical extension",
        |t| {
            t.extensions()
                .push(extension(&[0x55, 0x1d, 30], Some(0xff), &[0x30, 0]));
        },
        CertError::UnknownCriticalExtension {
            oid: NAME_CONSTRAINTS,
        },
    ),
    (
        "criticality written though it is the default",
        |t| {
            t.extensions()
                .push(extension(&[0x55, 0x1d, 30], Some(0), &[0x30, 0]));
        },
        CertError::BadExtension {
            oid: NAME_CONSTRAINTS,
        },
    ),
    (
        "same extension twice",
        |t| {
            let usage = t.extensions()[USAGE_AT].clone();
            t.extensions().push(usage);
        },
        CertError::DuplicateExtension { oid: USAGE },
    ),
    (
        "dongle that is a CA",
        |t| *value(t, BASIC_AT) = vec![0x30, 3, 1, 1, 0xff],
        CertError::BadExtension { oid: BASIC },
    ),
    (
        "CA: FALSE written though it is the default",
        |t| {
            *value(t, BASIC_AT) = vec![0x30, 3, 1, 1, 0];
        },
        CertError::BadExtension { oid: BASIC },
    ),
    (
        "path length without CA",
        |t| *value(t, BASIC_AT) = vec![0x30, 3, 2, 1, 0],
        CertError::BadExtension { oid: BASIC },
    ),
    (
        "no key usage",
        |t| drop(t.extensions().remove(USAGE_AT)),
        CertError::MissingExtension { oid: USAGE },
    ),
    (
        "key usage not critical",
        |t| drop(t.extensions()[USAGE_AT].children().remove(1)),
        CertError::BadExtension { oid: USAGE },
    ),
    (
        "dongle that may sign certificates",
        |t| *value(t, USAGE_AT) = vec![3, 2, 2, 4],
        CertError::BadExtension { oid: USAGE },
    ),
    (
        "key usage with one use more",
        |t| *value(t, USAGE_AT) = vec![3, 2, 3, 0x88],
        CertError::BadExtension { oid: USAGE },
    ),
    (
        "two roles",
        |t| {
            let roles = value(t, ROLE_AT);
            let role = roles[2..].to_vec();
            roles.extend(role);
            roles[1] *= 2;
        },
        CertError::ManyRoles,
    ),
    (
        "role of the web",
        |t| {
            *value(t, ROLE_AT) = vec![0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];
        },
        CertError::UnknownRole { oid: SERVER_AUTH },
    ),
    (
        "no authority key identifier",
        |t| {
            t.extensions().remove(AUTHORITY_AT);
        },
        CertError::MissingExtension { oid: AUTHORITY },
    ),
    (
        "authority key identifier cut short",
        |t| {
            value(t, AUTHORITY_AT).pop();
        },
        CertError::BadExtension { oid: AUTHORITY },
    ),
    (
        "no hardware name",
        |t| drop(t.extensions().remove(ALT_NAME_AT)),
        CertError::MissingExtension { oid: ALT_NAME },
    ),
    (
        "DNS name instead of hardware",
        |t| {
            *value(t, ALT_NAME_AT) = [&[0x30, 3, 0x82, 1][..], b"a"].concat();
        },
        CertError::BadExtension { oid: ALT_NAME },
    ),
    (
        "another kind of hardware",
        |t| {
            let name = value(t, ALT_NAME_AT);
            let at = name.windows(2).position(|w| w == [0xfd, 0x59]).unwrap();
            name[at + 2] = 2;
        },
        CertError::BadExtension { oid: ALT_NAME },
    ),
];

const FACTORY_SINS: &[Sin] = &[
    (
        "CA that a stranger may overlook",
        |t| drop(t.extensions()[BASIC_AT].children().remove(1)),
        CertError::BadExtension { oid: BASIC },
    ),
    (
        "factory without path length",
        |t| *value(t, BASIC_AT) = vec![0x30, 3, 1, 1, 0xff],
        CertError::BadExtension { oid: BASIC },
    ),
    (
        "factory with path length 1",
        |t| *value(t, BASIC_AT) = vec![0x30, 6, 1, 1, 0xff, 2, 1, 1],
        CertError::BadExtension { oid: BASIC },
    ),
    (
        "factory that is no CA",
        |t| *value(t, BASIC_AT) = vec![0x30, 0],
        CertError::BadExtension { oid: BASIC },
    ),
    (
        "no basic constraints",
        |t| drop(t.extensions().remove(BASIC_AT)),
        CertError::MissingExtension { oid: BASIC },
    ),
    (
        "factory that may sign records",
        |t| *value(t, USAGE_AT) = vec![3, 2, 7, 0x80],
        CertError::BadExtension { oid: USAGE },
    ),
    (
        "CA without role",
        |t| drop(t.extensions().remove(ROLE_AT)),
        CertError::UnrootedCa,
    ),
    (
        "factory with a hardware name",
        |t| {
            let pki = pki(1);
            let mut dongle = Node::read(&pki.dongle);
            let name = dongle.at(&[0]).extensions()[ALT_NAME_AT].clone();
            t.extensions().push(name);
        },
        CertError::BadExtension { oid: ALT_NAME },
    ),
];

fn refusal(certificate: &[u8], key: &SoftwareKey, bend: &fn(&mut Node)) -> CertError {
    let forged = forge(certificate, key, bend);
    match Certificate::parse(&forged) {
        Ok(read) => panic!("taken: {read:?}"),
        Err(refused) => refused,
    }
}

/// The content of the extension at `index`.
fn value(tbs: &mut Node, index: usize) -> &mut Vec<u8> {
    tbs.extensions()[index]
        .children()
        .last_mut()
        .unwrap()
        .bytes()
}

fn extension(oid: &[u8], critical: Option<u8>, value: &[u8]) -> Node {
    let mut parts = vec![Node::Leaf(6, oid.to_vec())];
    parts.extend(critical.map(|byte| Node::Leaf(1, vec![byte])));
    parts.push(Node::Leaf(4, value.to_vec()));
    Node::Branch(0x30, parts)
}
