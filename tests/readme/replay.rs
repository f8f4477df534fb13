//! Runs the commands of README in a shell, as a reader would.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::wildcard::fits;

/// A command and what README says it prints.
pub(crate) struct Shown {
    command: String,
    output: Vec<String>,
}

/// The commands of every `console` block.
pub(crate) fn blocks(readme: &str) -> Vec<Vec<Shown>> {
    let texts = readme
        .split("```console\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    texts.map(block).collect()
}

fn block(text: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            commands.push(Shown {
                command: command.into(),
                output: Vec::new(),
            });
        } else {
            commands
                .last_mut()
                .expect("a block starts with a command")
                .output
                .push(line.into());
        }
    }
    commands
}

/// A shell in the repository whose state folder is in `home`, with the program at hand as if it were installed.
fn shell(home: &Path) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_tallykey"));
    let folder = program.parent().expect("a folder").as_os_str();
    let mut path = folder.to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut shell = Command::new("bash");
    shell
        .arg("-c")
        .env("PATH", path)
        .env("XDG_STATE_HOME", home)
        .env_remove("XDG_RUNTIME_DIR")
        .env_remove("TALLYKEY_SOCKET")
        // README's paths are those of a plain checkout.
        .env_remove("CARGO_TARGET_DIR");
    shell
}

/// The service; it is stopped when this is dropped.
pub(crate) struct Running {
    child: Child,
}

/// Starts README's main job and waits until it has printed what README shows.
pub(crate) fn start(shown: &Shown, home: &Path) -> Running {
    let mut child = shell(home)
        .arg(format!("exec {}", shown.command))
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("bash runs");
    let lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let running = Running { child };
    let last = shown.output.last().expect("README shows what it prints");
    let mut said = Vec::new();
    for line in lines {
        said.push(line.expect("text"));
        if said.last() == Some(last) {
            break;
        }
    }
    compare(shown, &said);
    running
}

impl Drop for Running {
    fn drop(&mut self) {
        // On Unix `cargo run` becomes the program it runs, so this is the service itself.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Runs all commands in one shell, one after the other, and compares each.
pub(crate) fn run(commands: &[&Shown], home: &Path) {
    run_in(commands, "", shell(home));
}

/// Runs all commands in one shell, which is at hand, after a `preamble`, and compares each. One that goes on behind its
/// `&` is waited for until it has said in its file where it is.
pub(crate) fn run_in(commands: &[&Shown], preamble: &str, mut shell: Command) {
    const MARK: &str = "@@@ next @@@";
    let script: String = commands
        .iter()
        .map(|shown| {
            let (command, ready) = (&shown.command, ready(&shown.command));
            format!("{{ {command}\n{ready}}} 2>&1\nprintf '\\n{MARK}\\n'\n")
        })
        .collect();
    let output = shell
        .arg(format!("{preamble}{script}"))
        .output()
        .expect("bash runs");
    let said = String::from_utf8(output.stdout).expect("text");
    let answers: Vec<_> = said.split(MARK).collect();
    assert_eq!(answers.len(), commands.len() + 1, "{said}");
    for (shown, answer) in commands.iter().zip(answers) {
        let answer: Vec<_> = answer
            .trim_matches('\n')
            .lines()
            .map(str::to_owned)
            .collect();
        compare(shown, &answer);
    }
}

/// What waits for a command in the background: for a minute at most.
fn ready(command: &str) -> String {
    let Some(command) = command.strip_suffix(" &") else {
        return String::new();
    };
    let file = command
        .split("> ")
        .nth(1)
        .expect("it says where its output goes");
    let file = file.split(' ').next().expect("a file");
    format!(
        "for _ in $(seq 600); do grep -qE '^(Ctrl-C|attach)' {file} 2> /dev/null && break; sleep 0.1; done\n"
    )
}

fn compare(shown: &Shown, said: &[String]) {
    let trim = |lines: &[String]| -> Vec<String> {
        let start = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
        lines[start..].to_vec()
    };
    let (expected, found) = (trim(&shown.output), trim(said));
    let view = |lines: &[String]| {
        lines
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let expected_lines: Vec<_> = expected.iter().map(String::as_str).collect();
    let found_lines: Vec<_> = found.iter().map(String::as_str).collect();
    assert!(
        fits(&expected_lines, &found_lines),
        "$ {}\n--- README shows\n{}\n--- it said\n{}",
        shown.command,
        view(&expected),
        view(&found)
    );
}
