//! Every record we make is what `records.cddl` says, and the description refuses what it should.

use cddl::validate_cbor_from_slice;
use coset::{TaggedCborSerializable, cbor::Value};
use tallykey_protocol::{
    cbor::Full,
    cose::{Header, assemble},
    grant::{Grant, Plan},
    lifecycle::Lifecycle,
    limits::PROOF_MAX,
    list::List,
    proof::{Given, GrantState, Kind, Opening, Proof},
};
use tallykey_signing::{Signer, SoftwareKey, next_grant, sign_grant, simulator};

use crate::{
    pki::{BEGIN, END, SERIAL, pki},
    records::{grant, largest_grant},
};

type Bend = fn(&mut Vec<(Value, Value)>);

const RECORDS: &str = include_str!("../../../protocol/records.cddl");

#[test]
fn grants_are_as_described() {
    let pki = pki(1);
    let first = grant(&pki);
    let mut lines = first.lines;
    lines[0].plan = Plan::FixedTerm;
    lines[0].valid_to = Some(END);
    let next = next_grant(&first, lines, BEGIN);
    let answer = Grant {
        request_nonce: Some([7; 32]),
        ..next
    };
    for grant in [first, next, answer] {
        let record = sign_grant(&grant, &pki.desk()).unwrap();
        validate("grant-record", &record).unwrap();
        validate("tallykey", &record).unwrap();
    }
    largest_grant(&pki, |grant| {
        let record = sign_grant(grant, &pki.desk()).unwrap();
        validate("grant-record", &record).unwrap();
    });
}

#[test]
fn profile_and_bundle_are_as_described() {
    let vendor = simulator::vendor().unwrap();
    let profile = vendor.sign_profile(&simulator::profile()).unwrap();
    validate("profile-record", &profile).unwrap();
    validate("trust-bundle", &vendor.trust_bundle()).unwrap();
}

#[test]
fn proofs_are_as_described() {
    let key = SoftwareKey::from_bytes(&[7; 32]).unwrap();
    let given = List::of(&[Given { line: 1, count: 16 }]).unwrap();
    let held = GrantState {
        product: "vms",
        revision: 1,
        digest: [3; 32],
        given,
    };
    let state = Proof {
        serial: SERIAL,
        nonce: [1; 32],
        simulated: true,
        lifecycle: Lifecycle::Sealed,
        firmware: "0.1.0",
        firmware_digest: [2; 32],
        grants: List::of(&[held]).unwrap(),
        counter: 300,
        boot_id: [4; 16],
        time_floor: BEGIN,
        opening: None,
    };
    let opening = Some(Opening {
        transcript: [5; 32],
        dongle_nonce: [6; 32],
        host_ephemeral: [4; 65],
        dongle_ephemeral: [4; 65],
    });
    let kinds = [
        ("open-proof-record", Kind::Open, Proof { opening, ..state }),
        ("attest-proof-record", Kind::Attest, state),
        ("request-proof-record", Kind::Request, state),
        ("state-proof-record", Kind::State, state),
    ];
    for (rule, kind, proof) in kinds {
        let record = signed(&proof, kind, &key);
        for (other, ..) in kinds {
            assert_eq!(
                validate(other, &record).is_ok(),
                other == rule,
                "{rule} as {other}"
            );
        }
    }
}

#[test]
fn the_description_refuses_what_it_should() {
    let pki = pki(1);
    let record = sign_grant(&grant(&pki), &pki.desk()).unwrap();
    assert!(
        validate("profile-record", &record).is_err(),
        "a grant is no profile"
    );

    let cases: [(&str, Bend); 4] = [
        ("a claim missing", |claims| drop(claims.pop())),
        ("a claim unknown", |claims| {
            claims.push((Value::from(-65600), Value::from(1)))
        }),
        ("a flag unknown", |claims| {
            *claim(claims, -65544) = Value::from(2)
        }),
        ("revision 0", |claims| {
            *claim(claims, -65539) = Value::from(0)
        }),
    ];
    for (name, bend) in cases {
        let mut cose = coset::CoseSign1::from_tagged_slice(&record).unwrap();
        let payload = cose.payload.take().unwrap();
        let mut claims: Value = coset::cbor::from_reader(&payload[..]).unwrap();
        bend(claims.as_map_mut().unwrap());
        let mut payload = Vec::new();
        coset::cbor::into_writer(&claims, &mut payload).unwrap();
        cose.payload = Some(payload);
        let bent = cose.to_tagged_vec().unwrap();
        assert!(validate("grant-record", &bent).is_err(), "{name}");
    }
}

fn claim(claims: &mut [(Value, Value)], key: i64) -> &mut Value {
    let found = claims.iter_mut().find(|(k, _)| *k == Value::from(key));
    &mut found.unwrap().1
}

fn signed(proof: &Proof<'_>, kind: Kind, key: &SoftwareKey) -> Vec<u8> {
    let (mut payload, mut record) = ([0; PROOF_MAX], [0; PROOF_MAX]);
    let length = proof.encode(&mut payload).unwrap();
    let header = Header {
        typ: kind.typ(),
        key: &key.public_key(),
        chain: &[],
    };
    let payload = &payload[..length];
    let length =
        assemble::<Full>(&mut record, &header, payload, |d| Ok(key.sign(d).unwrap())).unwrap();
    record[..length].to_vec()
}

/// Validates against one rule: CDDL takes the first as the root.
fn validate(rule: &str, cbor: &[u8]) -> Result<(), String> {
    let description = format!("start = {rule}\n{RECORDS}");
    validate_cbor_from_slice(&description, cbor, None).map_err(|error| error.to_string())
}
