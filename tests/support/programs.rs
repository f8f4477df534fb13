//! All programs of the workspace, as they are delivered. Cargo tells a test only where its own package's are.

use std::{collections::BTreeMap, env, path::PathBuf, process::Command, sync::LazyLock};

use serde_json::Value;

/// Built once; after the release build of `check.sh` nothing is left to do.
static PROGRAMS: LazyLock<BTreeMap<String, PathBuf>> = LazyLock::new(|| {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--release", "--workspace", "--bins"])
        .args(["--quiet", "--message-format", "json"])
        .output()
        .expect("cargo runs");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(
        output.status.success(),
        "the programs are not built:\n{said}"
    );
    let built = said.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).expect("JSON");
        let program = message["executable"].as_str()?;
        Some((
            message["target"]["name"].as_str()?.to_owned(),
            program.into(),
        ))
    });
    built.collect()
});

/// A command that runs the program `name`.
pub(crate) fn program(name: &str) -> Command {
    let path = PROGRAMS.get(name);
    Command::new(path.unwrap_or_else(|| panic!("the workspace has no program {name}")))
}
