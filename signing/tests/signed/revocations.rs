//! Revocation lists of dongles.

use cddl::validate_cbor_from_slice;
use coset::cbor::Value;
use tallykey_protocol::{
    array::Array,
    cbor::Malformed,
    cert::{CertError, Certificate, Role},
    cose::{CoseError, Typ},
    issued::IssuedError,
    limits::{CERT_MAX, LABEL_MAX, REVOCATION_MAX, REVOCATIONS_MAX},
    revocation::{RevocationList, Revoked},
};
use tallykey_signing::{RecordError, sign_revocations};

use crate::{
    forger::{Bend, Claims, Forger, claim},
    pki::{BEGIN, Pki, pki},
};

const RECORDS: &str = include_str!("../../../protocol/records.cddl");
const LOST: Revoked = Revoked {
    thumbprint: [3; 32],
    counter: 300,
};
const STOLEN: Revoked = Revoked {
    thumbprint: [9; 32],
    counter: 0,
};

fn list<'a>(revoked: &'a [Revoked]) -> RevocationList<'a> {
    RevocationList {
        vendor: "Acme, Inc.",
        issued_at: BEGIN,
        epoch: 2,
        revoked: Array::of(revoked),
    }
}

#[test]
fn a_list_comes_back_as_it_went_and_is_as_described() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    for revoked in [&[][..], &[LOST, STOLEN]] {
        let record = sign_revocations(&list(revoked), &pki.desk()).unwrap();
        assert_eq!(
            RevocationList::verify(&record, &root).unwrap(),
            list(revoked)
        );
        for rule in ["revocation-record", "tallykey"] {
            let description = format!("start = {rule}\n{RECORDS}");
            validate_cbor_from_slice(&description, &record, None).unwrap();
        }
    }
}

#[test]
fn what_was_given_before_stays_good_and_what_came_after_is_void() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let record = sign_revocations(&list(&[LOST, STOLEN]), &pki.desk()).unwrap();
    let list = RevocationList::verify(&record, &root).unwrap();
    for (thumbprint, counter, void) in [
        (LOST.thumbprint, 300, false),
        (LOST.thumbprint, 301, true),
        (STOLEN.thumbprint, 0, false),
        (STOLEN.thumbprint, 1, true),
        ([4; 32], u64::MAX, false),
    ] {
        assert_eq!(list.voids(&thumbprint, counter), void, "{counter}");
    }
    assert_eq!(list.last_honoured(&LOST.thumbprint), Some(300));
    assert_eq!(list.last_honoured(&[4; 32]), None);
}

#[test]
fn the_largest_list_fits_its_limit() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let vendor = "v".repeat(LABEL_MAX);
    let revoked: Vec<Revoked> = (0..REVOCATIONS_MAX as u64)
        .map(|n| {
            let mut thumbprint = [0; 32];
            thumbprint[..8].copy_from_slice(&n.to_be_bytes());
            let counter = u64::MAX;
            Revoked {
                thumbprint,
                counter,
            }
        })
        .collect();
    let largest = RevocationList {
        vendor: &vendor,
        epoch: u64::MAX,
        ..list(&revoked)
    };
    let record = sign_revocations(&largest, &pki.desk()).unwrap();
    let longest = record.len() - pki.issuer.len() + CERT_MAX;
    assert!(longest <= REVOCATION_MAX, "{longest}");
    assert_eq!(RevocationList::verify(&record, &root).unwrap(), largest);

    let one_more = [&revoked[..], &[STOLEN]].concat();
    let refused = refused(sign_revocations(&list(&one_more), &pki.desk()));
    assert_eq!(refused, Malformed::Field("revoked").into());
}

#[test]
fn a03_only_an_issuer_signs_revocation_lists() {
    let pki = pki(1);
    for (key, certificate, role) in [
        (
            &pki.factory_issuer_key,
            &pki.factory_issuer,
            Some(Role::FactoryIssuer),
        ),
        (&pki.dongle_key, &pki.dongle, Some(Role::Dongle)),
        (&pki.factory_key, &pki.factory, Some(Role::Factory)),
        (&pki.root_key, &pki.root, None),
    ] {
        let signer = pki.signer(key, certificate);
        let refused = refused(sign_revocations(&list(&[LOST]), &signer));
        assert_eq!(refused, IssuedError::RoleNotAllowed { role });
    }
    let theirs = self::pki(11);
    let record = sign_revocations(&list(&[LOST]), &theirs.desk()).unwrap();
    let root = Certificate::parse(&pki.root).unwrap();
    let refused = RevocationList::verify(&record, &root).unwrap_err();
    let foreign = matches!(refused, IssuedError::Chain(CertError::OtherVendor { .. }));
    assert!(foreign, "{refused:?}");
}

#[test]
fn a03_no_bit_of_a_revocation_list_can_change() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let good = sign_revocations(&list(&[LOST, STOLEN]), &pki.desk()).unwrap();
    for bit in 0..8 * good.len() {
        let mut record = good.clone();
        record[bit / 8] ^= 1 << (bit % 8);
        assert!(RevocationList::verify(&record, &root).is_err(), "{bit}");
    }
    for length in 0..good.len() {
        assert!(RevocationList::verify(&good[..length], &root).is_err());
    }
    let longer = [&good[..], &[0]].concat();
    let refused = RevocationList::verify(&longer, &root).unwrap_err();
    assert_eq!(refused, Malformed::Trailing.into());
}

#[test]
fn a03_another_record_is_no_revocation_list() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let record = forger(&pki).typ(Typ::Time.media_type());
    let refused = RevocationList::verify(&record, &root).unwrap_err();
    let (found, expected) = (Typ::Time, Typ::Revocation);
    let wrong = CoseError::WrongTyp { found, expected };
    assert_eq!(refused, IssuedError::Record(wrong));
}

#[test]
fn a02_claims_that_break_a_rule_are_refused_by_their_field() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let bent: [(Bend, Malformed); 5] = [
        (|c| entries(c).reverse(), Malformed::Field("revoked")),
        (
            |c| {
                let first = entries(c)[0].clone();
                entries(c).insert(0, first);
            },
            Malformed::Field("revoked"),
        ),
        (
            |c| *claim(c, -65582) = Value::from(0),
            Malformed::Field("epoch"),
        ),
        (|c| drop(c.pop()), Malformed::Field("revoked")),
        (
            |c| c.push((Value::from(-65600), Value::Null)),
            Malformed::UnknownKey(-65600),
        ),
    ];
    for (bend, expected) in bent {
        let record = forger(&pki).claims(bend);
        let refused = RevocationList::verify(&record, &root).unwrap_err();
        assert_eq!(refused, expected.into());
    }
    let refused = RevocationList::verify(&vec![0xff; REVOCATION_MAX + 1], &root).unwrap_err();
    assert_eq!(refused, Malformed::TooLong.into());
}

fn entries(claims: &mut Claims) -> &mut Vec<Value> {
    claim(claims, -65583).as_array_mut().unwrap()
}

fn forger(pki: &Pki) -> Forger<'_> {
    let mut payload = vec![0; 1024];
    let length = list(&[LOST, STOLEN]).encode(&mut payload).unwrap();
    payload.truncate(length);
    Forger::of(pki, Typ::Revocation, payload)
}

fn refused(made: Result<Vec<u8>, RecordError>) -> IssuedError {
    match made.unwrap_err() {
        RecordError::Refused { source } => source,
        other => panic!("{other:?}"),
    }
}
