//! Bytes of the claims of every record, of the container around them and of a session message, each
//! explained. `records.cddl` says the same in general.

use tallykey_protocol::cbor::Full;
use tallykey_protocol::command::Command;
use tallykey_protocol::cose::{Header, Typ, assemble};
use tallykey_protocol::grant::{Convert, Grant, Line, Plan};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::list::List;
use tallykey_protocol::profile::{Budgets, Feature, Mapping, Policy, Profile, Weight};
use tallykey_protocol::proof::{Given, GrantState, Proof};
use tallykey_protocol::session::{Direction, Keys, public_key, seal};
use tallykey_protocol::trust::TrustBundle;

/// What `write` writes is exactly `pieces`, one after the other.
fn golden(write: impl FnOnce(&mut [u8]) -> Result<usize, Full>, pieces: &[&[u8]]) {
    let mut out = [0; 2048];
    let length = write(&mut out).expect("fits");
    let mut at = 0;
    for (index, piece) in pieces.iter().enumerate() {
        let found = out.get(at..at + piece.len()).expect("long enough");
        assert_eq!(found, *piece, "piece {index} at byte {at}: {found:02X?}");
        at += piece.len();
    }
    assert_eq!(at, length, "the rest: {:02X?}", &out[at..length]);
}

#[test]
#[rustfmt::skip]
fn grant_claims() {
    let lines = [
        Line { id: 1, feature: "camera", count: 64, plan: Plan::Perpetual, valid_from: 1_790_000_000, valid_to: None },
        Line { id: 2, feature: "vca", count: 8, plan: Plan::FixedTerm, valid_from: 0, valid_to: Some(256) },
    ];
    let grant = Grant {
        vendor: "Acme",
        serial: "TK-7",
        thumbprint: [0xAB; 32],
        issued_at: 1_790_000_000,
        product: "vms",
        revision: 1,
        profile_revision: 2,
        request_nonce: None,
        lines: List::of(&lines).expect("fits"),
        convert: Convert::Offline,
        flags: 0,
        absorbs: List::default(),
        customer: "Ada",
        project: "",
    };
    golden(|out| grant.encode(out), &[
        &[0xAD],                                        // map of 13
        &[0x01, 0x64], b"Acme",                         // iss: text of 4
        &[0x02, 0x64], b"TK-7",                         // sub: text of 4
        &[0x06, 0x1A, 0x6A, 0xB1, 0x3B, 0x80],          // iat: 1790000000
        &[0x08, 0xA1, 0x05, 0x58, 0x20], &[0xAB; 32],   // cnf: ckt, 32 bytes
        &[0x3A, 0x00, 0x01, 0x00, 0x00, 0x63], b"vms",  // -65537 product: text of 3
        &[0x3A, 0x00, 0x01, 0x00, 0x02, 0x01],          // -65539 revision: 1
        &[0x3A, 0x00, 0x01, 0x00, 0x03, 0x02],          // -65540 profile revision: 2
        &[0x3A, 0x00, 0x01, 0x00, 0x05, 0x82],          // -65542 lines: array of 2
        &[0x86, 0x01, 0x66], b"camera",                 //   line 1: id 1, feature
        &[0x18, 0x40, 0x00],                            //     64 channels, perpetual
        &[0x1A, 0x6A, 0xB1, 0x3B, 0x80, 0xF6],          //     from 1790000000, no end
        &[0x86, 0x02, 0x63], b"vca",                    //   line 2: id 2, feature
        &[0x08, 0x02],                                  //     8 channels, fixed term
        &[0x00, 0x19, 0x01, 0x00],                      //     from 0 to 256
        &[0x3A, 0x00, 0x01, 0x00, 0x06, 0x02],          // -65543 convert: offline
        &[0x3A, 0x00, 0x01, 0x00, 0x07, 0x00],          // -65544 flags: none
        &[0x3A, 0x00, 0x01, 0x00, 0x08, 0x80],          // -65545 absorbs: nothing
        &[0x3A, 0x00, 0x01, 0x00, 0x09, 0x63], b"Ada",  // -65546 customer: text of 3
        &[0x3A, 0x00, 0x01, 0x00, 0x0A, 0x60],          // -65547 project: empty
    ]);
}

#[test]
#[rustfmt::skip]
fn state_proof_claims() {
    let given = List::of(&[Given { line: 1, count: 16 }]).expect("fits");
    let proof = Proof {
        serial: "TK-7",
        nonce: [0x11; 32],
        simulated: true,
        lifecycle: Lifecycle::Sealed,
        firmware: "0.1.0",
        firmware_digest: [0x22; 32],
        grants: List::of(&[GrantState { product: "vms", revision: 1, digest: [0x33; 32], given }]).expect("fits"),
        counter: 7,
        boot_id: [0x44; 16],
        time_floor: 0,
        opening: None,
    };
    golden(|out| proof.encode(out), &[
        &[0xAA],                                                    // map of 10
        &[0x01, 0x64], b"TK-7",                                     // iss: the serial
        &[0x0A, 0x58, 0x20], &[0x11; 32],                           // eat_nonce
        &[0x3A, 0x00, 0x01, 0x00, 0x12, 0xF5],                      // -65555 simulated: true
        &[0x3A, 0x00, 0x01, 0x00, 0x13, 0x02],                      // -65556 lifecycle: Sealed
        &[0x3A, 0x00, 0x01, 0x00, 0x14, 0x65], b"0.1.0",            // -65557 firmware
        &[0x3A, 0x00, 0x01, 0x00, 0x15, 0x58, 0x20], &[0x22; 32],   // -65558 firmware digest
        &[0x3A, 0x00, 0x01, 0x00, 0x16, 0x81],                      // -65559 grants: array of 1
        &[0x84, 0x63], b"vms", &[0x01],                             //   product, revision 1
        &[0x58, 0x20], &[0x33; 32],                                 //   the grant's digest
        &[0x81, 0x82, 0x01, 0x10],                                  //   given: 16 of line 1
        &[0x3A, 0x00, 0x01, 0x00, 0x17, 0x07],                      // -65560 counter: 7
        &[0x3A, 0x00, 0x01, 0x00, 0x18, 0x50], &[0x44; 16],         // -65561 boot id
        &[0x3A, 0x00, 0x01, 0x00, 0x19, 0x00],                      // -65562 time floor: 0
    ]);
}

#[test]
#[rustfmt::skip]
fn profile_claims() {
    let profile = Profile {
        vendor: "Acme",
        issued_at: 1,
        product: "vms",
        name: "VMS",
        revision: 2,
        features: List::of(&[Feature { id: "camera", name: "Cam", free: 4 }]).expect("fits"),
        weights: List::of(&[Weight { model: "MA*", channels: 2 }]).expect("fits"),
        mappings: List::of(&[Mapping { oui: Some([0x00, 0x02, 0xD1]), model: "", feature: "camera" }]).expect("fits"),
        budgets: Budgets {
            debounce_s: 30,
            grace_s: 259_200,
            first_grace_s: 14_400,
            subscription_grace_days: 30,
            machine_grace_days: 14,
            growth_percent: 100,
        },
        policy: Policy::ShortestFirst,
        terms: "T",
        contact: "C",
    };
    golden(|out| profile.encode(out), &[
        &[0xAC],                                                // map of 12
        &[0x01, 0x64], b"Acme",                                 // iss: the vendor
        &[0x06, 0x01],                                          // iat: 1
        &[0x3A, 0x00, 0x01, 0x00, 0x00, 0x63], b"vms",          // -65537 product id
        &[0x3A, 0x00, 0x01, 0x00, 0x01, 0x63], b"VMS",          // -65538 product name
        &[0x3A, 0x00, 0x01, 0x00, 0x02, 0x02],                  // -65539 revision: 2
        &[0x3A, 0x00, 0x01, 0x00, 0x0B, 0x81],                  // -65548 features: array of 1
        &[0x83, 0x66], b"camera", &[0x63], b"Cam", &[0x04],     //   id, name, 4 free
        &[0x3A, 0x00, 0x01, 0x00, 0x0C, 0x81],                  // -65549 weights: array of 1
        &[0x82, 0x63], b"MA*", &[0x02],                         //   models MA*, 2 channels
        &[0x3A, 0x00, 0x01, 0x00, 0x0D, 0x81],                  // -65550 mappings: array of 1
        &[0x83, 0x43, 0x00, 0x02, 0xD1, 0x60, 0x66], b"camera", //   00:02:D1, any model
        &[0x3A, 0x00, 0x01, 0x00, 0x0E, 0x86],                  // -65551 budgets: array of 6
        &[0x18, 0x1E, 0x1A, 0x00, 0x03, 0xF4, 0x80],            //   debounce 30 s, grace 72 h
        &[0x19, 0x38, 0x40, 0x18, 0x1E, 0x0E, 0x18, 0x64],      //   first 4 h, 30 d, 14 d, 100 %
        &[0x3A, 0x00, 0x01, 0x00, 0x0F, 0x00],                  // -65552 policy: shortest first
        &[0x3A, 0x00, 0x01, 0x00, 0x10, 0x61], b"T",            // -65553 terms
        &[0x3A, 0x00, 0x01, 0x00, 0x11, 0x61], b"C",            // -65554 contact
    ]);
}

#[test]
#[rustfmt::skip]
fn trust_bundle() {
    let bundle = TrustBundle { vendor: "Acme", root: &[0x30, 0x00], test: true };
    golden(|out| bundle.encode(out), &[
        &[0xA4],                   // map of 4
        &[0x01, 0x01],             // format: 1
        &[0x02, 0x64], b"Acme",    // vendor: text of 4
        &[0x03, 0x42, 0x30, 0x00], // root: 2 bytes of DER
        &[0x04, 0xF5],             // test: true
    ]);
}

#[test]
#[rustfmt::skip]
fn container() {
    let key = public_key(&p256::SecretKey::from_slice(&[7; 32]).expect("a scalar"));
    let header = Header { typ: Typ::Grant, key: &key, chain: &[&[0x30, 0x00]] };
    golden(|out| assemble(out, &header, &[0xA0], |_| Ok([0x5A; 64])), &[
        &[0xD2, 0x84],                                  // COSE_Sign1 (tag 18): array of 4
        &[0x58, 0x38, 0xA4],                            // protected: 56 bytes, map of 4
        &[0x01, 0x26],                                  //   alg: ES256
        &[0x04, 0x48], &tallykey_protocol::id::kid(&key), //   kid: 8 bytes
        &[0x10, 0x78, 0x23], b"application/vnd.tallykey.grant+cose", //   typ
        &[0x18, 0x21, 0x42, 0x30, 0x00],                //   x5chain: one certificate
        &[0xA0],                                        // unprotected: nothing
        &[0x41, 0xA0],                                  // payload: 1 byte
        &[0x58, 0x40], &[0x5A; 64],                     // signature: r and s
    ]);
}

#[test]
#[rustfmt::skip]
fn session_message() {
    let secret = p256::SecretKey::from_slice(&[7; 32]).expect("a scalar");
    let keys = Keys::agree(&secret, &public_key(&secret), &[0; 32]).expect("a point");
    let mut whole = [0; 64];
    let length = seal(&keys, Direction::ToDongle, 300, Command::Close, &[0xA0], &mut whole).expect("fits");
    golden(|out| seal(&keys, Direction::ToDongle, 300, Command::Close, &[0xA0], out), &[
        &[0xD1, 0x84],                                      // COSE_Mac0 (tag 17): array of 4
        &[0x4B, 0xA2],                                      // protected: 11 bytes, map of 2
        &[0x01, 0x05],                                      //   alg: HMAC 256/256
        &[0x3A, 0x00, 0x01, 0x00, 0x00, 0x19, 0x01, 0x2C],  //   -65537 sequence: 300
        &[0xA0],                                            // unprotected: nothing
        &[0x41, 0xA0],                                      // payload: 1 byte
        &[0x58, 0x20], &whole[length - 32..length],         // tag: 32 bytes, from the session's key
    ]);
}
