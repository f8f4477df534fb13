//! `inspect`: what a file holds, how far it is believed, and that nothing in it reaches the terminal raw.

use std::fs;

use tallykey_protocol::{
    armour::{Armoured, Label},
    grant::{Convert, Line, Plan},
    licence::{self, Holder, Licence, Macs},
    list::List,
};
use tallykey_signing::sign_licence;

use crate::home::{Home, NAME};

fn mac_licence(home: &Home) -> String {
    let addresses = [[0, 2, 0xd1, 1, 2, 3], [0, 2, 0xd1, 1, 2, 4]];
    let line = licence::Line {
        line: Line {
            id: 1,
            feature: "camera",
            count: 2,
            plan: Plan::Perpetual,
            valid_from: 1_767_225_600,
            valid_to: None,
        },
        macs: Macs::new(&addresses).expect("rising"),
    };
    let licence = Licence {
        vendor: NAME,
        issued_at: u64::MAX >> 32,
        holder: Holder::Macs,
        product: "tallykey-vms",
        revision: 1,
        profile_revision: 1,
        request_nonce: None,
        lines: List::of(&[line]).expect("room"),
        convert: Convert::None,
        flags: 0,
        absorbs: List::default(),
        customer: "Nørrebro 駅",
        project: "",
        desk_nonce: None,
    };
    let bytes = home
        .as_issuer(|issuer| sign_licence(&licence, issuer))
        .expect("signed");
    let label = Label::Licence;
    Armoured {
        label,
        bytes: &bytes,
    }
    .to_string()
}

#[test]
fn a_licence_is_verified_against_the_vendor_and_against_no_other() {
    let (home, other) = (Home::with_keys(), Home::with_keys());
    fs::write(home.path("lic"), mac_licence(&home)).expect("writable");
    let ran = home.run(&["inspect", "lic", "--dir", "vendor"]).exits(0);
    for text in ["licence: verified", "Nørrebro 駅", "tallykey-vms", "camera"] {
        assert!(ran.out().contains(text), "{}", ran.out());
    }
    let ran = home.run(&[
        "inspect",
        "lic",
        "--trust",
        "vendor/vendor.bundle",
        "--json",
    ]);
    let object = &ran.exits(0).json()["files"][0]["objects"][0];
    assert_eq!(object["verdict"], "verified");
    assert_eq!(object["says"]["line"][0]["devices"], 2);
    assert_eq!(object["says"]["line"][0]["count"], 2);

    let ran = home.run(&["inspect", "lic"]).exits(0);
    assert!(ran.out().contains("licence: not-checked"), "{}", ran.out());
    assert!(
        !ran.out().contains("Nørrebro"),
        "what is not verified is not shown"
    );

    let bundle = other.path("vendor/vendor.bundle");
    let bundle = bundle.to_str().expect("a path");
    let ran = home.run(&["inspect", "lic", "--trust", bundle]).exits(3);
    assert!(ran.out().contains("licence: refused"), "{}", ran.out());
    assert!(
        !ran.out().contains("Nørrebro"),
        "what is refused is not shown"
    );
}

#[test]
fn every_object_of_a_file_is_looked_at() {
    let home = Home::with_keys();
    let bundle = fs::read_to_string(home.path("vendor/vendor.bundle")).expect("text");
    let licence = mac_licence(&home);
    let damaged = licence
        .replace("\n", "\n!")
        .replacen("\n!-----END", "\n-----END", 1);
    let file = format!("Dear desk,\n{bundle}\nand\n{damaged}\n{licence}Regards\n");
    fs::write(home.path("mail"), file).expect("writable");
    let ran = home.run(&["inspect", "mail", "--dir", "vendor", "--json"]);
    let document = ran.exits(3).json();
    let objects = document["files"][0]["objects"].as_array().expect("a list");
    let verdicts: Vec<_> = objects.iter().map(|object| &object["verdict"]).collect();
    assert_eq!(verdicts, ["not-signed", "refused", "verified"]);
    assert_eq!(objects[0]["says"]["vendor"], NAME);
}

#[cfg(unix)]
#[test]
fn a08_a_hostile_file_cannot_drive_the_terminal() {
    let home = Home::with_keys();
    let name = "a\u{1b}[2Jb\u{202e}";
    fs::write(home.path(name), "nothing\u{1b}[31m of ours").expect("writable");
    let ran = home.run(&["inspect", name, "--dir", "vendor"]);
    assert!(
        !ran.out().contains(['\u{1b}', '\u{202e}']),
        "{:?}",
        ran.out()
    );
    let ran = home.run(&["inspect", "no\u{1b}[2Jwhere"]).exits(1);
    assert!(!ran.err().contains('\u{1b}'), "{:?}", ran.err());
}
