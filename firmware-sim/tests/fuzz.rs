//! Replays what fuzzing has found and was given, on stable: `fuzz/corpus` through the same functions that
//! `cargo fuzz` runs, and changed copies of it.
//!
//! `TALLYKEY_WRITE_CORPUS=1` writes the seeds, which come from real exchanges, anew.

#[path = "../../fuzz/src/lib.rs"]
#[expect(
    unreachable_pub,
    reason = "public for the fuzz targets, which are another crate"
)]
mod bodies;
#[path = "fuzz/seeds.rs"]
mod seeds;

use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

/// A place where bytes of others come in.
type Body = fn(&[u8]);

/// Name, function, how many changed copies are tried.
const TARGETS: [(&str, Body, u32); 5] = [
    ("reports", bodies::reports, 2_000),
    ("message", bodies::message, 4_000),
    ("record", bodies::record, 2_000),
    ("certificate", bodies::certificate, 2_000),
    ("session", bodies::session, 300),
];

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target)
}

fn files(target: &str) -> Vec<Vec<u8>> {
    static WRITTEN: Once = Once::new();
    WRITTEN.call_once(|| {
        if std::env::var_os("TALLYKEY_WRITE_CORPUS").is_some() {
            write_seeds();
        }
    });
    let folder = fs::read_dir(corpus(target)).expect("a corpus");
    let mut paths: Vec<_> = folder.map(|file| file.expect("readable").path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read(path).expect("readable"))
        .collect()
}

fn write_seeds() {
    for (target, name, bytes) in seeds::all() {
        fs::create_dir_all(corpus(target)).expect("a folder");
        fs::write(corpus(target).join(name), bytes).expect("a writable folder");
    }
}

#[test]
fn the_corpus_passes() {
    for (target, body, _) in TARGETS {
        let files = files(target);
        assert!(files.len() >= 4, "{target} has {} files", files.len());
        files.iter().for_each(|bytes| body(bytes));
    }
}

/// One change of a file.
#[derive(Clone, Debug)]
enum Change {
    Set(prop::sample::Index, u8),
    Flip(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Cut(prop::sample::Index, u8),
    End(prop::sample::Index),
    Repeat(prop::sample::Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<prop::sample::Index>;
    let telling = prop::sample::select(vec![0, 1, 0x7F, 0x80, 0xFF, 0x18, 0x58, 0xA1, 0xBF]);
    prop_oneof![
        (place(), telling).prop_map(|(at, byte)| Change::Set(at, byte)),
        (place(), 0..8u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (place(), prop::collection::vec(any::<u8>(), 1..8))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (place(), 1..9u8).prop_map(|(at, n)| Change::Cut(at, n)),
        place().prop_map(Change::End),
        (place(), 1..65u8).prop_map(|(at, n)| Change::Repeat(at, n)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match change {
        Change::Set(at, byte) => bytes[at.index(length)] = *byte,
        Change::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
        Change::Insert(at, new) => {
            let at = at.index(length);
            bytes.splice(at..at, new.iter().copied());
        }
        Change::Cut(at, n) => {
            let at = at.index(length);
            bytes.drain(at..length.min(at + usize::from(*n)));
        }
        Change::End(at) => bytes.truncate(at.index(length)),
        Change::Repeat(at, n) => {
            let at = at.index(length);
            let part = bytes[at..length.min(at + usize::from(*n))].to_vec();
            bytes.splice(at..at, part);
        }
    }
}

#[test]
fn changed_copies_of_the_corpus_pass() {
    for (target, body, cases) in TARGETS {
        let files = files(target);
        let config = ProptestConfig {
            cases,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let copies = (
            any::<prop::sample::Index>(),
            prop::collection::vec(change(), 1..6),
        );
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let outcome = runner.run(&copies, |(file, changes)| {
            let mut bytes = files[file.index(files.len())].clone();
            changes.iter().for_each(|change| apply(&mut bytes, change));
            body(&bytes);
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{target}: {error}");
        }
    }
}
