//! Proofs and session messages: written by us, read by us and by `coset`, and every change noticed.

use coset::{CborSerializable, TaggedCborSerializable};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};
use proptest::prelude::*;
use tallykey_protocol::cbor::Full;
use tallykey_protocol::command::Command;
use tallykey_protocol::cose::{CoseError, Header, assemble};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::PROOF_MAX;
use tallykey_protocol::list::List;
use tallykey_protocol::proof::{Given, GrantState, Kind, Opening, Proof};
use tallykey_protocol::session::{Direction, Keys, open, public_key, seal};

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).expect("a scalar")
}

fn point(key: &SigningKey) -> [u8; 65] {
    public_key(&p256::SecretKey::from_slice(&key.to_bytes()).expect("a scalar"))
}

fn sign(proof: &Proof<'_>, kind: Kind) -> Vec<u8> {
    let (key, mut payload, mut out) = (key(), [0; PROOF_MAX], [0; PROOF_MAX]);
    let length = proof.encode(&mut payload).expect("fits");
    let header = Header {
        typ: kind.typ(),
        key: &point(&key),
        chain: &[],
    };
    let written = assemble::<Full>(&mut out, &header, &payload[..length], |digest| {
        let signature: Signature = key.sign_prehash(digest).expect("signs");
        Ok(signature.normalize_s().to_bytes().into())
    });
    out[..written.expect("fits")].to_vec()
}

fn state<'a>() -> Proof<'a> {
    let given =
        List::of(&[Given { line: 1, count: 0 }, Given { line: 2, count: 16 }]).expect("fits");
    let grant = GrantState {
        product: "vms",
        revision: 3,
        digest: [9; 32],
        given,
    };
    Proof {
        serial: "TK-7",
        nonce: [1; 32],
        simulated: false,
        lifecycle: Lifecycle::Sealed,
        firmware: "0.1.0",
        firmware_digest: [2; 32],
        grants: List::of(&[grant]).expect("fits"),
        counter: 300,
        boot_id: [3; 16],
        time_floor: 1_800_000_000,
        opening: None,
    }
}

#[test]
fn a_proof_comes_back_as_it_went() {
    let proof = state();
    let record = sign(&proof, Kind::State);
    assert_eq!(
        Proof::verify(&record, Kind::State, &point(&key())).expect("verifies"),
        proof
    );

    let opening = Opening {
        transcript: [4; 32],
        dongle_nonce: [5; 32],
        host_ephemeral: [6; 65],
        dongle_ephemeral: [7; 65],
    };
    let proof = Proof {
        opening: Some(opening),
        ..proof
    };
    let record = sign(&proof, Kind::Open);
    assert_eq!(
        Proof::verify(&record, Kind::Open, &point(&key())).expect("verifies"),
        proof
    );
}

#[test]
fn a11_a_proof_of_one_kind_does_not_pass_for_another() {
    let kinds = [Kind::Open, Kind::Attest, Kind::Request, Kind::State];
    for made in kinds {
        let record = sign(&state(), made);
        for asked in kinds {
            let answer = Proof::verify(&record, asked, &point(&key()));
            // An `open` proof without transcript and ephemerals opens nothing either.
            assert_eq!(
                answer.is_ok(),
                made == asked && made != Kind::Open,
                "{made:?} for {asked:?}: {answer:?}"
            );
        }
    }
}

#[test]
fn the_largest_proof_fits_a_record() {
    let given: Vec<_> = (0..32)
        .map(|line| Given {
            line: u32::MAX - line,
            count: u64::from(u32::MAX),
        })
        .collect();
    let product = "a-product-id-as-long-as-any-product-id-may-ever-";
    let grant = GrantState {
        product,
        revision: 1 << 40,
        digest: [9; 32],
        given: List::of(&given).expect("fits"),
    };
    let opening = Opening {
        transcript: [4; 32],
        dongle_nonce: [5; 32],
        host_ephemeral: [6; 65],
        dongle_ephemeral: [7; 65],
    };
    let proof = Proof {
        grants: List::of(&[grant; 8]).expect("fits"),
        opening: Some(opening),
        ..state()
    };
    let record = sign(&proof, Kind::Open);
    assert_eq!(
        Proof::verify(&record, Kind::Open, &point(&key()))
            .expect("verifies")
            .grants
            .len(),
        8
    );
}

#[test]
fn a_second_opinion_agrees_on_a_proof() {
    let record = sign(&state(), Kind::State);
    let theirs = coset::CoseSign1::from_tagged_slice(&record).expect("a COSE_Sign1");
    let key = key();
    theirs
        .verify_signature(&[], |signature, data| {
            use p256::ecdsa::signature::Verifier;
            key.verifying_key()
                .verify(data, &Signature::from_slice(signature).expect("r and s"))
        })
        .expect("verifies");
    assert_eq!(theirs.unprotected, coset::Header::default());
    assert_eq!(
        theirs.to_tagged_vec().expect("writes"),
        record,
        "deterministic on both sides"
    );
}

#[test]
fn a_second_opinion_agrees_on_a_session_message() {
    let (ours, _) = session();
    let mut out = [0; 256];
    let length = seal(
        &ours,
        Direction::ToDongle,
        5,
        Command::Heartbeat,
        &[0xA0],
        &mut out,
    )
    .expect("fits");
    let theirs = coset::CoseMac0::from_tagged_slice(&out[..length]).expect("a COSE_Mac0");
    assert_eq!(theirs.payload.as_deref(), Some([0xA0].as_slice()));
    assert_eq!(theirs.tag.len(), 32);
    assert_eq!(
        theirs.protected.header.clone().to_vec().expect("writes")[..3],
        [0xA2, 0x01, 0x05]
    );
}

/// Two sides of one session.
fn session() -> (Keys, Keys) {
    let host = p256::SecretKey::from_slice(&[1; 32]).expect("a scalar");
    let dongle = p256::SecretKey::from_slice(&[2; 32]).expect("a scalar");
    let at_host = Keys::agree(&host, &public_key(&dongle), &[8; 32]).expect("a point");
    let at_dongle = Keys::agree(&dongle, &public_key(&host), &[8; 32]).expect("a point");
    (at_host, at_dongle)
}

#[test]
fn a_session_message_is_believed_only_as_it_was_meant() {
    let (host, dongle) = session();
    let mut out = [0; 256];
    let length = seal(
        &host,
        Direction::ToDongle,
        5,
        Command::Update,
        b"payload",
        &mut out,
    )
    .expect("fits");
    let message = &out[..length];
    assert_eq!(
        open(&dongle, Direction::ToDongle, Command::Update, message).expect("opens"),
        (5, b"payload".as_slice())
    );
    assert!(
        open(&dongle, Direction::ToHost, Command::Update, message).is_err(),
        "the other way"
    );
    assert!(
        open(&dongle, Direction::ToDongle, Command::Close, message).is_err(),
        "another command"
    );
    let secret = p256::SecretKey::from_slice(&[3; 32]).expect("a scalar");
    let other = Keys::agree(&secret, &public_key(&secret), &[8; 32]).expect("a point");
    assert!(
        open(&other, Direction::ToDongle, Command::Update, message).is_err(),
        "another session"
    );
}

#[test]
fn a_point_off_the_curve_agrees_to_nothing() {
    let secret = p256::SecretKey::from_slice(&[1; 32]).expect("a scalar");
    for point in [[0; 65], [4; 65], [0xFF; 65]] {
        assert!(Keys::agree(&secret, &point, &[8; 32]).is_err());
    }
}

proptest! {
    #[test]
    fn a03_any_changed_byte_of_a_record_is_refused(at in any::<prop::sample::Index>(), by in 1_u8..) {
        let mut record = sign(&state(), Kind::State);
        let at = at.index(record.len());
        record[at] ^= by;
        prop_assert!(Proof::verify(&record, Kind::State, &point(&key())).is_err());
    }

    #[test]
    fn a03_trailing_bytes_are_refused(tail in prop::collection::vec(any::<u8>(), 1..40)) {
        let mut record = sign(&state(), Kind::State);
        record.extend(tail);
        let answer = Proof::verify(&record, Kind::State, &point(&key()));
        prop_assert!(matches!(answer, Err(CoseError::Malformed(_))), "{answer:?}");
    }

    #[test]
    fn any_changed_byte_of_a_session_message_is_refused(at in any::<prop::sample::Index>(), by in 1_u8..) {
        let (host, dongle) = session();
        let mut out = [0; 256];
        let length = seal(&host, Direction::ToDongle, 5, Command::Update, b"payload", &mut out).expect("fits");
        let at = at.index(length);
        out[at] ^= by;
        prop_assert!(open(&dongle, Direction::ToDongle, Command::Update, &out[..length]).is_err());
    }
}
