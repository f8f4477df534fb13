//! Requests at a terminal: named after what they are, and written over nothing.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tallykey_protocol::armour::{self, Label};
use tallykey_protocol::limits::REQUEST_MAX;
use tallykey_protocol::request::{Purpose, Request};

use crate::program::Home;

/// Runs a command in a folder.
fn run(home: &Home, folder: &Path, args: &[&str]) -> Output {
    let mut command = home.command(args);
    command.current_dir(folder).output().expect("it runs")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("plain"))
        .collect();
    names.sort();
    names
}

#[test]
fn a_request_is_a_file_that_says_what_it_is_and_carries_the_dongles_proof() {
    let home = Home::new();
    let _service = home.serve();
    let folder = home.path("requests");
    fs::create_dir(&folder).expect("a new folder");
    let ask = ["request", "--channels", "camera=96,vca=8"];
    let said = run(&home, &folder, &ask);
    let out = String::from_utf8(said.stdout).expect("text");
    assert!(said.status.success(), "{out}");
    assert!(out.contains("asks for 96 camera, 8 vca\n"), "{out}");
    assert!(out.contains("dongle SIM-0001: proved itself\n"), "{out}");
    assert!(out.contains("what is due here"), "{out}");
    let [name] = &names(&folder)[..] else {
        panic!("one file")
    };
    assert!(name.contains("_update_camera-96_vca-8_20"), "{name}");
    assert!(
        out.contains(&format!("written to {name}; send it")),
        "{out}"
    );

    let text = fs::read(folder.join(name)).expect("readable");
    let mut buffer = vec![0; REQUEST_MAX];
    let record = armour::single(&text, Label::Request, &mut buffer).expect("a request");
    let (request, _) = Request::verify(record).expect("signed by its host key");
    assert_eq!(request.purpose, Purpose::Update);
    assert_eq!((request.dongles.len(), request.wanted.len()), (1, 2));

    // The same again is another file, and the first one is as it was.
    let again = run(&home, &folder, &ask);
    assert!(again.status.success());
    assert_eq!(names(&folder).len(), 2);
    assert_eq!(fs::read(folder.join(name)).expect("readable"), text);

    let listed = home.run(&["history", "--json"]).exits(0).json();
    let entries = listed["entries"].as_array().expect("entries");
    let made = entries
        .iter()
        .filter(|entry| entry["kind"] == "request-made");
    assert_eq!(made.count(), 2);
}

#[test]
fn a09_a_request_is_written_where_it_was_said_and_over_nothing() {
    let home = Home::new();
    let _service = home.serve();
    let folder = home.path("requests");
    fs::create_dir(&folder).expect("a new folder");
    let taken = folder.join("taken.tkr");
    fs::write(&taken, "somebody's").expect("writable");
    let path = |path: &Path| path.to_str().expect("plain").to_owned();

    let to = path(&taken);
    home.run(&["request", "--out", &to]).fails(3, "file-exists");
    assert_eq!(fs::read_to_string(&taken).expect("text"), "somebody's");
    let nowhere = path(&folder.join("none/there.tkr"));
    home.run(&["request", "--out", &nowhere])
        .fails(3, "file-unwritable");
    let mine = folder.join("mine.tkr");
    let to = path(&mine);
    let written = home
        .run(&["request", "--out", &to, "--json"])
        .exits(0)
        .json();
    assert_eq!(written["file"], to.as_str());
    assert!(
        fs::read_to_string(&mine)
            .expect("text")
            .contains("TALLYKEY REQUEST")
    );
    let to = path(&folder);
    home.run(&["request", "--out", &to]).exits(0);
    assert_eq!(names(&folder).len(), 3);
}

#[test]
fn a_dry_run_writes_nothing_and_what_cannot_be_asked_is_refused() {
    let home = Home::new();
    let _service = home.serve();
    let folder = home.path("requests");
    fs::create_dir(&folder).expect("a new folder");
    let dry = run(
        &home,
        &folder,
        &["request", "--dry-run", "--purpose", "repair", "--json"],
    );
    assert!(dry.status.success());
    let document: Value = serde_json::from_slice(&dry.stdout).expect("one document");
    assert_eq!(document["purpose"], "repair");
    assert_eq!(
        (&document["dry_run"], &document["chosen"]),
        (&Value::Bool(true), &Value::Bool(false))
    );
    assert_eq!(document["file"], Value::Null);
    assert!(document.get("content").is_none(), "{document}");
    assert!(names(&folder).is_empty());

    home.run(&["request", "--channels", "camel=1"])
        .fails(3, "unknown-feature");
    home.run(&["request", "--channels", "camera=1,camera=2"])
        .fails(2, "asked-twice");
    home.run(&["request", "--purpose", "return-confirmation"])
        .fails(3, "nothing-to-confirm");
    let said = home.run(&["request", "--purpose", "gift"]).exits(2).err();
    assert!(said.contains("return-confirmation"), "{said}");
    assert_eq!(
        home.run(&["request", "--channels", "camera"])
            .exits(2)
            .out(),
        ""
    );
}
