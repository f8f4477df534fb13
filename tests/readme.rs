//! README is true: every command in a `console` block is run as it stands and answers what it says there,
//! and the generated tables are those of the code. So are the pages that show an installed program.
//!
//! In an expected line `…` stands for any text, and a line of `…` alone for any lines.
#![cfg(all(feature = "sim", unix))]

#[path = "readme/replay.rs"]
mod replay;
#[path = "readme/wildcard.rs"]
mod wildcard;

use std::fmt::Write;

use tallykey::api::CODES;

fn readme() -> String {
    std::fs::read_to_string("README.md").expect("README.md")
}

#[test]
fn every_command_answers_as_readme_says() {
    let blocks = replay::blocks(&readme());
    let (main_job, others) = blocks.split_first().expect("console blocks");
    let [serve] = &main_job[..] else {
        panic!("the first block is the main job and nothing else")
    };
    let home = tempfile::tempdir().expect("a folder");
    let _service = replay::start(serve, home.path());
    let commands: Vec<_> = others.iter().flatten().collect();
    assert!(commands.len() > 8, "README has lost its commands");
    replay::run(&commands, home.path());
}

#[test]
fn the_page_on_machines_is_true() {
    let page = std::fs::read_to_string("docs/machine-binding.md").expect("the page");
    let blocks = replay::blocks(&page);
    let commands: Vec<_> = blocks.iter().flatten().collect();
    assert!(commands.len() > 2, "the page has lost its commands");
    let home = tempfile::tempdir().expect("a folder");
    replay::run(&commands, home.path());
}

#[test]
fn the_codes_are_those_of_the_code() {
    let mut table = String::from("\n| code | HTTP | class | |\n| --- | --- | --- | --- |\n");
    for code in CODES {
        writeln!(
            table,
            "| `{}` | {} | {} | {} |",
            code.name, code.status, code.class, code.title
        )
        .expect("text");
    }
    table.push('\n');
    let (start, end) = ("<!-- generated: codes -->\n", "<!-- end -->");
    let text = readme();
    let (head, rest) = text.split_once(start).expect("the mark");
    let (found, tail) = rest.split_once(end).expect("the end mark");
    if std::env::var_os("TALLYKEY_UPDATE_GOLDEN").is_some() {
        let text = format!("{head}{start}{table}{end}{tail}");
        std::fs::write("README.md", text).expect("writable");
    } else {
        assert_eq!(
            found, table,
            "run with TALLYKEY_UPDATE_GOLDEN=1 and look at the difference"
        );
    }
}
