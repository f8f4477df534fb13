//! Bytes of the claims that only files carry, each explained. `records.cddl` says the same in general.

use tallykey_protocol::array::Array;
use tallykey_protocol::cbor::Full;
use tallykey_protocol::composite::Composite;
use tallykey_protocol::grant::{self, Convert, Plan};
use tallykey_protocol::licence::{Holder, Licence, Line, Mac, Macs};
use tallykey_protocol::list::List;
use tallykey_protocol::receipt::{Evidence, identity};
use tallykey_protocol::request::{
    Dongle, Environment, Head, Held, Installed, Mark, Purpose, Reached, Request, Wanted,
    proof_nonce,
};
use tallykey_protocol::revocation::{RevocationList, Revoked};
use tallykey_protocol::target::{Binding, Component, Part};

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

fn binding() -> Binding {
    let board = Component {
        part: Part::Board,
        hash: [0xB0; 16],
    };
    Binding {
        salt: [0x5A; 16],
        components: List::of(&[board]).expect("one"),
    }
}

fn licence<'a>(holder: Holder, macs: &'a [Mac]) -> Licence<'a> {
    let line = grant::Line {
        id: 1,
        feature: "camera",
        count: 64,
        plan: Plan::Perpetual,
        valid_from: 256,
        valid_to: None,
    };
    let macs = Macs::new(macs).expect("rising");
    Licence {
        vendor: "Acme",
        issued_at: 1_790_000_000,
        holder,
        product: "vms",
        revision: 2,
        profile_revision: 3,
        request_nonce: None,
        lines: List::of(&[Line { line, macs }]).expect("one"),
        convert: Convert::Desk,
        flags: 1,
        absorbs: List::of(&[[0xAB; 32]]).expect("one"),
        customer: "Ada",
        project: "",
        desk_nonce: None,
    }
}

#[test]
#[rustfmt::skip]
fn machine_licence_claims() {
    let holder = Holder::Machine { thumbprint: [0xC0; 32], binding: binding() };
    let licence = Licence {
        request_nonce: Some([0x4E; 32]),
        desk_nonce: Some([0xDE; 32]),
        ..licence(holder, &[])
    };
    golden(|out| licence.encode(out), &[
        &[0xAF],                                        // map of 15
        &[0x01, 0x64], b"Acme",                         // iss: text of 4
        &[0x06, 0x1A, 0x6A, 0xB1, 0x3B, 0x80],          // iat: 1790000000
        &[0x08, 0xA1, 0x05, 0x58, 0x20], &[0xC0; 32],   // cnf: ckt, 32 bytes
        &[0x3A, 0x00, 0x01, 0x00, 0x00, 0x63], b"vms",  // -65537 product: text of 3
        &[0x3A, 0x00, 0x01, 0x00, 0x02, 0x02],          // -65539 revision: 2
        &[0x3A, 0x00, 0x01, 0x00, 0x03, 0x03],          // -65540 profile revision: 3
        &[0x3A, 0x00, 0x01, 0x00, 0x04, 0x58, 0x20], &[0x4E; 32], // -65541 request nonce
        &[0x3A, 0x00, 0x01, 0x00, 0x05, 0x81],          // -65542 lines: array of 1
        &[0x86, 0x01, 0x66], b"camera",                 //   line 1: id 1, feature
        &[0x18, 0x40, 0x00],                            //     64 channels, perpetual
        &[0x19, 0x01, 0x00, 0xF6],                      //     from 256, no end
        &[0x3A, 0x00, 0x01, 0x00, 0x06, 0x01],          // -65543 convert: through the desk
        &[0x3A, 0x00, 0x01, 0x00, 0x07, 0x01],          // -65544 flags: no free channels
        &[0x3A, 0x00, 0x01, 0x00, 0x08, 0x81],          // -65545 absorbs: array of 1
        &[0x58, 0x20], &[0xAB; 32],                     //   an identity
        &[0x3A, 0x00, 0x01, 0x00, 0x09, 0x63], b"Ada",  // -65546 customer: text of 3
        &[0x3A, 0x00, 0x01, 0x00, 0x0A, 0x60],          // -65547 project: empty
        &[0x3A, 0x00, 0x01, 0x00, 0x23, 0x82],          // -65572 binding: array of 2
        &[0x50], &[0x5A; 16],                           //   salt: 16 bytes
        &[0x81, 0x82, 0x01, 0x50], &[0xB0; 16],         //   array of 1: board, 16 bytes
        &[0x3A, 0x00, 0x01, 0x00, 0x24, 0x58, 0x20], &[0xDE; 32], // -65573 desk nonce
    ]);
}

#[test]
#[rustfmt::skip]
fn mac_licence_claims() {
    let macs = [[0, 2, 0xD1, 0, 0, 7], [0, 2, 0xD1, 0, 0, 9]];
    let licence = licence(Holder::Macs, &macs);
    golden(|out| licence.encode(out), &[
        &[0xAB],                                        // map of 11: no cnf, no binding
        &[0x01, 0x64], b"Acme",
        &[0x06, 0x1A, 0x6A, 0xB1, 0x3B, 0x80],
        &[0x3A, 0x00, 0x01, 0x00, 0x00, 0x63], b"vms",
        &[0x3A, 0x00, 0x01, 0x00, 0x02, 0x02],
        &[0x3A, 0x00, 0x01, 0x00, 0x03, 0x03],
        &[0x3A, 0x00, 0x01, 0x00, 0x05, 0x81],          // -65542 lines: array of 1
        &[0x87, 0x01, 0x66], b"camera",                 //   seven fields
        &[0x18, 0x40, 0x00, 0x19, 0x01, 0x00, 0xF6],
        &[0x4C],                                        //     12 bytes: two addresses
        &[0x00, 0x02, 0xD1, 0x00, 0x00, 0x07],
        &[0x00, 0x02, 0xD1, 0x00, 0x00, 0x09],
        &[0x3A, 0x00, 0x01, 0x00, 0x06, 0x01],
        &[0x3A, 0x00, 0x01, 0x00, 0x07, 0x01],
        &[0x3A, 0x00, 0x01, 0x00, 0x08, 0x81, 0x58, 0x20], &[0xAB; 32],
        &[0x3A, 0x00, 0x01, 0x00, 0x09, 0x63], b"Ada",
        &[0x3A, 0x00, 0x01, 0x00, 0x0A, 0x60],
    ]);
}

#[test]
#[rustfmt::skip]
fn composite_envelope() {
    let evidence = Evidence { receipt: b"rec", grant: b"gra", chain: [b"leaf", b"ca"] };
    golden(|out| Composite(evidence).encode(out), &[
        &[0xA4, 0x01, 0x01],        // map of 4; format 1
        &[0x02, 0x43], b"rec",      // the receipt: 3 bytes
        &[0x03, 0x43], b"gra",      // the grant: 3 bytes
        &[0x04, 0x82, 0x44], b"leaf", // the dongle's certificate: 4 bytes
        &[0x42], b"ca",             // the factory CA's: 2 bytes
    ]);
}

#[test]
#[rustfmt::skip]
fn request_claims() {
    let lines = [Held { line: 1, count: 8 }];
    let installed = [Installed { identity: [0x1D; 32], revision: 2, lines: Array::of(&lines) }];
    let (grants, receipts) = ([&b"gra"[..]], [&b"rec"[..]]);
    let dongles = [
        Dongle {
            chain: [b"leaf", b"ca"],
            proof: Some(b"proof"),
            grants: Array::of(&grants),
            receipts: Array::of(&receipts),
        },
        Dongle { chain: [b"leaf", b"ca"], proof: None, grants: Array::default(), receipts: Array::default() },
    ];
    let reached = [Reached { product: "vms", revision: 2 }];
    let marks = [Mark { serial: "TK-7", thumbprint: [0xC0; 32], counter: 300, revisions: Array::of(&reached) }];
    let wanted = [Wanted { feature: "camera", count: 64 }];
    let request = Request {
        host: "nvr",
        issued_at: 1_790_000_000,
        nonce: [0x4E; 32],
        purpose: Purpose::Conversion,
        product: "vms",
        profile_revision: 3,
        host_key: [0x04; 65],
        binding: binding(),
        environment: Environment::VirtualMachine,
        installed: Array::of(&installed),
        dongles: Array::of(&dongles),
        marks: Array::of(&marks),
        history: Head { sequence: 17, hash: [0x48; 32] },
        desk_nonce: Some([0xDE; 32]),
        wanted: Array::of(&wanted),
    };
    golden(|out| request.encode(out), &[
        &[0xAF],                                        // map of 15
        &[0x01, 0x63], b"nvr",                          // iss: the host's name
        &[0x06, 0x1A, 0x6A, 0xB1, 0x3B, 0x80],          // iat: 1790000000
        &[0x0A, 0x58, 0x20], &[0x4E; 32],               // eat_nonce
        &[0x3A, 0x00, 0x01, 0x00, 0x00, 0x63], b"vms",  // -65537 product
        &[0x3A, 0x00, 0x01, 0x00, 0x03, 0x03],          // -65540 profile revision: 3
        &[0x3A, 0x00, 0x01, 0x00, 0x23, 0x82],          // -65572 binding: array of 2
        &[0x50], &[0x5A; 16],                           //   salt
        &[0x81, 0x82, 0x01, 0x50], &[0xB0; 16],         //   board
        &[0x3A, 0x00, 0x01, 0x00, 0x24, 0x58, 0x20], &[0xDE; 32], // -65573 the desk's nonce
        &[0x3A, 0x00, 0x01, 0x00, 0x25, 0x58, 0x41], &[0x04; 65], // -65574 host key
        &[0x3A, 0x00, 0x01, 0x00, 0x26, 0x04],          // -65575 purpose: conversion
        &[0x3A, 0x00, 0x01, 0x00, 0x27, 0x02],          // -65576 environment: virtual machine
        &[0x3A, 0x00, 0x01, 0x00, 0x28, 0x81, 0x83],    // -65577 installed: one of 3 fields
        &[0x58, 0x20], &[0x1D; 32], &[0x02],            //   identity, revision 2
        &[0x81, 0x82, 0x01, 0x08],                      //   line 1: 8 channels
        &[0x3A, 0x00, 0x01, 0x00, 0x29, 0x82],          // -65578 dongles: array of 2
        &[0x84, 0x82, 0x44], b"leaf", &[0x42], b"ca",   //   the first: its chain
        &[0x45], b"proof",                              //     its proof
        &[0x81, 0x43], b"gra", &[0x81, 0x43], b"rec",   //     a grant, a receipt
        &[0x84, 0x82, 0x44], b"leaf", &[0x42], b"ca",   //   the second: its chain
        &[0xF6, 0x80, 0x80],                            //     not plugged in; nothing else
        &[0x3A, 0x00, 0x01, 0x00, 0x2A, 0x81, 0x84],    // -65579 marks: one of 4 fields
        &[0x64], b"TK-7", &[0x58, 0x20], &[0xC0; 32],   //   serial, thumbprint
        &[0x19, 0x01, 0x2C],                            //   counter 300
        &[0x81, 0x82, 0x63], b"vms", &[0x02],           //   revision 2
        &[0x3A, 0x00, 0x01, 0x00, 0x2B, 0x82, 0x11],    // -65580 history: row 17
        &[0x58, 0x20], &[0x48; 32],                     //   its hash
        &[0x3A, 0x00, 0x01, 0x00, 0x2C, 0x81, 0x82],    // -65581 wanted: one of 2 fields
        &[0x66], b"camera", &[0x18, 0x40],              //   64 cameras
    ]);
}

#[test]
#[rustfmt::skip]
fn revocation_list_claims() {
    let revoked = [Revoked { thumbprint: [0xC0; 32], counter: 300 }];
    let list = RevocationList { vendor: "Acme", issued_at: 256, epoch: 7, revoked: Array::of(&revoked) };
    golden(|out| list.encode(out), &[
        &[0xA4],                                        // map of 4
        &[0x01, 0x64], b"Acme",                         // iss: text of 4
        &[0x06, 0x19, 0x01, 0x00],                      // iat: 256
        &[0x3A, 0x00, 0x01, 0x00, 0x2D, 0x07],          // -65582 epoch: 7
        &[0x3A, 0x00, 0x01, 0x00, 0x2E, 0x81, 0x82],    // -65583 revoked: one of 2 fields
        &[0x58, 0x20], &[0xC0; 32], &[0x19, 0x01, 0x2C], //   thumbprint, last counter honoured
    ]);
}

/// Computed with Python's hashlib, from the words of the protocol alone.
#[test]
fn identity_and_nonce() {
    let hex = |bytes: [u8; 32]| bytes.map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(
        hex(identity(&[0xC0; 32], 300)),
        "80123735f142d1185576c1743967d8582b5c47e01c64bd81265569e8c06d3d66"
    );
    assert_eq!(
        hex(proof_nonce(&[0x4E; 32], &[0x04; 65])),
        "3eef67fd6af581aaa0fb38bf100ae98f880d117427a0f53b77f7f3b80e55f888"
    );
}
