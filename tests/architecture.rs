//! Who may import whom. The rooms are those of docs/architecture.md; this test reads the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// A room of the host, the rooms it may name, and the crates of ours that it may name.
const ROOMS: [(&str, &[&str], &[&str]); 12] = [
    ("usb", &[], &["tallykey_protocol", "tallykey_sim"]),
    ("dongle", &["usb"], &["tallykey_protocol"]),
    ("licence", &[], &["tallykey_protocol"]),
    ("verify", &["licence"], &["tallykey_protocol"]),
    ("arbiter", &["licence"], &[]),
    ("ledger", &["arbiter", "licence"], &[]),
    (
        "service",
        &["dongle", "usb", "licence", "arbiter", "ledger"],
        &["tallykey_protocol"],
    ),
    ("store", &["service", "ledger"], &[]),
    ("inbox", &["service", "store"], &[]),
    ("machine", &["licence"], &["tallykey_protocol"]),
    (
        "api",
        &["service", "machine", "ledger", "licence"],
        &["tallykey_client"],
    ),
    ("cli", &["licence", "verify"], &["tallykey_client"]),
];

/// Words that a room of pure rules may not contain: I/O, clocks, scheduling, logging.
const IMPURE: [&str; 10] = [
    "tokio",
    "std::fs",
    "std::net",
    "std::io",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Zoned::now",
    "tracing",
    "getrandom",
];

#[test]
fn a_room_names_only_the_rooms_it_may() {
    let all: Vec<&str> = ROOMS.iter().map(|(room, ..)| *room).collect();
    let mut sins = Vec::new();
    for (room, rooms, crates) in ROOMS {
        for (path, code) in code_of(Path::new("src"), room) {
            for named in words_after(&code, "crate::") {
                if named != room
                    && all.contains(&named.as_str())
                    && !rooms.contains(&named.as_str())
                {
                    sins.push(format!("{}: {room} may not name {named}", path.display()));
                }
            }
            for ours in [
                "tallykey_protocol",
                "tallykey_signing",
                "tallykey_client",
                "tallykey_sim",
                "tallykey_core",
                "tallykey_usb",
            ] {
                if code.contains(ours) && !crates.contains(&ours) {
                    sins.push(format!("{}: {room} may not name {ours}", path.display()));
                }
            }
        }
    }
    assert!(sins.is_empty(), "{}", sins.join("\n"));
}

/// A room of the vendor's program, and the rooms that it may name.
const VENDOR_ROOMS: [(&str, &[&str]); 5] = [
    ("keys", &[]),
    ("ledger", &[]),
    ("desk", &["keys", "ledger"]),
    ("inspect", &["keys"]),
    ("cli", &["keys", "ledger", "desk", "inspect"]),
];

#[test]
fn a_room_of_the_vendor_names_only_the_rooms_it_may() {
    let all = VENDOR_ROOMS.map(|(room, _)| room);
    let mut sins = Vec::new();
    for (room, rooms) in VENDOR_ROOMS {
        for (path, code) in code_of(Path::new("authority/src"), room) {
            for named in words_after(&code, "crate::") {
                let other = named != room && all.contains(&named.as_str());
                if other && !rooms.contains(&named.as_str()) {
                    sins.push(format!("{}: {room} may not name {named}", path.display()));
                }
            }
            if ["tallykey_client", "tallykey_sim", "tallykey::"]
                .iter()
                .any(|ours| code.contains(ours))
            {
                sins.push(format!("{}: only protocol and signing", path.display()));
            }
        }
    }
    assert!(sins.is_empty(), "{}", sins.join("\n"));
}

#[test]
fn rules_are_pure() {
    let mut sins = Vec::new();
    for room in ["licence", "verify", "arbiter", "ledger"] {
        for (path, code) in code_of(Path::new("src"), room) {
            let found = IMPURE.iter().filter(|word| code.contains(**word));
            sins.extend(found.map(|word| format!("{}: names {word}", path.display())));
        }
    }
    assert!(sins.is_empty(), "{}", sins.join("\n"));
}

#[test]
fn only_adapters_know_unix() {
    let adapters = [
        "src/usb",
        "src/store",
        "src/inbox",
        "src/machine",
        "src/api/listen",
        "src/main",
    ];
    let mut sins = Vec::new();
    for (path, code) in code_below(Path::new("src")) {
        let adapter = adapters
            .iter()
            .any(|adapter| path.to_string_lossy().starts_with(adapter));
        if code.contains("std::os::unix") && !adapter {
            sins.push(format!(
                "{}: names std::os::unix outside an adapter",
                path.display()
            ));
        }
    }
    assert!(sins.is_empty(), "{}", sins.join("\n"));
}

#[test]
fn protocol_and_core_have_no_heap_and_no_system() {
    for folder in [
        "protocol/src",
        "firmware-sim/core/src",
        "firmware-sim/usb/src",
    ] {
        let root = fs::read_to_string(Path::new(folder).join("lib.rs")).expect("a lib.rs");
        assert!(root.contains("#![no_std]"), "{folder} is not no_std");
        for (path, code) in code_below(Path::new(folder)) {
            for word in ["extern crate alloc", "extern crate std", "alloc::", "std::"] {
                assert!(
                    !words(&code).any(|found| found == word),
                    "{}: {word}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn every_crate_forbids_unsafe() {
    for root in [
        "src/lib.rs",
        "src/main.rs",
        "protocol/src/lib.rs",
        "signing/src/lib.rs",
        "client/src/lib.rs",
        "authority/src/main.rs",
        "firmware-sim/src/lib.rs",
        "firmware-sim/src/main.rs",
        "firmware-sim/core/src/lib.rs",
        "firmware-sim/usb/src/lib.rs",
    ] {
        let code = fs::read_to_string(root).expect(root);
        assert!(
            code.contains("#![forbid(unsafe_code)]"),
            "{root} does not forbid unsafe code"
        );
    }
}

#[test]
fn files_stay_small() {
    let mut long = Vec::new();
    for folder in [
        "src",
        "protocol",
        "signing",
        "client",
        "authority",
        "firmware-sim",
        "tests",
        "benches",
    ] {
        for (path, _) in code_below(Path::new(folder)) {
            let lines = fs::read_to_string(&path).expect("readable").lines().count();
            if lines > 500 {
                long.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "over 500 lines:\n{}", long.join("\n"));
}

/// Of the files of each frozen version of the protocol, their names and contents. A digest here never changes: what
/// makes it fail is undone, and a new version gets files of its own.
const FROZEN: [(&str, &str); 1] = [(
    "frozen_v1",
    "f75d20c8d2ad19d28d8f8550701349873f6d7c4853cae7fffcff34bdda93fee5",
)];

#[test]
fn frozen_bytes_are_not_edited() {
    let tests = Path::new("protocol/tests");
    for (version, digest) in FROZEN {
        let mut files = files_below(&tests.join(version));
        let root = tests.join(version).with_extension("rs");
        let text = fs::read_to_string(&root).expect("readable");
        files.push((root, text));
        files.sort();
        let mut hasher = Sha256::new();
        for (path, text) in files {
            let name = path.file_name().expect("a file").to_string_lossy();
            hasher.update(format!("{name} {}\n{text}", text.len()));
        }
        let found: String = hasher
            .finalize()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(found, digest, "protocol/tests/{version} was edited");
    }
}

#[test]
fn every_row_of_the_threat_model_is_a_test() {
    let model = fs::read_to_string("docs/threat-model.md").expect("the threat model");
    let rows = model.lines().filter_map(|line| {
        let number = line.strip_prefix("| A")?.split(' ').next()?;
        number.parse::<u32>().ok()
    });
    let rows: Vec<u32> = rows.collect();
    assert!(rows.len() > 15, "the threat model has lost its rows");
    let folders = [
        "src",
        "protocol",
        "signing",
        "client",
        "authority",
        "firmware-sim",
        "tests",
    ];
    let code: String = folders
        .iter()
        .flat_map(|folder| files_below(Path::new(folder)))
        .map(|(_, text)| text)
        .collect();
    let missing: Vec<_> = rows
        .iter()
        .filter(|row| !code.contains(&format!("fn a{row:02}_")))
        .collect();
    assert!(missing.is_empty(), "rows without a test: {missing:?}");
}

/// The files of a room: `src/room.rs` and everything under `src/room/`.
fn code_of(src: &Path, room: &str) -> Vec<(PathBuf, String)> {
    let files = code_below(src).into_iter().filter(|(path, _)| {
        path == &src.join(format!("{room}.rs")) || path.starts_with(src.join(room))
    });
    let files: Vec<_> = files.collect();
    assert!(!files.is_empty(), "the room {room} is empty");
    files
}

/// Every Rust file below `folder`, as it is.
fn files_below(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let text = fs::read_to_string(&path).expect("readable");
            found.push((path, text));
        }
    }
    found
}

/// Every Rust file below `folder`, without comments and without its unit tests.
fn code_below(folder: &Path) -> Vec<(PathBuf, String)> {
    let files = files_below(folder).into_iter();
    files
        .map(|(path, text)| {
            let tests = path.ends_with("tests.rs")
                || path
                    .parent()
                    .is_some_and(|folder| folder.ends_with("tests"));
            let code = text.split("#[cfg(test)]").next().filter(|_| !tests);
            let code = code.unwrap_or_default();
            let lines: Vec<_> = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            (path, lines.join("\n"))
        })
        .collect()
}

/// The words that follow `prefix`, groups in braces taken apart.
fn words_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        // `super::crate::` is no path; `$crate::` is a macro's.
        let rest = &code[at + prefix.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let group = group.split('}').next().unwrap_or_default();
            found.extend(group.split(',').filter_map(first_word));
        } else {
            found.extend(first_word(rest));
        }
    }
    found
}

fn first_word(text: &str) -> Option<String> {
    let word: String = text
        .trim()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!word.is_empty()).then_some(word)
}

/// The path prefixes that code names, such as `std::`.
fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
        .filter_map(|path| path.find("::").map(|end| &path[..end + 2]))
}
