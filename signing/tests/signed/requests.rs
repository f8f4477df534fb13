//! Requests: what a host says and what its dongles prove, each held to its own signature.

use cddl::validate_cbor_from_slice;
use coset::cbor::Value;
use tallykey_protocol::{
    array::Array,
    cbor::Malformed,
    cert::{CertError, Certificate, Role},
    cose::{CoseError, Typ},
    issued::IssuedError,
    limits::{GRANT_MAX, REQUEST_MAX},
    proof,
    receipt::{self, TraceError},
    request::{Dongle, DongleError, Purpose, Request},
};
use tallykey_signing::{RecordError, Signer, sign_request};

use crate::{
    forger::{Bend, Claims, claim, drop_claim},
    host::{NONCE, by_host, full, host_key, plain, proof, signed},
    licences::target,
    pki::{SERIAL, pki},
};

const RECORDS: &str = include_str!("../../../protocol/records.cddl");
#[test]
fn requests_come_back_as_they_went_and_are_as_described() {
    let pki = pki(1);
    let check = |request: &Request<'_>| {
        let record = sign_request(request, &host_key()).unwrap();
        let (read, _) = Request::verify(&record).unwrap();
        assert_eq!(read, *request);
        for rule in ["request-record", "tallykey"] {
            described(&record, rule);
        }
    };
    check(&plain());
    full(&pki, |brought, request| {
        check(request);
        described(&brought.proof, "request-proof-record");
        described(&brought.grant, "grant-record");
        for receipt in &brought.receipts {
            described(receipt, "receipt-record");
        }
    });
    assert_eq!(plain().target(), target());
    for purpose in [
        "new",
        "update",
        "return-confirmation",
        "conversion",
        "repair",
        "time",
    ] {
        assert_eq!(Purpose::from_name(purpose).unwrap().name(), purpose);
    }
    assert_eq!(Purpose::from_name("return"), None);
}

#[test]
fn a_dongle_in_a_request_is_believed_up_to_the_root() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    full(&pki, |brought, request| {
        let record = sign_request(request, &host_key()).unwrap();
        let (request, _) = Request::verify(&record).unwrap();
        let mut dongles = request.dongles.iter();
        let plugged = dongles.next().unwrap();
        let attested = plugged.verify(&request, &root).unwrap();
        assert_eq!(attested.serial, SERIAL);
        let proof = attested.proof.unwrap();
        assert_eq!((proof.counter, proof.grants[0].given[0].count), (303, 32));
        assert_eq!(
            plugged.grant(&proof.grants[0].digest),
            Some(&brought.grant[..])
        );
        assert_eq!(plugged.grant(&[1; 32]), None);
        let absent = dongles.next().unwrap().verify(&request, &root).unwrap();
        assert_eq!((absent.serial, absent.proof), (SERIAL, None));

        use receipt::Kind::{ConvertDesk, ConvertOffline, Retire};
        let kinds = [(ConvertDesk, 301), (Retire, 302), (ConvertOffline, 303)];
        for (receipt, expected) in plugged.receipts.iter().zip(kinds) {
            let (kind, traced) = plugged.trace(receipt, &root).unwrap();
            assert_eq!((kind, traced.receipt.counter), expected);
            assert_eq!(
                (traced.lines[0].feature, traced.lines[0].count),
                ("camera", 8)
            );
        }
    });
}

#[test]
fn a22_a_receipt_without_its_grant_or_of_no_receipt_is_refused() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    full(&pki, |brought, request| {
        let bare = Dongle {
            grants: Array::default(),
            ..request.dongles.iter().next().unwrap()
        };
        let refused = bare.trace(&brought.receipts[0], &root).unwrap_err();
        assert_eq!(refused, TraceError::NoGrant);
        let refused = bare.trace(&brought.proof, &root).unwrap_err();
        let (found, expected) = (Typ::RequestProof, Typ::DeskReceipt);
        let wrong = CoseError::WrongTyp { found, expected };
        assert_eq!(refused, TraceError::Receipt(wrong));
    });
}

#[test]
fn a11_a_proof_of_another_request_host_or_kind_is_refused() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    full(&pki, |brought, request| {
        let dongle = request.dongles.iter().next().unwrap();
        let other_nonce = Request {
            nonce: [1; 32],
            ..plain()
        };
        let other_host = Request {
            host_key: pki.issuer_key.public_key(),
            ..plain()
        };
        for other in [other_nonce, other_host] {
            let refused = dongle.verify(&other, &root).unwrap_err();
            assert_eq!(refused, DongleError::OtherRequest);
        }
        // The plain nonce is what an application's `attest` could have asked for.
        let nonce = signed(&pki, Typ::RequestProof, |out| {
            proof(SERIAL, NONCE, brought.digest).encode(out)
        });
        let state = signed(&pki, proof::Kind::State.typ(), |out| {
            proof(SERIAL, request.proof_nonce(), brought.digest).encode(out)
        });
        let (found, expected) = (Typ::StateProof, Typ::RequestProof);
        let other = signed(&pki, Typ::RequestProof, |out| {
            proof("TK-000043", request.proof_nonce(), brought.digest).encode(out)
        });
        for (proof, expected) in [
            (&nonce, DongleError::OtherRequest),
            (
                &state,
                DongleError::Proof(CoseError::WrongTyp { found, expected }),
            ),
            (&other, DongleError::OtherSerial),
        ] {
            let proof = Some(&proof[..]);
            let bent = Dongle { proof, ..dongle };
            assert_eq!(bent.verify(request, &root).unwrap_err(), expected);
        }
    });
}

#[test]
fn a03_a_dongle_under_a_wrong_chain_is_refused() {
    let (ours, theirs) = (pki(1), pki(11));
    let root = Certificate::parse(&ours.root).unwrap();
    full(&theirs, |_, request| {
        let dongle = request.dongles.iter().next().unwrap();
        let refused = dongle.verify(request, &root).unwrap_err();
        let foreign = matches!(refused, DongleError::Chain(CertError::OtherVendor { .. }));
        assert!(foreign, "{refused:?}");
        let swapped = Dongle {
            chain: [&ours.dongle, &ours.factory],
            ..dongle
        };
        let refused = swapped.verify(request, &root).unwrap_err();
        assert_eq!(refused, DongleError::Proof(CoseError::WrongKey));
        let issuer = Dongle {
            chain: [&ours.issuer, &ours.factory],
            ..dongle
        };
        let wrong = CertError::WrongRole {
            wanted: Role::Dongle,
            found: Some(Role::Issuer),
        };
        let refused = issuer.verify(request, &root).unwrap_err();
        assert_eq!(refused, DongleError::Chain(wrong));
    });
}

#[test]
fn a03_request_signed_by_another_key_is_refused() {
    let pki = pki(1);
    let refused = match sign_request(&plain(), &pki.issuer_key).unwrap_err() {
        RecordError::Refused { source } => source,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused, IssuedError::Record(CoseError::WrongKey));
    let off_the_curve = Request {
        host_key: [4; 65],
        ..plain()
    };
    sign_request(&off_the_curve, &host_key()).unwrap_err();
}

#[test]
fn a03_no_bit_of_a_request_can_change() {
    let pki = pki(1);
    let good = sign_request(&plain(), &host_key()).unwrap();
    for bit in 0..8 * good.len() {
        let mut record = good.clone();
        record[bit / 8] ^= 1 << (bit % 8);
        assert!(Request::verify(&record).is_err(), "bit {bit}");
    }
    full(&pki, |_, request| {
        let good = sign_request(request, &host_key()).unwrap();
        // The whole of it is long: a bit of each byte.
        for at in 0..good.len() {
            let mut record = good.clone();
            record[at] ^= 1 << (at % 8);
            assert!(Request::verify(&record).is_err(), "byte {at}");
        }
        for length in 0..good.len() {
            assert!(Request::verify(&good[..length]).is_err(), "{length}");
        }
        let longer = [&good[..], &[0]].concat();
        let trailing = CoseError::Malformed(Malformed::Trailing);
        assert_eq!(Request::verify(&longer).unwrap_err(), trailing);
    });
    let too_long = CoseError::Malformed(Malformed::TooLong);
    let refused = Request::verify(&vec![0xff; REQUEST_MAX + 1]).unwrap_err();
    assert_eq!(refused, too_long);
}

#[test]
fn a03_request_in_another_container_is_refused_by_its_name() {
    let pki = pki(1);
    let mut payload = vec![0; 1024];
    let length = plain().encode(&mut payload).unwrap();
    let payload = &payload[..length];
    let (found, expected) = (Typ::Licence, Typ::Request);
    for (typ, chain, expected) in [
        (
            Typ::Licence,
            &[][..],
            CoseError::WrongTyp { found, expected },
        ),
        // Nobody certifies a host.
        (
            Typ::Request,
            &[&pki.issuer[..]],
            CoseError::UnknownHeader(33),
        ),
    ] {
        let record = by_host(typ, chain, payload);
        assert_eq!(Request::verify(&record).unwrap_err(), expected);
    }
}

#[test]
fn a02_claims_that_break_a_rule_are_refused_by_their_field() {
    let pki = pki(1);
    let bent: [(Bend, Malformed); 12] = [
        (|c| list(c, -65577).reverse(), Malformed::Field("installed")),
        (|c| twice(list(c, -65579)), Malformed::Field("marks")),
        (|c| twice(list(c, -65581)), Malformed::Field("wanted")),
        (
            |c| *claim(c, -65575) = Value::from(7),
            Malformed::Field("purpose"),
        ),
        (
            |c| *claim(c, -65576) = Value::from(0),
            Malformed::Field("environment"),
        ),
        (
            |c| {
                drop(
                    list(c, -65578)[0].as_array_mut().unwrap()[0]
                        .as_array_mut()
                        .unwrap()
                        .pop(),
                )
            },
            Malformed::Field("chain"),
        ),
        (
            |c| list(c, -65578)[0].as_array_mut().unwrap()[1] = Value::from(1),
            Malformed::Field("proof"),
        ),
        (
            |c| {
                let grants = &mut list(c, -65578)[0].as_array_mut().unwrap()[2];
                *grants = Value::Array(vec![Value::Bytes(vec![0; GRANT_MAX + 1])]);
            },
            Malformed::Field("record"),
        ),
        (
            |c| {
                let all = list(c, -65578);
                *all = vec![all[0].clone(); 17];
            },
            Malformed::Field("dongles"),
        ),
        (|c| drop_claim(c, -65580), Malformed::Field("history")),
        (|c| drop_claim(c, 10), Malformed::Field("nonce")),
        (
            |c| c.push((Value::from(-65600), Value::Null)),
            Malformed::UnknownKey(-65600),
        ),
    ];
    full(&pki, |_, request| {
        let mut payload = vec![0; REQUEST_MAX];
        let length = request.encode(&mut payload).unwrap();
        for (bend, expected) in bent {
            let mut claims: Value = coset::cbor::from_reader(&payload[..length]).unwrap();
            bend(claims.as_map_mut().unwrap());
            let mut payload = Vec::new();
            coset::cbor::into_writer(&claims, &mut payload).unwrap();
            let record = by_host(Typ::Request, &[], &payload);
            let refused = Request::verify(&record).unwrap_err();
            assert_eq!(refused, CoseError::Malformed(expected));
        }
    });
}

fn described(record: &[u8], rule: &str) {
    let description = format!("start = {rule}\n{RECORDS}");
    validate_cbor_from_slice(&description, record, None).unwrap();
}

fn list(claims: &mut Claims, key: i64) -> &mut Vec<Value> {
    claim(claims, key).as_array_mut().unwrap()
}

fn twice(values: &mut Vec<Value>) {
    values.insert(0, values[0].clone());
}
