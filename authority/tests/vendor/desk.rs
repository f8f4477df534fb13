//! The desk and machines: issuing, the register, and what stands between the two.

use std::fs;

use tallykey_protocol::request::Purpose;

use crate::{
    home::{Home, Ran},
    server::{PRODUCT, Server},
};

impl Home {
    /// A command of the desk, agreed to.
    pub(crate) fn desk(&self, args: &[&str]) -> Ran {
        let common = [
            "--dir",
            "vendor",
            "--passphrase-file",
            "passphrase",
            "--yes",
        ];
        self.run(&[&["desk"], args, &common[..]].concat())
    }

    pub(crate) fn issue(&self, request: &str, channels: &str, out: &str) -> Ran {
        self.desk(&[
            "issue",
            "--request",
            request,
            "--channels",
            channels,
            "--out",
            out,
        ])
    }
}

#[test]
fn a_machine_gets_a_licence_and_the_next_one_replaces_it() {
    let home = Home::with_keys();
    let mut server = Server::new(9);
    server.asks(&home, "r1", Purpose::New, 1);
    let out = home.issue("r1", "camera=64,vca=8", "a1").exits(0).out();
    assert!(
        out.contains("0 → 64") && out.contains("revision 1"),
        "{out}"
    );
    server.imports(&home, "a1");
    assert_eq!(server.channels(), 72);

    server.asks(&home, "r2", Purpose::Update, 2);
    let out = home.issue("r2", "camera=96", "a2").exits(0).out();
    assert!(
        out.contains("64 → 96") && out.contains("revision 2"),
        "{out}"
    );
    server.imports(&home, "a2");
    assert_eq!((server.channels(), server.installed.len()), (104, 1));

    server.asks(&home, "r3", Purpose::Update, 3);
    let term = [
        "issue",
        "--request",
        "r3",
        "--channels",
        "vca=12",
        "--out",
        "a3",
    ];
    let plan = ["--plan", "subscription"];
    home.desk(&[&term[..], &plan].concat()).refused("plan-end");
    let to = ["--valid-to", "2099-12-31"];
    home.desk(&[&term[..], &plan, &to].concat()).exits(0);
    server.imports(&home, "a3");
    assert_eq!(server.channels(), 108);
    let lines = &server.installed[0].2;
    assert_eq!(
        lines.len(),
        3,
        "what is added under another plan is a line of its own"
    );

    server.asks(&home, "r4", Purpose::Update, 4);
    home.issue("r4", "vca=12", "a4").refused("nothing-changes");
    server.asks(&home, "r5", Purpose::Repair, 5);
    home.desk(&["issue", "--request", "r5", "--out", "a5"])
        .exits(0);
    server.imports(&home, "a5");
    assert_eq!((server.channels(), server.installed.len()), (108, 1));
}

#[test]
fn a14_two_open_requests_and_a_replayed_one_are_refused() {
    let home = Home::with_keys();
    let mut server = Server::new(9);
    server.asks(&home, "r1", Purpose::New, 1);
    server.asks(&home, "r2", Purpose::New, 2);
    home.issue("r1", "camera=64", "a1").exits(0);
    let register = fs::read(home.path("vendor/register")).expect("a register");
    home.issue("r1", "camera=64", "a2")
        .refused("request-answered");
    home.issue("r2", "camera=64", "a2").refused("request-open");
    server.imports(&home, "a1");
    // Made before the import, so it does not show what is there now.
    home.issue("r2", "camera=64", "a2").refused("request-open");
    home.issue("r1", "camera=128", "a2")
        .refused("request-answered");
    assert_eq!(
        fs::read(home.path("vendor/register")).expect("there"),
        register
    );
    assert!(!home.path("a2").exists());
    server.asks(&home, "r3", Purpose::Update, 3);
    home.issue("r3", "camera=65", "a3").exits(0);
}

#[test]
fn what_nobody_confirmed_is_not_signed() {
    let home = Home::with_keys();
    Server::new(9).asks(&home, "r1", Purpose::New, 1);
    home.run(&[
        "desk",
        "issue",
        "--request",
        "r1",
        "--channels",
        "camera=64",
        "--dir",
        "vendor",
        "--passphrase-file",
        "passphrase",
    ])
    .refused("not-confirmed");
    Server::of_few_parts(8).asks(&home, "r2", Purpose::New, 2);
    home.issue("r2", "camera=64", "a2")
        .refused("binding-too-weak");
    fs::write(home.path("there"), "mine").expect("writable");
    home.issue("r1", "camera=64", "there")
        .refused("already-there");
    assert_eq!(fs::read(home.path("vendor/register")).expect("there"), b"");
    let both = fs::read_to_string(home.path("r1")).expect("text")
        + &fs::read_to_string(home.path("r2")).expect("text");
    fs::write(home.path("both"), both).expect("writable");
    home.issue("both", "camera=64", "a3")
        .refused("not-one-request");
}

#[test]
fn devices_get_a_licence_by_their_addresses() {
    let home = Home::with_keys();
    let issue = |list: &str| {
        fs::write(home.path("list"), list).expect("writable");
        home.desk(&[
            "issue",
            "--mac-list",
            "list",
            "--product",
            "tallykey-vms",
            "--channels",
            "camera=2",
            "--out",
            "a1",
        ])
    };
    issue("00:02:D1:00:00:01\n00:02:D1:00:00:0G\n").refused("bad-address");
    issue("00:02:D1:00:00:01\n0002d1000001\n").refused("bad-address");
    issue("# none\n").refused("address-count");
    issue("00:02:D1:00:00:02\n0002.d100.0001\n").exits(0);
    let shown = home
        .run(&["inspect", "a1", "--dir", "vendor", "--json"])
        .exits(0)
        .json();
    let says = &shown["files"][0]["objects"][0]["says"];
    assert_eq!(
        (&says["machine"], &says["line"][0]["devices"]),
        (&().into(), &2.into())
    );
}

#[test]
fn a_profile_gets_the_next_revision_and_a_wrong_form_is_refused() {
    let home = Home::with_keys();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/product.json");
    let form = fs::read_to_string(example).expect("the example");
    let sign = |form: &str, out| {
        fs::write(home.path("form"), form).expect("writable");
        home.desk(&["profile", "form", "--out", out])
    };
    sign(&form.replace("\"terms\"", "\"term\""), "p1").refused("bad-profile");
    sign(&form, "p1").exits(0);
    let out = sign(&form, "p2").exits(0).out();
    assert!(out.contains("revision 2"), "{out}");
    let shown = home
        .run(&["inspect", "p1", "p2", "--dir", "vendor", "--json"])
        .exits(0)
        .json();
    let says = |file: usize| &shown["files"][file]["objects"][0]["says"];
    assert_eq!(
        (&says(0)["revision"], &says(1)["revision"]),
        (&1.into(), &2.into())
    );
    assert_eq!(says(1)["feature"][0]["id"], "camera");
    sign(&form.replace("acme-vms", PRODUCT), "p3").exits(0);
    Server::new(9).asks(&home, "r1", Purpose::New, 1);
    home.issue("r1", "camrea=64", "a1")
        .refused("unknown-feature");
    home.issue("r1", "camera=64", "a1").exits(0);
}

#[test]
fn a_time_token_answers_a_request_once() {
    let home = Home::with_keys();
    let server = Server::new(9);
    server.asks(&home, "r1", Purpose::Time, 1);
    home.issue("r1", "camera=64", "a1").refused("wrong-purpose");
    let token = |request, out| home.desk(&["time-token", "--request", request, "--out", out]);
    token("r1", "a1").exits(0);
    token("r1", "a2").refused("request-answered");
    server.asks(&home, "r2", Purpose::New, 2);
    token("r2", "a2").refused("wrong-purpose");
    let shown = home
        .run(&["inspect", "a1", "--dir", "vendor"])
        .exits(0)
        .out();
    assert!(shown.contains("time-token: verified"), "{shown}");
    assert!(
        shown.contains(&"01".repeat(32)),
        "it names the nonce: {shown}"
    );
}

/// Nothing can be made in /proc: the entry is in the register, and its file did not get out.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_did_not_get_out_is_made_again_from_its_entry() {
    let home = Home::with_keys();
    let mut server = Server::new(9);
    server.asks(&home, "r1", Purpose::New, 1);
    let ran = home.issue("r1", "camera=64", "/proc/answer").exits(1);
    assert!(ran.err().contains("code: file-not-out"), "{}", ran.err());
    home.issue("r1", "camera=64", "a1")
        .refused("request-answered");
    home.desk(&["reissue", "--entry", "2", "--out", "a1"])
        .refused("no-such-entry");
    home.desk(&["reissue", "--entry", "1", "--out", "a1"])
        .exits(0);
    home.desk(&["reissue", "--entry", "1", "--out", "a2"])
        .exits(0);
    assert_eq!(
        fs::read(home.path("a1")).ok(),
        fs::read(home.path("a2")).ok()
    );
    server.imports(&home, "a1");
    assert_eq!(server.channels(), 64);
}

#[test]
fn an_altered_register_signs_nothing() {
    let home = Home::with_keys();
    let server = Server::new(9);
    server.asks(&home, "r1", Purpose::New, 1);
    home.issue("r1", "camera=64", "a1").exits(0);
    let path = home.path("vendor/register");
    let text = fs::read_to_string(&path).expect("text");
    fs::write(&path, text.replace("\"after\":64", "\"after\":6")).expect("writable");
    server.asks(&home, "r2", Purpose::Time, 2);
    let ran = home
        .desk(&["time-token", "--request", "r2", "--out", "a2"])
        .exits(1);
    assert!(
        ran.err().contains("code: register-altered"),
        "{}",
        ran.err()
    );
    assert!(!home.path("a2").exists());
}

#[test]
fn the_register_is_exported_with_every_count() {
    let home = Home::with_keys();
    Server::new(9).asks(&home, "r1", Purpose::New, 1);
    home.issue("r1", "camera=64,vca=8", "a1").exits(0);
    let csv = home.desk(&["export"]).exits(0).out();
    let rows: Vec<_> = csv.lines().collect();
    assert_eq!(rows.len(), 3, "{csv}");
    assert!(rows[0].starts_with("entry,at,kind,product,"), "{csv}");
    assert!(rows[1].contains(",licence,tallykey-vms,") && rows[1].ends_with(",camera,0,64"));
    assert!(rows[2].ends_with(",vca,0,8"), "{csv}");
}
