//! Revocation lists: our reader, an independent parser and openssl agree, and each sin has its own refusal.

use std::process::Command;

use der::{Decode, Encode, asn1::OctetString};
use sha2::{Digest, Sha256};
use tallykey_protocol::{
    cert::{Anchor, CertError, Certificate, Crl, Role, verify_chain},
    grant::Grant,
    issued::IssuedError,
    limits::CRL_MAX,
};
use tallykey_signing::{
    Signer, SoftwareKey,
    certificate::{CertifyError, Revocations, revoke, revoke_after},
    sign_grant,
};
use x509_cert::crl::CertificateList;
use x509_parser::prelude::{CertificateRevocationList, FromDer, ParsedExtension, X509Certificate};

use crate::{
    pki::{BEGIN, Pki, pki},
    records::grant,
};

fn list(pki: &Pki, number: u64, certificates: &[&[u8]], stays_good: &[[u8; 32]]) -> Vec<u8> {
    let revocations = Revocations {
        number,
        issued_at: BEGIN,
        certificates,
        stays_good,
    };
    revoke(&revocations, &pki.root, &pki.root_key).unwrap()
}

#[test]
fn a_revoked_issuers_records_are_refused_but_for_those_that_stay_good() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let record = sign_grant(&grant(&pki), &pki.desk()).unwrap();
    let (_, digest) = Grant::verify(&record, &root).unwrap();
    let verify = |list: &[u8]| {
        let list = Crl::parse(list).unwrap();
        list.verify(&root).unwrap();
        let anchor = Anchor {
            root: &root,
            revoked: Some(&list),
        };
        Grant::verify(&record, anchor).map(|_| ())
    };
    let role = Some(Role::Issuer);
    let revoked = Err(IssuedError::Chain(CertError::Revoked { role }));
    assert_eq!(verify(&list(&pki, 1, &[], &[])), Ok(()));
    assert_eq!(verify(&list(&pki, 1, &[&pki.factory_issuer], &[])), Ok(()));
    assert_eq!(
        verify(&list(&pki, 1, &[&pki.factory_issuer, &pki.issuer], &[])),
        revoked
    );
    assert_eq!(
        verify(&list(&pki, 1, &[&pki.issuer], &[[1; 32], [2; 32]])),
        revoked
    );
    assert_eq!(
        verify(&list(&pki, 1, &[&pki.issuer], &[[1; 32], digest])),
        Ok(())
    );
}

#[test]
fn a_revoked_factorys_dongles_are_refused_but_for_those_that_stay_good() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let verify = |stays_good: &[[u8; 32]]| {
        let list = list(&pki, 1, &[&pki.factory], stays_good);
        let list = Crl::parse(&list).unwrap();
        let anchor = Anchor {
            root: &root,
            revoked: Some(&list),
        };
        verify_chain(&pki.dongle, &[&pki.factory], anchor, Role::Dongle, None).map(|_| ())
    };
    let role = Some(Role::Factory);
    assert_eq!(verify(&[]), Err(CertError::Revoked { role }));
    let digest = Sha256::digest(&pki.dongle).into();
    assert_eq!(verify(&[digest]), Ok(()));
}

#[test]
fn an_independent_parser_reads_and_verifies_a_list() {
    let pki = pki(1);
    let der = list(&pki, 7, &[&pki.issuer, &pki.factory], &[[9; 32]]);
    let (rest, list) = CertificateRevocationList::from_der(&der).unwrap();
    assert!(rest.is_empty());
    let (_, root) = X509Certificate::from_der(&pki.root).unwrap();
    list.verify_signature(root.public_key()).unwrap();
    assert_eq!(list.issuer(), root.subject());
    assert_eq!(list.version().unwrap().0, 1);
    assert_eq!(list.last_update().timestamp() as u64, BEGIN);
    assert_eq!(list.next_update().unwrap().timestamp(), 253_402_300_799);
    assert_eq!(list.crl_number().unwrap().to_string(), "7");
    let revoked: Vec<_> = list
        .iter_revoked_certificates()
        .map(|entry| entry.raw_serial().to_vec())
        .collect();
    let serials = [&pki.issuer, &pki.factory].map(|der| {
        let (_, certificate) = X509Certificate::from_der(der).unwrap();
        certificate.raw_serial().to_vec()
    });
    assert_eq!(revoked, serials);
    let bad = |e: &ParsedExtension<'_>| matches!(e, ParsedExtension::ParseError { .. });
    assert!(
        !list
            .extensions()
            .iter()
            .any(|e| e.critical || bad(e.parsed_extension()))
    );
}

#[test]
fn openssl_verifies_a_list_and_refuses_what_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (pki(1), pki(11));
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let openssl = |arguments: &[&str]| {
        Command::new("openssl")
            .args(arguments)
            .output()
            .expect("openssl is needed for this test: install the package `openssl`")
    };
    let pem = |kind: &str, name: &str, der: &[u8]| {
        let (from, to) = (
            file("der", der),
            folder.path().join(name).display().to_string(),
        );
        let run = openssl(&[kind, "-inform", "DER", "-in", &from, "-out", &to]);
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        to
    };
    let root = pem("x509", "root.pem", &ours.root);
    let other = pem("x509", "other.pem", &theirs.root);
    let issuer = pem("x509", "issuer.pem", &ours.issuer);
    let factory_issuer = pem("x509", "factory-issuer.pem", &ours.factory_issuer);
    let crl = pem(
        "crl",
        "list.pem",
        &list(&ours, 7, &[&ours.issuer], &[[9; 32]]),
    );

    let verify = |root: &str| openssl(&["crl", "-in", &crl, "-verify", "-CAfile", root, "-noout"]);
    let said = |run: std::process::Output| String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(said(verify(&root)).contains("verify OK"));
    assert!(!said(verify(&other)).contains("verify OK"));
    let check = |leaf: &str| {
        let list = ["-crl_check", "-CRLfile", &crl, "-CAfile", &root];
        let begin = BEGIN.to_string();
        openssl(&[&["verify", "-attime", &begin][..], &list, &[leaf]].concat())
    };
    let good = check(&factory_issuer);
    assert!(good.status.success(), "{}", said(good));
    let revoked = check(&issuer);
    assert!(!revoked.status.success() && said(revoked).contains("revoked"));
}

#[test]
fn a_list_is_of_its_own_root_and_of_a_root_that_may_sign_lists() {
    let (ours, theirs) = (pki(1), pki(11));
    let root = Certificate::parse(&ours.root).unwrap();
    let foreign = list(&theirs, 1, &[], &[]);
    let refused = Crl::parse(&foreign).unwrap().verify(&root);
    assert!(
        matches!(refused, Err(CertError::OtherVendor { .. })),
        "{refused:?}"
    );

    let nothing = Revocations {
        number: 1,
        issued_at: BEGIN,
        certificates: &[],
        stays_good: &[],
    };
    let thief = SoftwareKey::from_bytes(&[99; 32]).unwrap();
    let refused = revoke(&nothing, &ours.root, &thief).unwrap_err();
    let source = CertError::Signature;
    assert!(
        matches!(refused, CertifyError::Refused { source: s } if s == source),
        "{refused:?}"
    );
    // A factory CA may certify, and revoke nothing.
    let refused = revoke(&nothing, &ours.factory, &ours.factory_key).unwrap_err();
    let source = CertError::NotCrlSigner;
    assert!(
        matches!(refused, CertifyError::Refused { source: s } if s == source),
        "{refused:?}"
    );
}

/// A list bent by `bend` and signed by the right key.
fn bent(pki: &Pki, bend: impl FnOnce(&mut CertificateList)) -> CertError {
    let der = list(pki, 1, &[&pki.issuer], &[[9; 32]]);
    let mut list = CertificateList::from_der(&der).unwrap();
    bend(&mut list);
    let body = list.tbs_cert_list.to_der().unwrap();
    let signature = pki.root_key.sign(&Sha256::digest(&body).into()).unwrap();
    let signature = p256::ecdsa::Signature::from_slice(&signature).unwrap();
    list.signature = der::asn1::BitString::from_bytes(signature.to_der().as_bytes()).unwrap();
    Crl::parse(&list.to_der().unwrap()).unwrap_err()
}

#[test]
fn a_list_with_anything_else_in_it_is_refused() {
    let pki = pki(1);
    let oid = |index: usize| {
        let der = list(&pki, 1, &[], &[[9; 32]]);
        let list: CertificateList = CertificateList::from_der(&der).unwrap();
        list.tbs_cert_list.crl_extensions.unwrap()[index].extn_id
    };
    let [authority, number, good] = [0, 1, 2].map(oid);
    fn extensions(list: &mut CertificateList) -> &mut Vec<x509_cert::ext::Extension> {
        list.tbs_cert_list.crl_extensions.as_mut().unwrap()
    }
    for (oid, index) in [(authority, 0), (number, 1), (good, 2)] {
        let critical = bent(&pki, |list| extensions(list)[index].critical = true);
        assert_eq!(critical, CertError::BadExtension { oid });
        let twice = bent(&pki, |list| {
            let again = extensions(list)[index].clone();
            extensions(list).push(again);
        });
        assert_eq!(twice, CertError::DuplicateExtension { oid });
    }
    for (oid, index) in [(authority, 0), (number, 1)] {
        let missing = bent(&pki, |list| drop(extensions(list).remove(index)));
        assert_eq!(missing, CertError::MissingExtension { oid });
    }
    let delta = der::asn1::ObjectIdentifier::new_unwrap("2.5.29.27");
    let unknown = bent(&pki, |list| {
        let extension = &mut extensions(list)[1];
        (extension.extn_id, extension.critical) = (delta, true);
    });
    assert_eq!(unknown, CertError::UnknownCriticalExtension { oid: delta });
    for value in [&b"\x30\x00"[..], b"\x30\x03\x04\x01\x00"] {
        let digests = bent(&pki, |list| {
            extensions(list)[2].extn_value = OctetString::new(value).unwrap();
        });
        assert_eq!(digests, CertError::BadExtension { oid: good });
    }
    let version = bent(&pki, |list| {
        list.tbs_cert_list.version = x509_cert::Version::V3
    });
    assert_eq!(version, CertError::Version);
    let open = bent(&pki, |list| list.tbs_cert_list.next_update = None);
    assert!(
        matches!(open, CertError::Validity | CertError::Malformed { .. }),
        "{open:?}"
    );
}

#[test]
fn a_list_has_a_greatest_length_and_no_bit_of_it_may_change() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let good: Vec<[u8; 32]> = (0..45).map(|n| [n; 32]).collect();
    let der = list(&pki, u64::MAX, &[&pki.issuer], &good);
    assert!(der.len() <= CRL_MAX, "{}", der.len());
    assert_eq!(Crl::parse(&der).unwrap().number(), u64::MAX);
    let revocations = Revocations {
        number: 1,
        issued_at: BEGIN,
        certificates: &[],
        stays_good: &[[1; 32]; 64],
    };
    let refused = revoke(&revocations, &pki.root, &pki.root_key).unwrap_err();
    assert!(matches!(
        refused,
        CertifyError::Refused {
            source: CertError::TooLong { .. }
        }
    ));

    let der = list(&pki, 1, &[&pki.issuer], &[[9; 32]]);
    for bit in 0..der.len() * 8 {
        let mut bad = der.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let believed = Crl::parse(&bad).is_ok_and(|list| list.verify(&root).is_ok());
        assert!(!believed, "bit {bit}");
    }
    for length in 0..der.len() {
        assert!(Crl::parse(&der[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_list_that_follows_another_takes_nothing_back() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let first = list(&pki, 7, &[&pki.issuer], &[[1; 32]]);
    let certificates = [&pki.factory[..]];
    let more = |number| Revocations {
        number,
        issued_at: BEGIN + 60,
        certificates: &certificates,
        stays_good: &[[2; 32]],
    };
    let der = revoke_after(&first, &more(8), &pki.root, &pki.root_key).unwrap();
    let second = Crl::parse(&der).unwrap();
    second.verify(&root).unwrap();
    assert_eq!((second.number(), second.issued_at()), (8, BEGIN + 60));
    let named = |der: &[u8]| second.names(&Certificate::parse(der).unwrap());
    assert!(named(&pki.issuer) && named(&pki.factory) && !named(&pki.factory_issuer));
    let good: Vec<_> = second.good().copied().collect();
    assert_eq!(good, [[1; 32], [2; 32]]);
    let numbers = [&pki.issuer, &pki.factory].map(|der| {
        let (_, certificate) = X509Certificate::from_der(der).unwrap();
        let number = certificate.raw_serial();
        number.strip_prefix(&[0]).unwrap_or(number).to_vec()
    });
    let revoked: Vec<_> = second.revoked().collect();
    let expected = [(&numbers[0][..], BEGIN), (&numbers[1], BEGIN + 60)];
    assert_eq!(revoked, expected);

    let refused = revoke_after(&first, &more(7), &pki.root, &pki.root_key).unwrap_err();
    let not_higher = matches!(
        refused,
        CertifyError::NotHigher {
            number: 7,
            before: 7
        }
    );
    assert!(not_higher, "{refused:?}");
    let theirs = list(&self::pki(11), 1, &[], &[]);
    let refused = revoke_after(&theirs, &more(8), &pki.root, &pki.root_key).unwrap_err();
    let foreign = matches!(
        refused,
        CertifyError::Refused {
            source: CertError::OtherVendor { .. }
        }
    );
    assert!(foreign, "{refused:?}");
}
