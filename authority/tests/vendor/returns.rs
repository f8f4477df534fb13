//! Returns in two phases: nothing is credited before the server has shown that it gave up the counts.

use std::fs;

use tallykey_protocol::request::Purpose;

use crate::{
    home::{Home, Ran},
    server::Server,
};

const CONFIRM: Purpose = Purpose::ReturnConfirmation;

fn confirm(home: &Home, request: &str) -> Ran {
    home.desk(&["confirm-return", "--request", request])
}

/// A server that has 64 cameras and whose return of 24 is open: the answer is in `lower`.
fn returning(home: &Home) -> Server {
    let mut server = Server::new(9);
    server.asks(home, "r1", Purpose::New, 1);
    home.issue("r1", "camera=64", "a1").exits(0);
    server.imports(home, "a1");
    server.asks(home, "r2", Purpose::Update, 2);
    let out = home.issue("r2", "camera=40", "lower").exits(0).out();
    assert!(
        out.contains("return-opened") && out.contains("64 → 40"),
        "{out}"
    );
    server
}

fn credited(home: &Home) -> usize {
    let csv = home.desk(&["export"]).exits(0).out();
    csv.lines()
        .filter(|row| row.contains(",return-confirmed,"))
        .count()
}

#[test]
fn a22_a_return_is_credited_once_and_only_for_lower_counts_at_a_higher_revision() {
    let home = Home::with_keys();
    let mut server = returning(&home);
    let before = server.installed.clone();

    // Nothing is echoed: the licence was not imported.
    server.asks(&home, "none", CONFIRM, 3);
    confirm(&home, "none").refused("unknown-return");
    // The nonce was read from the file, the licence was not imported.
    server.imports(&home, "lower");
    let lowered = server.installed.clone();
    server.installed.clone_from(&before);
    server.asks(&home, "kept", CONFIRM, 4);
    confirm(&home, "kept").refused("not-lowered");
    // Both are installed.
    server.installed = [before, lowered.clone()].concat();
    server.asks(&home, "both", CONFIRM, 5);
    confirm(&home, "both").refused("still-installed");
    // The identity is right, revision or counts are not.
    server.installed.clone_from(&lowered);
    server.installed[0].1 = 1;
    server.asks(&home, "old", CONFIRM, 6);
    confirm(&home, "old").refused("not-lowered");
    server.installed.clone_from(&lowered);
    server.installed[0].2[0].count = 64;
    server.asks(&home, "high", CONFIRM, 7);
    confirm(&home, "high").refused("not-lowered");
    // Another server shows the same.
    let mut other = Server::new(8);
    other.installed.clone_from(&lowered);
    other.desk_nonce = server.desk_nonce;
    other.asks(&home, "other", CONFIRM, 8);
    confirm(&home, "other").refused("other-server");
    assert_eq!(credited(&home), 0);

    server.installed = lowered;
    server.asks(&home, "good", CONFIRM, 9);
    server.asks(&home, "second", CONFIRM, 10);
    confirm(&home, "good").exits(0);
    assert_eq!(credited(&home), 1);
    confirm(&home, "good").refused("request-answered");
    confirm(&home, "second").refused("stale-confirmation");
    assert_eq!(credited(&home), 1);
}

#[test]
fn while_a_return_is_open_nothing_else_is_issued() {
    let home = Home::with_keys();
    let mut server = returning(&home);
    let register = fs::read(home.path("vendor/register")).expect("there");
    server.asks(&home, "r3", Purpose::Update, 3);
    home.issue("r3", "camera=80", "a3").refused("return-open");
    server.imports(&home, "lower");
    server.asks(&home, "r4", Purpose::Update, 4);
    home.issue("r4", "camera=80", "a3").refused("return-open");
    assert_eq!(
        fs::read(home.path("vendor/register")).expect("there"),
        register
    );
    server.asks(&home, "r5", CONFIRM, 5);
    confirm(&home, "r5").exits(0);
    server.asks(&home, "r6", Purpose::Update, 6);
    home.issue("r6", "camera=80", "a3").exits(0);
}
