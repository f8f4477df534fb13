//! The figures in docs/journal.md are those of the code.

use super::model::Change;
use super::nor::Nor;
use super::*;
use std::fmt::Write;
use std::string::String;

/// Erasures that common parts promise for each sector.
const ENDURANCE: u64 = 10_000;

const BEGIN: &str =
    "<!-- written by the test `the_figures_in_the_docs_are_those_of_the_code` -->\n";
const END: &str = "<!-- end -->\n";

/// Bytes that `change` programs, and how many such commits a bank takes between two changes of bank.
fn cost(flash: &Nor, change: &Change) -> (usize, u64) {
    let mut flash = flash.clone();
    let mut store = flash.boot();
    let mut one = 0;
    let (mut commits, mut changes_of_bank) = (0, 0);
    // From the first change of bank to the third, so that both banks are counted whole.
    let mut bank = store.active.unwrap().bank;
    while changes_of_bank < 3 {
        let before = flash.programmed;
        change.commit(&mut store, &mut flash).unwrap();
        if store.active.unwrap().bank == bank {
            one = (flash.programmed - before) * PROGRAM_UNIT;
        } else {
            bank = store.active.unwrap().bank;
            changes_of_bank += 1;
        }
        commits += u64::from(changes_of_bank > 0);
    }
    (one, (commits - 1) / 2)
}

fn table() -> String {
    let grant = |place, head, record| Change::Grant {
        place,
        head: std::vec![1; head],
        record: std::vec![2; record],
        issued_at: 0,
        evict: 0,
    };
    let chain = || Change::Chain(std::vec![1; 560], std::vec![2; 480], std::vec![3; 430]);
    let mut typical = Nor::new();
    let mut store = typical.boot();
    for change in [
        Change::Key([1; KEPT_MAX]),
        chain(),
        Change::Code([2; KEPT_MAX]),
        grant(0, 90, 800),
    ] {
        change.commit(&mut store, &mut typical).unwrap();
    }
    let mut greatest = Nor::new();
    let mut store = greatest.boot();
    let full = [1, 2, 3].map(|byte| std::vec![byte; CERT_MAX]);
    let [leaf, ca, anchor] = full;
    for change in [
        Change::Key([1; KEPT_MAX]),
        Change::Chain(leaf, ca, anchor),
        Change::Code([2; KEPT_MAX]),
    ]
    .into_iter()
    .chain([Change::Crl(std::vec![4; CRL_MAX])])
    .chain((0..GRANTS_MAX).map(Change::greatest_grant))
    .chain((0..RECEIPTS_MAX).map(Change::greatest_receipt))
    {
        change.commit(&mut store, &mut greatest).unwrap();
    }

    let receipt = Change::Receipt {
        grant: 0,
        given: std::vec![1; 90],
        place: 3,
        head: std::vec![2; crate::receipts::HEAD_LEN],
        record: std::vec![3; 700],
    };
    let mut text = String::from(BEGIN);
    let mut row = |name: &str, value: String| writeln!(text, "| {name} | {value} |").unwrap();
    row("what", String::from("figure"));
    row("---", String::from("---"));
    row(
        "flash",
        std::format!(
            "{} KiB: two banks of {} KiB",
            FLASH_LEN / 1024,
            BANK_LEN / 1024
        ),
    );
    row("greatest state", std::format!("{GREATEST_STATE} bytes"));
    row(
        "around the body of a frame",
        std::format!("{} bytes", frame::size(0)),
    );
    row(
        "small part of the state, in every frame",
        std::format!("{META_LEN} bytes"),
    );
    for (name, flash, change) in [
        (
            "owner code, on a dongle with one grant",
            &typical,
            Change::Code([3; KEPT_MAX]),
        ),
        (
            "update of 800 bytes, on a dongle with one grant",
            &typical,
            grant(0, 90, 800),
        ),
        (
            "try of an owner code, on a dongle with one grant",
            &typical,
            Change::Try,
        ),
        (
            "conversion with a receipt of 700 bytes, on a dongle with one grant",
            &typical,
            receipt,
        ),
        (
            "longest update, on a dongle with the greatest state",
            &greatest,
            Change::greatest_grant(3),
        ),
    ] {
        let (bytes, commits) = cost(flash, &change);
        let life = 2 * ENDURANCE * commits;
        row(
            name,
            std::format!(
                "{bytes} bytes; a change of bank every {commits} commits; {life} commits in {ENDURANCE} erasures"
            ),
        );
    }
    text.push_str(END);
    text
}

#[test]
fn the_figures_in_the_docs_are_those_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/journal.md");
    let docs = std::fs::read_to_string(path).unwrap();
    let (head, rest) = docs.split_once(BEGIN).expect("a place for the figures");
    let (_, tail) = rest.split_once(END).expect("an end of the figures");
    let expected = [head, &table(), tail].concat();
    if std::env::var_os("TALLYKEY_UPDATE_GOLDEN").is_some() {
        std::fs::write(path, expected).unwrap();
        return;
    }
    assert!(
        docs == expected,
        "docs/journal.md is out of date: run this test with TALLYKEY_UPDATE_GOLDEN=1"
    );
}
