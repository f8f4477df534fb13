//! `tallykey machine`, as a person runs it.

use std::process::{Command, Output};

use serde_json::Value;

use crate::tree;

fn machine(kind: &str, more: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_tallykey"))
        .args(["machine", "--root"])
        .arg(tree(kind))
        .args(more)
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
    output
}

fn document(kind: &str, more: &[&str]) -> Value {
    let args: Vec<_> = ["--json"].iter().chain(more).copied().collect();
    serde_json::from_slice(&machine(kind, &args).stdout).expect("one document")
}

/// What names this very machine and may be in no answer that was not asked for it.
const PRIVATE: [&str; 4] = ["7TKY001", "4C4C4544", "B0:7B:25", "B4:96:91"];

#[test]
fn values_are_shown_only_when_asked_for() {
    for more in [&[][..], &["--json"]] {
        let shown = machine("server", more).stdout;
        let shown = String::from_utf8(shown).expect("text").to_uppercase();
        for private in PRIVATE {
            assert!(!shown.contains(private), "{private} in {shown}");
        }
        let args: Vec<_> = more.iter().chain(&["--show"]).copied().collect();
        let shown = machine("server", &args).stdout;
        let shown = String::from_utf8(shown).expect("text").to_uppercase();
        for private in PRIVATE {
            assert!(shown.contains(private), "{private} not in {shown}");
        }
    }
}

#[test]
fn the_document_says_what_licence_can_be_made() {
    let server = document("server", &["--show"]);
    assert_eq!(server["kind"], "physical");
    assert_eq!(
        (&server["weight"], &server["weight_needed"]),
        (&10.into(), &6.into())
    );
    assert_eq!(
        (&server["licence"], &server["refusal"]),
        (&"machine".into(), &Value::Null)
    );
    let memory = &server["components"][2];
    assert_eq!(
        (
            &memory["part"],
            &memory["state"],
            &memory["weight"],
            &memory["value"]
        ),
        (
            &"memory".into(),
            &"present".into(),
            &1.into(),
            &"memory 64 GiB".into()
        )
    );

    let container = document("container", &[]);
    assert_eq!(
        (&container["kind"], &container["container"]),
        (&"container".into(), &"docker".into())
    );
    assert_eq!(container["licence"], "mac");
    let refusal = &container["refusal"];
    assert_eq!(
        (&refusal["code"], &refusal["class"]),
        (&"machine-not-unique".into(), &"wrong-procedure".into())
    );
    assert!(
        refusal["next"]
            .as_str()
            .is_some_and(|next| next.contains("MAC licence"))
    );
    assert_eq!(container["components"][0]["state"], "absent");
    assert!(container["components"][0].get("value").is_none());

    let nuc = document("nuc", &[]);
    let wireless = &nuc["components"][4];
    assert_eq!(wireless["state"], "unreadable");
    assert!(
        wireless["next"]
            .as_str()
            .is_some_and(|next| next.contains("wlo1"))
    );
}

#[test]
fn the_machine_itself_answers_without_a_service() {
    let output = Command::new(env!("CARGO_BIN_EXE_tallykey"))
        .args(["machine", "--json", "--socket", "/nonexistent"])
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(0));
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert!(
        document["components"]
            .as_array()
            .is_some_and(|all| all.len() >= 5)
    );
}
