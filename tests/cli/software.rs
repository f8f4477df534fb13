//! Software licences at a terminal: imported from files, held beside a dongle, chosen, removed.

use tallykey_protocol::armour::{Armoured, Label};
use tallykey_protocol::grant::{Line, Plan};
use tallykey_protocol::licence::{self, Macs};
use tallykey_protocol::list::List;
use tallykey_signing::{mac_licence, simulator};

use crate::commands::file;
use crate::program::Home;

const LISTED: &str = "00:02:D1:00:00:01";

/// A licence that names a camera and no machine, in armour.
fn of_a_camera() -> String {
    let macs = [[0x00, 0x02, 0xD1, 0, 0, 1]];
    let lines = [licence::Line {
        line: Line {
            id: 1,
            feature: "vca",
            count: 1,
            plan: Plan::Perpetual,
            valid_from: simulator::ISSUED_AT,
            valid_to: None,
        },
        macs: Macs::new(&macs).expect("a device"),
    }];
    let product = simulator::profile();
    let lines = List::of(&lines).expect("one fits");
    let licence = mac_licence(&product, lines, simulator::ISSUED_AT);
    let vendor = simulator::vendor().expect("constant keys");
    let bytes = vendor.sign_licence(&licence).expect("our own vendor");
    let label = Label::Licence;
    let bytes = &bytes;
    Armoured { label, bytes }.to_string()
}

#[test]
fn a_licence_beside_a_dongle_is_held_until_somebody_chooses() {
    let home = Home::new();
    let _service = home.serve();
    assert!(home.state().join("inbox/refused").is_dir(), "watched");
    home.run(&["allocate", LISTED, "--feature", "vca"]).exits(0);
    home.run(&["allocate", "SN-4711", "--feature", "vca"])
        .exits(0);
    let courier = file(&home, "from-the-courier.txt", &of_a_camera());

    let ran = home.run(&["import", &courier]).exits(3);
    let said = ran.out();
    assert!(said.contains("refused (terms-not-accepted)"), "{said}");
    assert!(
        ran.err().contains("code: terms-not-accepted"),
        "{}",
        ran.err()
    );
    let terms = home.run(&["licences", "terms"]).exits(0).out();
    assert!(terms.contains("Do not use them"), "{terms}");
    assert!(terms.ends_with("\nnot accepted on this host\n"), "{terms}");
    let said = home
        .run(&["import", &courier, "--accept-terms"])
        .exits(0)
        .out();
    assert!(said.contains(": imported\n"), "{said}");
    let terms = home.run(&["licences", "terms", "--json"]).exits(0).json();
    assert_eq!(terms["accepted"], true);
    let said = home.run(&["import", &courier]).exits(0).out();
    assert!(said.contains(": was imported before\n"), "{said}");

    // Loud, and no count has changed.
    let status = home.run(&["status"]).exits(0).out();
    assert!(
        status.contains("*** CONFLICT ***  dongle is active, software is held and counts 0."),
        "{status}"
    );
    // Every way out, with what it would do; nothing is asked and nothing done.
    let shown = home.run(&["resolve"]).exits(3);
    assert!(shown.err().contains("code: must-choose"), "{}", shown.err());
    for said in [
        "keep dongle",
        "keep software",
        "tallykey convert --dry-run",
        "suspended  SN-4711  vca  1 channel",
    ] {
        assert!(shown.out().contains(said), "{said}: {}", shown.out());
    }
    let answer = home.run(&["resolve", "--json"]).exits(3).json();
    assert_eq!(answer["conflict"]["asks"], true);
    let choices = answer["choices"].as_array().expect("choices");
    let [dongle, software, convert] = &choices[..] else {
        panic!("three choices: {answer}")
    };
    assert_eq!(dongle["choice"], "keep-dongle");
    assert_eq!(dongle["outcome"]["suspended"], serde_json::json!([]));
    assert_eq!(software["outcome"]["suspended"][0]["device"], "SN-4711");
    assert_eq!(software["outcome"]["dry_run"], true);
    assert_eq!(convert["choice"], "convert");

    let rehearsed = home
        .run(&["resolve", "--keep", "software", "--dry-run"])
        .exits(0)
        .out();
    assert!(
        rehearsed.starts_with("authentication type: dongle -> software\n"),
        "{rehearsed}"
    );
    let suspended = "suspended  SN-4711  vca  1 channel";
    assert!(rehearsed.contains(suspended), "{rehearsed}");
    assert!(!rehearsed.contains(LISTED), "{rehearsed}");
    assert!(
        rehearsed.ends_with("dry run: nothing was changed\n"),
        "{rehearsed}"
    );
    let json = home.run(&["status", "--json"]).exits(0).json();
    assert_eq!(json["authentication_type"], "dongle");

    home.run(&["resolve", "--keep", "software"]).exits(0);
    let status = home.run(&["status"]).exits(0).out();
    assert!(
        status.contains("dongle is held and counts 0: somebody chose software"),
        "{status}"
    );
    let shown = home.run(&["resolve"]).exits(0).out();
    assert!(shown.contains("keep dongle"), "somebody chose: {shown}");
    let listed = home.run(&["licences", "--json"]).exits(0).json();
    assert_eq!(listed["installed"][0]["state"], "holds");
    let id = listed["installed"][0]["id"].as_str().expect("an id");

    // Removed, the dongle waits to be chosen; then all is as it was.
    home.run(&["licences", "remove", id]).exits(0);
    home.run(&["licences", "remove", id])
        .fails(3, "no-such-licence");
    let json = home.run(&["status", "--json"]).exits(0).json();
    assert_eq!(json["authentication_type"], "none");
    assert_eq!(json["conflict"]["held"], "dongle");
    let back = home
        .run(&["resolve", "--keep", "dongle", "--json"])
        .exits(0)
        .json();
    assert_eq!(back["after"]["authentication_type"], "dongle");
    assert_eq!(back["resumed"].as_array().map(Vec::len), Some(2));
    home.run(&["resolve", "--keep", "software"])
        .fails(3, "nothing-to-keep");
}

#[test]
fn what_is_refused_is_told_for_each_and_keeps_nothing_else_out() {
    let home = Home::new();
    let _service = home.serve();
    std::fs::create_dir(home.path("inbox")).expect("a new folder");
    let good = of_a_camera();
    file(&home, "inbox/a.txt", &good);
    // As bad luck may leave it: one line the wrong way round.
    let line = good.lines().nth(5).expect("a long armour");
    let other: String = line.chars().rev().collect();
    file(&home, "inbox/b.txt", &good.replacen(line, &other, 1));
    file(&home, "inbox/c.txt", "a note of the courier\n");
    let inbox = home.path("inbox");
    let ran = home
        .run(&["import", "--accept-terms", inbox.to_str().expect("plain")])
        .exits(3);
    let (out, err) = (ran.out(), ran.err());
    assert_eq!(out.matches(": imported\n").count(), 1, "{out}");
    assert_eq!(out.matches(": refused (").count(), 2, "{out}");
    assert!(out.contains("next: "), "{out}");
    assert!(err.contains("2 of 3 were refused"), "{err}");
    assert!(err.contains("code: not-all-imported"), "{err}");
    let empty = home.path("empty");
    std::fs::create_dir(&empty).expect("a new folder");
    let ran = home
        .run(&["import", empty.to_str().expect("plain")])
        .exits(3);
    assert!(
        ran.err().contains("code: nothing-to-import"),
        "{}",
        ran.err()
    );
    let absent = home.path("absent");
    home.run(&["import", absent.to_str().expect("plain")])
        .fails(3, "file-unreadable");
}
