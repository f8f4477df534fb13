//! Bytes of every message body of protocol version 1, each explained. A change here is a change of the
//! wire.

use tallykey_protocol::command::{
    Decode, Empty, Encode, certificate, certify, encode_reply, grant, heartbeat, hello, make_key,
    open, personalise, prove, seal, split_reply, update,
};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::proof::Kind;
use tallykey_protocol::status::Status;

/// Writes `body`, compares it with `bytes`, and reads it back.
fn golden<'b, T: Encode + Decode<'b> + PartialEq + std::fmt::Debug>(body: &T, bytes: &'b [u8]) {
    let mut out = [0; 1024];
    let length = body.encode(&mut out).expect("fits");
    assert_eq!(out[..length], *bytes, "written: {:02X?}", &out[..length]);
    assert_eq!(T::decode(bytes).expect("reads"), *body);
}

#[test]
fn hello_request() {
    #[rustfmt::skip]
    golden(&hello::Request { min: 1, current: 1 }, &[
        0xA2,       // map of 2
        0x01, 0x01, // min: 1
        0x02, 0x01, // current: 1
    ]);
}

#[test]
fn hello_reply() {
    let reply = hello::Reply {
        min: 1,
        current: 1,
        chip_id: [0xC0, 1, 2, 3, 4, 5, 6, 7],
        serial: Some("TK-7"),
        lifecycle: Lifecycle::Sealed,
        simulated: true,
        firmware: "0.1.0",
        message_max: 7609,
    };
    #[rustfmt::skip]
    golden(&reply, &[
        0xA8,                                           // map of 8
        0x01, 0x01,                                     // min: 1
        0x02, 0x01,                                     // current: 1
        0x03, 0x48, 0xC0, 1, 2, 3, 4, 5, 6, 7,          // chip id: 8 bytes
        0x04, 0x64, b'T', b'K', b'-', b'7',             // serial: text of 4
        0x05, 0x02,                                     // lifecycle: Sealed
        0x06, 0xF5,                                     // simulated: true
        0x07, 0x65, b'0', b'.', b'1', b'.', b'0',       // firmware: text of 5
        0x08, 0x19, 0x1D, 0xB9,                         // message max: 7609
    ]);
    let blank = hello::Reply {
        serial: None,
        lifecycle: Lifecycle::Blank,
        ..reply
    };
    let mut out = [0; 64];
    let length = blank.encode(&mut out).expect("fits");
    assert_eq!(
        (out[0], out[15]),
        (0xA7, 0x05),
        "no key 4: {:02X?}",
        &out[..length]
    );
}

#[test]
fn certificate_request_and_reply() {
    golden(&certificate::Request { known: None }, &[0xA0]); // map of 0
    let mut known = vec![0xA1, 0x01, 0x58, 0x20]; // map of 1; digest: 32 bytes
    known.extend([0xDD; 32]);
    golden(
        &certificate::Request {
            known: Some([0xDD; 32]),
        },
        &known,
    );
    golden(
        &certificate::Reply {
            digest: [0xDD; 32],
            chain: None,
        },
        &known,
    );

    let mut full = known.clone();
    full[0] = 0xA2; // map of 2
    full.extend([
        0x02, 0x82, // chain: array of 2
        0x42, 0x30, 0x00, // the leaf: 2 bytes
        0x41, 0x31, // the factory CA: 1 byte
    ]);
    let chain = Some([[0x30, 0x00].as_slice(), [0x31].as_slice()]);
    golden(
        &certificate::Reply {
            digest: [0xDD; 32],
            chain,
        },
        &full,
    );
}

#[test]
fn open_request_reply_and_busy() {
    let mut bytes = vec![0xA3, 0x01, 0x58, 0x20]; // map of 3; nonce: 32 bytes
    bytes.extend([0x11; 32]);
    bytes.extend([0x02, 0x58, 0x41]); // ephemeral: 65 bytes
    bytes.extend([0x04; 65]);
    bytes.extend([0x03, 0x50]); // host id: 16 bytes
    bytes.extend([0x33; 16]);
    golden(
        &open::Request {
            nonce: [0x11; 32],
            ephemeral: [0x04; 65],
            host_id: [0x33; 16],
        },
        &bytes,
    );
    #[rustfmt::skip]
    golden(&open::Reply { proof: &[0xD2] }, &[
        0xA1,             // map of 1
        0x01, 0x41, 0xD2, // proof: 1 byte
    ]);
    #[rustfmt::skip]
    golden(&open::Busy { age_ms: 1500 }, &[
        0xA1,                   // map of 1
        0x01, 0x19, 0x05, 0xDC, // age: 1500 ms
    ]);
}

#[test]
fn heartbeat_request_and_reply() {
    let mut bytes = vec![0xA1, 0x01, 0x50]; // map of 1; nonce: 16 bytes
    bytes.extend([0x22; 16]);
    golden(&heartbeat::Request { nonce: [0x22; 16] }, &bytes);
    bytes[0] = 0xA2; // map of 2
    bytes.extend([0x02, 0x18, 0x64]); // counter: 100
    golden(
        &heartbeat::Reply {
            nonce: [0x22; 16],
            counter: 100,
        },
        &bytes,
    );
}

#[test]
fn prove_request_and_reply() {
    let mut bytes = vec![0xA3, 0x01, 0x02, 0x02, 0x58, 0x20]; // map of 3; kind: attest; nonce: 32 bytes
    bytes.extend([0x44; 32]);
    bytes.extend([0x03, 0x42, b'o', b'k']); // statement: 2 bytes
    golden(
        &prove::Request {
            kind: Kind::Attest,
            nonce: [0x44; 32],
            statement: b"ok",
        },
        &bytes,
    );
    golden(&prove::Reply { proof: &[0xD2] }, &[0xA1, 0x01, 0x41, 0xD2]);

    bytes[2] = 1;
    assert!(
        prove::Request::decode(&bytes).is_err(),
        "an `open` proof is made by `open` alone"
    );
    bytes[2] = 4;
    assert!(
        prove::Request::decode(&bytes).is_err(),
        "a `state` proof binds no statement"
    );
}

#[test]
fn grant_and_update() {
    #[rustfmt::skip]
    golden(&grant::Request::Index(7), &[
        0xA1,       // map of 1
        0x01, 0x07, // index: 7
    ]);
    assert!(
        grant::Request::decode(&[0xA1, 0x01, 0x08]).is_err(),
        "there are eight places"
    );
    let mut bytes = vec![0xA1, 0x02, 0x58, 0x20]; // map of 1; digest: 32 bytes
    bytes.extend([0x66; 32]);
    golden(&grant::Request::Digest([0x66; 32]), &bytes);
    golden(&grant::Reply { record: &[0xD2] }, &[0xA1, 0x01, 0x41, 0xD2]);
    golden(
        &update::Request { record: &[0xD2] },
        &[0xA1, 0x01, 0x41, 0xD2],
    );
    #[rustfmt::skip]
    golden(&update::Reply { revision: 1, counter: 5 }, &[
        0xA2,       // map of 2
        0x01, 0x01, // revision: 1
        0x02, 0x05, // counter: 5
    ]);
}

#[test]
fn factory_messages() {
    let mut bytes = vec![0xA1, 0x01, 0x50]; // map of 1; nonce: 16 bytes
    bytes.extend([0x55; 16]);
    golden(&make_key::Request { nonce: [0x55; 16] }, &bytes);
    golden(
        &make_key::Reply { request: &[0x30] },
        &[0xA1, 0x01, 0x41, 0x30],
    );
    #[rustfmt::skip]
    golden(&certify::Request { chain: [&[0x30], &[0x31]], root: &[0x32] }, &[
        0xA2,                               // map of 2
        0x01, 0x82, 0x41, 0x30, 0x41, 0x31, // chain: leaf and factory CA, 1 byte each
        0x02, 0x41, 0x32,                   // root: 1 byte
    ]);
    #[rustfmt::skip]
    golden(&personalise::Request { serial: "TK-7" }, &[
        0xA1,                               // map of 1
        0x01, 0x64, b'T', b'K', b'-', b'7', // serial: text of 4
    ]);
    let mut bytes = vec![0xA1, 0x01, 0x70]; // map of 1; owner code: text of 16
    bytes.extend(b"ABCDEFGHIJKLMNOP");
    golden(
        &seal::Reply {
            owner_code: "ABCDEFGHIJKLMNOP",
        },
        &bytes,
    );
    golden(&Empty, &[0xA0]); // map of 0
}

#[test]
fn a_reply_is_status_then_body() {
    let mut out = [0; 8];
    let length = encode_reply(&mut out, Status::WrongRevision, &Empty).expect("fits");
    assert_eq!(out[..length], [0x15, 0xA0]);
    assert_eq!(
        split_reply(&out[..length]).expect("splits"),
        (Status::WrongRevision, [0xA0].as_slice())
    );
}

#[test]
fn an_owner_code_is_not_printed() {
    let shown = format!(
        "{:?}",
        seal::Reply {
            owner_code: "ABCDEFGHIJKLMNOP"
        }
    );
    assert!(!shown.contains("ABCD"), "{shown}");
}
