//! The desk and dongles: updates, receipts, instructions, revocation.

use std::fs;

use tallykey_protocol::{receipt::Kind, request::Purpose};

use crate::{
    home::{Home, Ran},
    server::Server,
    stick::{SERIAL, Stick},
};

fn update(home: &Home, request: &str, channels: &str, out: &str) -> Ran {
    let answer = ["issue", "--request", request, "--dongle", SERIAL];
    home.desk(&[&answer[..], &["--channels", channels, "--out", out]].concat())
}

fn redeem(home: &Home, file: &str, out: &str) -> Ran {
    home.desk(&["redeem", file, "--out", out])
}

#[test]
fn a_dongle_gets_its_next_grant_over_what_it_gave_away() {
    let home = Home::with_keys();
    let server = Server::new(9);
    let mut stick = Stick::new(&home);
    stick.gives(Kind::Retire, 4, &server);
    stick.receipts.clear();
    server.asks_with(&home, "r1", Purpose::Update, 1, &[&stick]);
    update(&home, "r1", "camera=59", "a1").refused("count-falls");
    let out = update(&home, "r1", "camera=96", "a1").exits(0).out();
    assert!(
        out.contains("60 → 96") && out.contains("revision 2"),
        "{out}"
    );
    stick.imports(&home, "a1");
    assert_eq!(
        stick.gross(),
        (100, 2),
        "gross: what was given away stays counted"
    );
}

#[test]
fn a14_a_second_open_request_of_a_dongle_is_refused() {
    let home = Home::with_keys();
    let server = Server::new(9);
    let mut stick = Stick::new(&home);
    server.asks_with(&home, "r1", Purpose::Update, 1, &[&stick]);
    server.asks_with(&home, "r2", Purpose::Update, 2, &[&stick]);
    update(&home, "r1", "camera=96", "a1").exits(0);
    update(&home, "r1", "camera=96", "a2").refused("request-answered");
    update(&home, "r2", "camera=96", "a2").refused("request-open");
    stick.imports(&home, "a1");
    server.asks_with(&home, "r3", Purpose::Update, 3, &[&stick]);
    update(&home, "r3", "camera=97", "a3").exits(0);
    assert!(!home.path("a2").exists());
}

#[test]
fn only_a_dongle_that_proves_itself_is_updated() {
    let home = Home::with_keys();
    let server = Server::new(9);
    let mut stick = Stick::new(&home);
    server.asks(&home, "r1", Purpose::Update, 1);
    update(&home, "r1", "camera=96", "a1").refused("no-such-dongle");
    stick.plugged = false;
    server.asks_with(&home, "r2", Purpose::Update, 2, &[&stick]);
    update(&home, "r2", "camera=96", "a1").refused("dongle-not-plugged");
    stick.plugged = true;
    stick.simulated = true;
    server.asks_with(&home, "r3", Purpose::Update, 3, &[&stick]);
    update(&home, "r3", "camera=96", "a1").refused("simulator-refused");
    let foreign = Stick::new(&Home::with_keys());
    server.asks_with(&home, "r4", Purpose::Update, 4, &[&foreign]);
    update(&home, "r4", "camera=96", "a1").refused("dongle-not-believed");
    assert_eq!(fs::read(home.path("vendor/register")).expect("there"), b"");
}

#[test]
fn a_receipt_is_taken_once() {
    let home = Home::with_keys();
    let mut server = Server::new(9);
    let mut stick = Stick::new(&home);
    stick.gives(Kind::ConvertOffline, 4, &server);
    server.asks_with(&home, "r1", Purpose::Conversion, 1, &[&stick]);
    redeem(&home, "r1", "a1").refused("offline-receipt");
    server.asks(&home, "r2", Purpose::Conversion, 2);
    redeem(&home, "r2", "a1").refused("no-receipt");

    stick.gives(Kind::ConvertDesk, 16, &server);
    server.asks_with(&home, "r3", Purpose::Conversion, 3, &[&stick]);
    let out = redeem(&home, "r3", "a1").exits(0).out();
    assert!(out.contains("converted") && out.contains("0 → 16"), "{out}");
    server.imports(&home, "a1");
    assert_eq!(server.channels(), 16);
    redeem(&home, "r3", "a2").refused("receipt-taken");
    // In another request, from another server, it is the same receipt.
    Server::new(8).asks_with(&home, "r4", Purpose::Conversion, 4, &[&stick]);
    redeem(&home, "r4", "a2").refused("receipt-taken");

    stick.gives(Kind::Retire, 8, &server);
    server.asks_with(&home, "r5", Purpose::Update, 5, &[&stick]);
    let out = redeem(&home, "r5", "a2").exits(0).out();
    assert!(out.contains("retired") && out.contains("8 → 0"), "{out}");
    redeem(&home, "r5", "a2").refused("receipt-taken");
    assert!(!home.path("a2").exists(), "nothing leaves for a credit");
}

#[test]
fn what_a_dongle_converted_to_a_machine_goes_into_its_next_licence_once() {
    let home = Home::with_keys();
    let mut server = Server::new(9);
    let mut stick = Stick::new(&home);
    stick.gives(Kind::ConvertOffline, 16, &server);
    let composite = stick.converted(16);
    // Nothing of it counts before it is installed.
    server.asks_with(&home, "r1", Purpose::New, 1, &[&stick]);
    let out = home.issue("r1", "vca=8", "a1").exits(0).out();
    assert!(out.contains("0 → 8") && !out.contains("camera"), "{out}");
    server.imports(&home, "a1");
    server.installed.push(composite.clone());
    server.asks_with(&home, "r2", Purpose::Update, 2, &[&stick]);
    let out = home.issue("r2", "camera=20", "a2").exits(0).out();
    assert!(out.contains("16 → 20"), "{out}");
    server.imports(&home, "a2");
    assert_eq!((server.channels(), server.installed.len()), (28, 1));
    // Brought back, it is absorbed and counts no second time.
    server.installed.push(composite);
    server.asks_with(&home, "r3", Purpose::Update, 3, &[&stick]);
    let out = home.issue("r3", "camera=24", "a3").exits(0).out();
    assert!(out.contains("20 → 24"), "{out}");
}

#[test]
fn what_a_revoked_dongle_does_later_is_void() {
    let home = Home::with_keys();
    let server = Server::new(9);
    let mut stick = Stick::new(&home);
    let revoke = |out| home.desk(&["revoke", "--serial", SERIAL, "--out", out]);
    revoke("list").refused("unknown-dongle");
    stick.gives(Kind::ConvertDesk, 16, &server);
    server.asks_with(&home, "r1", Purpose::Conversion, 1, &[&stick]);
    redeem(&home, "r1", "a1").exits(0);
    revoke("list").exits(0);
    revoke("list2").refused("revoked-already");
    let shown = home
        .run(&["inspect", "list", "--dir", "vendor", "--json"])
        .exits(0)
        .json();
    let says = &shown["files"][0]["objects"][0]["says"];
    assert_eq!(
        (&says["epoch"], &says["revoked"][0]["last_honoured"]),
        (&1.into(), &11.into())
    );
    stick.gives(Kind::Retire, 8, &server);
    server.asks_with(&home, "r2", Purpose::Update, 2, &[&stick]);
    redeem(&home, "r2", "a2").refused("dongle-revoked");
    update(&home, "r2", "camera=96", "a2").refused("dongle-revoked");
}

#[test]
fn an_instruction_names_the_dongle_and_its_counter() {
    let home = Home::with_keys();
    let server = Server::new(9);
    let stick = Stick::new(&home);
    server.asks_with(&home, "r1", Purpose::Repair, 1, &[&stick]);
    let instruct = |out| {
        let args = ["instruct", "--kind", "reset-owner-code", "--request", "r1"];
        home.desk(&[&args[..], &["--serial", SERIAL, "--out", out]].concat())
    };
    instruct("a1").exits(0);
    instruct("a2").refused("request-answered");
    let shown = home
        .run(&["inspect", "a1", "--dir", "vendor", "--json"])
        .exits(0)
        .json();
    let says = &shown["files"][0]["objects"][0]["says"];
    assert_eq!(
        (&says["instruction"], &says["serial"], &says["counter"]),
        (&"reset-owner-code".into(), &SERIAL.into(), &10.into())
    );
}
