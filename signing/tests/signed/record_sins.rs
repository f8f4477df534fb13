//! Records that must not be believed, most of them signed by the right key.

use coset::{cbor::Value, iana};
use tallykey_protocol::{
    cbor::Malformed,
    cert::{CertError, Certificate, Role},
    cose::{CoseError, Typ},
    grant::Grant,
    issued::IssuedError,
    profile::Profile,
};
use tallykey_signing::{RecordError, next_grant, sign_grant, sign_profile, simulator};

use crate::{
    forger::{Forger, claim_twice, indefinite, not_shortest},
    pki::{BEGIN, END, Pki, pki},
    records::grant,
};

#[test]
fn a03_other_vendors_grant_is_refused() {
    let (ours, theirs) = (pki(1), pki(11));
    let record = sign_grant(&grant(&theirs), &theirs.desk()).unwrap();
    let refused = refusal(&record, &ours);
    let foreign = matches!(refused, IssuedError::Chain(CertError::OtherVendor { .. }));
    assert!(foreign, "{refused:?}");
}

#[test]
fn a03_grant_signed_by_a_wrong_role_is_refused() {
    let pki = pki(1);
    let signers = [
        (&pki.dongle_key, &pki.dongle, Some(Role::Dongle)),
        (&pki.factory_key, &pki.factory, Some(Role::Factory)),
        (&pki.root_key, &pki.root, None),
    ];
    for (key, certificate, role) in signers {
        let refused = refused(sign_grant(&grant(&pki), &pki.signer(key, certificate)));
        assert_eq!(refused, IssuedError::RoleNotAllowed { role });
    }
}

#[test]
fn a03_profile_signed_by_a_factory_issuer_is_refused() {
    let pki = pki(1);
    let factory = pki.signer(&pki.factory_issuer_key, &pki.factory_issuer);
    let role = Some(Role::FactoryIssuer);
    let refused = refused(sign_profile(&simulator::profile(), &factory));
    assert_eq!(refused, IssuedError::RoleNotAllowed { role });
}

#[test]
fn a03_grant_that_borrows_an_issuers_certificate_is_refused() {
    let pki = pki(1);
    let thief = pki.signer(&pki.dongle_key, &pki.issuer);
    let refused = refused(sign_grant(&grant(&pki), &thief));
    assert_eq!(refused, IssuedError::Record(CoseError::WrongKey));
}

#[test]
fn a15_grant_dated_outside_its_issuers_validity_is_refused() {
    let pki = pki(1);
    let (not_before, not_after) = (BEGIN, END);
    for (at, expected) in [
        (
            BEGIN - 1,
            CertError::NotYetValid {
                not_before,
                at: BEGIN - 1,
            },
        ),
        (
            END + 1,
            CertError::Expired {
                not_after,
                at: END + 1,
            },
        ),
    ] {
        let dated = next_grant(&grant(&pki), grant(&pki).lines, at);
        let refused = refused(sign_grant(&dated, &pki.desk()));
        assert_eq!(refused, IssuedError::Chain(expected));
    }
}

#[test]
fn a03_grant_in_another_container_is_refused_by_its_name() {
    use IssuedError::{NoIssuer, Record};
    let pki = pki(1);
    let record = |malformed| Record(CoseError::Malformed(malformed));
    let (found, expected) = (Typ::Profile, Typ::Grant);
    let critical = coset::RegisteredLabelWithPrivate::Text("x".into());
    let forger = Forger::new(&pki);
    let cases = [
        (
            "another kind",
            forger.typ(Typ::Profile.media_type()),
            Record(CoseError::WrongTyp { found, expected }),
        ),
        (
            "a kind unknown",
            forger.typ("application/cwt"),
            Record(CoseError::UnknownTyp),
        ),
        (
            "ES384",
            forger.header(|h| h.algorithm(iana::Algorithm::ES384)),
            Record(CoseError::WrongAlgorithm),
        ),
        (
            "EdDSA",
            forger.header(|h| h.algorithm(iana::Algorithm::EdDSA)),
            Record(CoseError::WrongAlgorithm),
        ),
        (
            "a critical header",
            forger.header(|h| h.add_critical_label(critical.clone())),
            Record(CoseError::CriticalHeader),
        ),
        (
            "a header unknown",
            forger.header(|h| h.value(99, Value::Null)),
            Record(CoseError::UnknownHeader(99)),
        ),
        (
            "another key's id",
            forger.header(|h| h.key_id(vec![0; 8])),
            Record(CoseError::WrongKey),
        ),
        ("no certificate", forger.bare(), NoIssuer),
        (
            "unprotected header",
            forger.unprotected(),
            record(Malformed::UnknownKey(4)),
        ),
        ("high s", forger.high_s(), Record(CoseError::HighS)),
        (
            "trailing byte",
            [&forger.good()[..], &[0]].concat(),
            record(Malformed::Trailing),
        ),
        (
            "cut off",
            forger.good()[..300].to_vec(),
            record(Malformed::Truncated),
        ),
        ("nothing", Vec::new(), record(Malformed::Truncated)),
        (
            "claim twice",
            forger.payload(claim_twice),
            record(Malformed::KeyOrder),
        ),
        (
            "indefinite map",
            forger.payload(indefinite),
            record(Malformed::Indefinite),
        ),
        (
            "long-winded number",
            forger.payload(not_shortest),
            record(Malformed::NotShortest),
        ),
    ];
    for (name, bytes, expected) in cases {
        assert_eq!(refusal(&bytes, &pki), expected, "{name}");
    }
    let root = Certificate::parse(&pki.root).unwrap();
    assert!(
        Grant::verify(&forger.good(), &root).is_ok(),
        "the forger works"
    );
}

#[test]
fn a03_no_bit_of_a_grant_can_change() {
    let pki = pki(1);
    let good = sign_grant(&grant(&pki), &pki.desk()).unwrap();
    let root = Certificate::parse(&pki.root).unwrap();
    for bit in 0..8 * good.len() {
        let mut record = good.clone();
        record[bit / 8] ^= 1 << (bit % 8);
        assert!(Grant::verify(&record, &root).is_err(), "bit {bit}");
    }
}

#[test]
fn a03_no_bit_of_a_profile_can_change() {
    let pki = pki(1);
    let profile = Profile {
        issued_at: BEGIN,
        ..simulator::profile()
    };
    let good = sign_profile(&profile, &pki.desk()).unwrap();
    let root = Certificate::parse(&pki.root).unwrap();
    for bit in 0..8 * good.len() {
        let mut record = good.clone();
        record[bit / 8] ^= 1 << (bit % 8);
        assert!(Profile::verify(&record, &root).is_err(), "bit {bit}");
    }
}

fn refusal(record: &[u8], pki: &Pki) -> IssuedError {
    let root = Certificate::parse(&pki.root).unwrap();
    Grant::verify(record, &root).unwrap_err()
}

fn refused(made: Result<Vec<u8>, RecordError>) -> IssuedError {
    match made.unwrap_err() {
        RecordError::Refused { source } => source,
        other => panic!("{other:?}"),
    }
}
