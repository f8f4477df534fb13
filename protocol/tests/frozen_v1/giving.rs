//! Bytes of the messages and records by which channels are given away and issuers speak to a dongle, each explained.

use tallykey_protocol::cbor::Full;
use tallykey_protocol::command::order::{self, Order, Share, TriesLeft};
use tallykey_protocol::command::{
    Command, Decode, Encode, acknowledge, instruct, receipt, revoke, self_test, time,
};
use tallykey_protocol::limits::{COUNT_MAX, LINES_MAX, ORDER_MAX, RECEIPT_MAX};
use tallykey_protocol::list::List;
use tallykey_protocol::owner;
use tallykey_protocol::receipt::{GivenAway, Kind, Receipt};
use tallykey_protocol::target::{Component, Part, Target};

/// Writes `body`, compares it with `pieces` one after the other, and reads it back.
fn message<T: Encode + for<'b> Decode<'b> + PartialEq + std::fmt::Debug>(
    body: &T,
    pieces: &[&[u8]],
) {
    assert_eq!(T::decode(&written(body, pieces)).expect("reads"), *body);
}

/// Writes `body` and compares it; bodies that borrow are read back by the caller.
fn written(body: &impl Encode, pieces: &[&[u8]]) -> Vec<u8> {
    golden(|out| body.encode(out), pieces)
}

/// What `write` writes is exactly `pieces`, one after the other.
fn golden(write: impl FnOnce(&mut [u8]) -> Result<usize, Full>, pieces: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0; 2048];
    let length = write(&mut out).expect("fits");
    let mut at = 0;
    for (index, piece) in pieces.iter().enumerate() {
        let found = out.get(at..at + piece.len()).expect("long enough");
        assert_eq!(found, *piece, "piece {index} at byte {at}: {found:02X?}");
        at += piece.len();
    }
    assert_eq!(at, length, "the rest: {:02X?}", &out[at..length]);
    out.truncate(length);
    out
}

fn target() -> Target {
    let component = |part, hash| Component { part, hash };
    let components = [
        component(Part::Board, [0xB0; 16]),
        component(Part::Network, [0xE4; 16]),
    ];
    Target {
        salt: [0x5A; 16],
        components: List::of(&components).expect("two"),
        host_key: [0x04; 65],
    }
}

/// [`target`] on the wire, in an order as in a receipt.
const TARGET: [&[u8]; 9] = [
    &[0x83], // array of 3
    &[0x50], //   salt: 16 bytes
    &[0x5A; 16],
    &[0x82, 0x82, 0x01, 0x50], //   components: array of 2; 1 = board, 16 bytes
    &[0xB0; 16],
    &[0x82, 0x04, 0x50], //     4 = network card, 16 bytes
    &[0xE4; 16],
    &[0x58, 0x41], //   host key: 65 bytes
    &[0x04; 65],
];

#[test]
#[rustfmt::skip]
fn order_of_a_conversion() {
    let order = Order {
        kind: Kind::ConvertOffline,
        request_id: [0x1D; 16],
        counter: 300,
        product: "vms",
        shares: List::of(&[Share { line: 1, count: 60 }, Share { line: 2, count: 8 }]).expect("two"),
        target: Some(target()),
    };
    let mut pieces: Vec<&[u8]> = vec![
        &[0xA6],                                // map of 6
        &[0x01, 0x01],                          // kind: convert-offline
        &[0x02, 0x50], &[0x1D; 16],             // request id: 16 bytes
        &[0x03, 0x19, 0x01, 0x2C],              // counter: 300
        &[0x04, 0x63], b"vms",                  // product: text of 3
        &[0x05, 0x82],                          // shares: array of 2
        &[0x82, 0x01, 0x18, 0x3C],              //   line 1: 60 channels
        &[0x82, 0x02, 0x08],                    //   line 2: 8 channels
        &[0x06],                                // target
    ];
    pieces.extend(TARGET);
    let bytes = written(&order, &pieces);
    assert_eq!(Order::decode(&bytes), Ok(order));
    let retire = Order { kind: Kind::Retire, target: None, ..order };
    pieces.truncate(10);
    (pieces[0], pieces[1]) = (&[0xA5], &[0x01, 0x03]); // map of 5; kind: retire
    let bytes = written(&retire, &pieces);
    assert_eq!(Order::decode(&bytes), Ok(retire));
}

#[test]
#[rustfmt::skip]
fn convert_and_retire() {
    let request = order::Request { order: &[0xA0], proof: [0xCC; 32] };
    let bytes = written(&request, &[
        &[0xA2],                      // map of 2
        &[0x01, 0x41, 0xA0],          // order: 1 byte
        &[0x02, 0x58, 0x20], &[0xCC; 32], // owner proof: 32 bytes
    ]);
    assert_eq!(order::Request::decode(&bytes), Ok(request));
    let reply = order::Reply { record: &[0xD2] };
    let bytes = written(&reply, &[&[0xA1, 0x01, 0x41, 0xD2]]);
    assert_eq!(order::Reply::decode(&bytes), Ok(reply));
    message(&TriesLeft { left: 7 }, &[&[0xA1, 0x01, 0x07]]);
}

/// Computed with Python's hmac, from the words of the protocol alone.
#[test]
fn owner_proof() {
    let verifier = owner::verifier(b"ABCDEFGHIJKLMNOP", "TK-7");
    let proof = owner::proof(&verifier, &[0x11; 32], Command::Retire, &[0xA0]);
    assert_eq!(
        hex(&verifier),
        "9fcd2a0fd61ada0b00e1277e47b156af1fcb53a996310bbb547532493a94d3cc"
    );
    assert_eq!(
        hex(&proof),
        "d3370bc8493031dd0a45bb1871c1cb8848548ce224607007fd659479ba7ffc83"
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
#[rustfmt::skip]
fn receipt_messages() {
    message(&receipt::Request::List, &[&[0xA0]]);                            // map of 0
    message(&receipt::Request::Read { counter: 9 }, &[&[0xA1, 0x01, 0x09]]); // counter: 9
    let entry = receipt::Entry { counter: 9, kind: Kind::Retire, request_id: [0x1D; 16], acknowledged: true };
    let list = receipt::Reply::List(List::of(&[entry]).expect("one"));
    let bytes = written(&list, &[
        &[0xA1, 0x01, 0x81],          // map of 1; list: array of 1
        &[0x84, 0x09, 0x03],          //   counter 9, retire
        &[0x50], &[0x1D; 16], &[0xF5] //   request id: 16 bytes; acknowledged
    ]);
    assert_eq!(receipt::Reply::decode(&bytes), Ok(list));
    let record = receipt::Reply::Record(&[0xD2]);
    let bytes = written(&record, &[&[0xA1, 0x02, 0x41, 0xD2]]);
    assert_eq!(receipt::Reply::decode(&bytes), Ok(record));
    message(&acknowledge::Request { counter: 9, digest: [0x66; 32] }, &[
        &[0xA2, 0x01, 0x09],          // map of 2; counter: 9
        &[0x02, 0x58, 0x20], &[0x66; 32], // digest: 32 bytes
    ]);
}

#[test]
#[rustfmt::skip]
fn instruct_time_revoke_and_self_test() {
    let one = [0xA1, 0x01, 0x41, 0xD2]; // map of 1; record: 1 byte
    written(&instruct::Request { record: &[0xD2] }, &[&one]);
    written(&time::Request { record: &[0xD2] }, &[&one]);
    written(&revoke::Request { list: &[0xD2] }, &[&one]);
    let reply = instruct::Reply { counter: 9, owner_code: Some("ABCDEFGHIJKLMNOP") };
    let bytes = written(&reply, &[
        &[0xA2, 0x01, 0x09],          // map of 2; counter: 9
        &[0x02, 0x70], b"ABCDEFGHIJKLMNOP", // owner code: text of 16
    ]);
    assert_eq!(instruct::Reply::decode(&bytes), Ok(reply));
    assert!(!format!("{reply:?}").contains("ABCD"), "a code is not printed");
    written(&instruct::Reply { counter: 9, owner_code: None }, &[&[0xA1, 0x01, 0x09]]);
    message(&time::Reply { time_floor: 256 }, &[&[0xA1, 0x01, 0x19, 0x01, 0x00]]);
    message(&revoke::Reply { number: 3 }, &[&[0xA1, 0x01, 0x03]]);
    message(&self_test::Reply { flash: true, random: true, key: Some(false), counter: true }, &[
        &[0xA4, 0x01, 0xF5, 0x02, 0xF5], // map of 4; flash, random: good
        &[0x03, 0xF4, 0x04, 0xF5],       // key: bad; counter: good
    ]);
    message(&self_test::Reply { flash: true, random: true, key: None, counter: true }, &[
        &[0xA3, 0x01, 0xF5, 0x02, 0xF5, 0x04, 0xF5],
    ]);
}

/// Every number at its largest, every list full: the limits are what they must be, and not more than an eighth above.
#[test]
fn the_largest_order_and_receipt_fit_their_limits() {
    let product = "p".repeat(48);
    let serial = "S".repeat(24);
    let lines = (u32::MAX - 31..=u32::MAX).collect::<Vec<_>>();
    assert_eq!(lines.len(), LINES_MAX);
    let shares: Vec<_> = lines
        .iter()
        .map(|&line| Share {
            line,
            count: COUNT_MAX,
        })
        .collect();
    let target = Target {
        components: List::of(
            &[Component {
                part: Part::Network,
                hash: [1; 16],
            }; 8],
        )
        .expect("full"),
        ..target()
    };
    let order = Order {
        kind: Kind::ConvertDesk,
        request_id: [1; 16],
        counter: u64::MAX,
        product: &product,
        shares: List::of(&shares).expect("full"),
        target: Some(target),
    };
    let (before, after) = (COUNT_MAX - 1, COUNT_MAX);
    let given: Vec<_> = lines
        .iter()
        .map(|&line| GivenAway {
            line,
            before,
            after,
        })
        .collect();
    let receipt = Receipt {
        serial: &serial,
        product: &product,
        revision: u64::MAX,
        grant: [1; 32],
        counter: u64::MAX,
        request_id: [1; 16],
        given: List::of(&given).expect("full"),
        target: Some(target),
    };
    let mut out = [0; 4096];
    let order = order.encode(&mut out).expect("fits");
    assert!(
        order <= ORDER_MAX && order * 9 / 8 > ORDER_MAX,
        "{order} bytes"
    );
    // Container: tag, array, protected header with the longest media type, signature.
    let receipt = receipt.encode(&mut out).expect("fits") + 4 + 2 + 70 + 1 + 3 + 66;
    assert!(
        receipt <= RECEIPT_MAX && receipt * 9 / 8 > RECEIPT_MAX,
        "{receipt} bytes"
    );
}
