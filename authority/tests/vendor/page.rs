//! docs/desk.md is true: its commands answer what it shows, and its table is that of the code.

use std::{
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tallykey_protocol::request::Purpose;

use crate::{home::Home, server::Server, wildcard::fits};

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/desk.md")
}

#[test]
fn every_command_answers_as_the_page_says() {
    let home = Home::new();
    Server::new(9).asks(&home, "nvr-3.request", Purpose::New, 1);
    let example = page().with_file_name("../examples/product.json");
    fs::copy(example, home.path("product.json")).expect("the example");
    let text = fs::read_to_string(page()).expect("the page");
    let blocks = text.split("```console\n").skip(1);
    let blocks: Vec<_> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    let commands: Vec<_> = blocks
        .iter()
        .flat_map(|block| block.split("$ ").skip(1))
        .collect();
    assert!(commands.len() > 6, "the page has lost its commands");
    for shown in commands {
        let (command, expected) = shown.split_once('\n').expect("a line");
        let said = run(&home, command);
        let expected: Vec<_> = expected.lines().collect();
        let found: Vec<_> = said.trim_end_matches('\n').lines().collect();
        assert!(fits(&expected, &found), "$ {command}\n{said}");
    }
}

fn run(home: &Home, command: &str) -> String {
    let program = Path::new(assert_cmd::cargo::cargo_bin!("tallykey-vendor"));
    let mut path = program.parent().expect("a folder").as_os_str().to_owned();
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());
    let output = Command::new("bash")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .env("PATH", path)
        .current_dir(home.path(""))
        .output()
        .expect("bash runs");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_refusals_are_those_of_the_code() {
    let code = include_str!("../../src/desk/refusal.rs");
    let mut table = String::from("\n| code | class | next |\n| --- | --- | --- |\n");
    let mut rows = 0;
    for line in code.lines().filter(|line| line.contains(" => (\"")) {
        let quoted: Vec<_> = line.split('"').collect();
        let [_, name, class, next, _] = quoted[..] else {
            panic!("a line of the table is code, class, next: {line}")
        };
        let class = class.trim_matches([',', ' ']);
        let class = code
            .split_once(&format!("const {class}: &str = \""))
            .and_then(|(_, rest)| rest.split('"').next())
            .expect("a class");
        writeln!(table, "| `{name}` | {class} | {next} |").expect("text");
        rows += 1;
    }
    assert!(rows > 30, "the table has lost its rows");
    table.push('\n');
    let (start, end) = ("<!-- generated: refusals -->\n", "<!-- end -->");
    let text = fs::read_to_string(page()).expect("the page");
    let (head, rest) = text.split_once(start).expect("the mark");
    let (found, tail) = rest.split_once(end).expect("the end mark");
    if env::var_os("TALLYKEY_UPDATE_GOLDEN").is_some() {
        fs::write(page(), format!("{head}{start}{table}{end}{tail}")).expect("writable");
    } else {
        assert_eq!(found, table, "run with TALLYKEY_UPDATE_GOLDEN=1");
    }
}
