//! Grants and profiles as we make them.

use coset::{Label, TaggedCborSerializable, cbor::Value};
use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier};
use tallykey_protocol::{
    cert::{Certificate, Role},
    cose::Typ,
    grant::{Grant, Line, Plan},
    issued::IssuedError,
    limits::{
        ABSORBS_MAX, CERT_MAX, COUNT_MAX, GRANT_MAX, LABEL_MAX, LINES_MAX, NAME_MAX, TIME_MAX,
    },
    list::List,
    profile::Profile,
};
use tallykey_signing::{
    Holder, RecordError, first_grant, next_grant, sign_grant, sign_profile, simulator,
};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::pki::{BEGIN, Pki, SERIAL, pki};

#[test]
fn a_first_grant_comes_back_as_the_factory_signed_it() {
    let pki = pki(1);
    let grant = grant(&pki);
    let record = sign_grant(
        &grant,
        &pki.signer(&pki.factory_issuer_key, &pki.factory_issuer),
    );
    let record = record.unwrap();
    let root = Certificate::parse(&pki.root).unwrap();
    let (read, _) = Grant::verify(&record, &root).unwrap();
    assert_eq!(read, grant);
    assert_eq!((read.revision, read.serial), (1, SERIAL));
}

#[test]
fn a_later_grant_is_the_desks_to_sign() {
    let pki = pki(1);
    let held = grant(&pki);
    let next = next_grant(&held, lines(80), BEGIN + 1);
    assert_eq!((next.revision, next.thumbprint), (2, held.thumbprint));
    sign_grant(&next, &pki.desk()).unwrap();

    let factory = pki.signer(&pki.factory_issuer_key, &pki.factory_issuer);
    let RecordError::Refused { source } = sign_grant(&next, &factory).unwrap_err() else {
        panic!("another error");
    };
    let role = Some(Role::FactoryIssuer);
    assert_eq!(source, IssuedError::RoleNotAllowed { role });
}

#[test]
fn the_same_grant_is_the_same_bytes() {
    let pki = pki(1);
    let sign = || sign_grant(&grant(&pki), &pki.desk()).unwrap();
    assert_eq!(sign(), sign());
}

#[test]
fn the_largest_grant_fits_its_limit() {
    let pki = pki(1);
    largest_grant(&pki, |grant| {
        let record = sign_grant(grant, &pki.desk()).unwrap();
        // A vendor's own issuer may have a longer certificate than ours.
        let longest = record.len() - pki.issuer.len() + CERT_MAX;
        assert!(longest <= GRANT_MAX, "{longest}");
    });
}

#[test]
fn a_second_opinion_agrees_on_a_grant() {
    let pki = pki(1);
    let record = sign_grant(&grant(&pki), &pki.desk()).unwrap();
    let claims = second_opinion(&record, Typ::Grant);
    // RFC 8392: iss, sub, iat; RFC 8747: cnf.
    assert_eq!(claim(&claims, 2).as_text(), Some(SERIAL));
    assert_eq!(claim(&claims, 6).as_integer(), Some(BEGIN.into()));
    let confirmation = claim(&claims, 8).as_map().unwrap();
    assert_eq!(confirmation.len(), 1);
}

#[test]
fn a_second_opinion_agrees_on_a_profile() {
    let pki = pki(1);
    let profile = Profile {
        issued_at: BEGIN,
        ..simulator::profile()
    };
    let record = sign_profile(&profile, &pki.desk()).unwrap();
    let claims = second_opinion(&record, Typ::Profile);
    let features = claim(&claims, -65548).as_array().unwrap();
    assert_eq!(features.len(), 11);
    let camera = features[0].as_array().unwrap();
    assert_eq!(camera[0].as_text(), Some("camera"));
}

/// Reads and verifies with coset and x509-parser; returns the claims.
fn second_opinion(record: &[u8], typ: Typ) -> Value {
    let read = coset::CoseSign1::from_tagged_slice(record).unwrap();
    assert_eq!(read.unprotected, coset::Header::default());
    let header = &read.protected.header;
    let es256 = coset::RegisteredLabelWithPrivate::Assigned(coset::iana::Algorithm::ES256);
    assert_eq!(header.alg, Some(es256));
    let named = |label| header.rest.iter().find(|(l, _)| *l == Label::Int(label));
    assert_eq!(named(16).unwrap().1.as_text(), Some(typ.media_type()));

    let certificate = named(33).unwrap().1.as_bytes().unwrap();
    let (_, certificate) = X509Certificate::from_der(certificate).unwrap();
    let point = &certificate.public_key().subject_public_key.data;
    let key = VerifyingKey::from_sec1_bytes(point).unwrap();
    read.verify_signature(&[], |signature, message| {
        key.verify(message, &Signature::from_slice(signature)?)
    })
    .unwrap();
    assert_eq!(read.clone().to_tagged_vec().unwrap(), record);
    coset::cbor::from_reader(&read.payload.unwrap()[..]).unwrap()
}

fn claim(claims: &Value, key: i64) -> &Value {
    let claims = claims.as_map().unwrap();
    let found = claims
        .iter()
        .find(|(k, _)| k.as_integer() == Some(key.into()));
    &found.unwrap().1
}

/// A first grant of camera channels.
pub(crate) fn grant(pki: &Pki) -> Grant<'_> {
    let dongle = Certificate::parse(&pki.dongle).unwrap();
    let holder = Holder {
        serial: SERIAL,
        key: dongle.public_key(),
    };
    let grant = first_grant(&simulator::profile(), holder, lines(64), BEGIN);
    Grant {
        vendor: "Acme, Inc.",
        ..grant
    }
}

/// A grant with every field at its limit.
pub(crate) fn largest_grant(pki: &Pki, with: impl FnOnce(&Grant<'_>)) {
    let (feature, product) = ("f".repeat(NAME_MAX), "p".repeat(NAME_MAX));
    let label = "ö".repeat(LABEL_MAX / 2);
    let line = |id| Line {
        id: u32::MAX - 32 + id,
        feature: &feature,
        count: COUNT_MAX,
        plan: Plan::Subscription,
        valid_from: TIME_MAX - 1,
        valid_to: Some(TIME_MAX),
    };
    let lines: Vec<_> = (0..LINES_MAX as u32).map(line).collect();
    with(&Grant {
        vendor: &label,
        product: &product,
        profile_revision: u64::MAX,
        request_nonce: Some([0xff; 32]),
        lines: List::of(&lines).unwrap(),
        absorbs: List::of(&[[0xff; 32]; ABSORBS_MAX]).unwrap(),
        customer: &label,
        project: &label,
        ..grant(pki)
    });
}

fn lines(count: u64) -> List<Line<'static>, LINES_MAX> {
    let line = Line {
        id: 1,
        feature: "camera",
        count,
        plan: Plan::Perpetual,
        valid_from: BEGIN,
        valid_to: None,
    };
    List::of(&[line]).unwrap()
}
