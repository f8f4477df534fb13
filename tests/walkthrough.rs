//! docs/walkthrough.md is true: its commands are run as they stand, with the three programs, and answer what it shows.
#![cfg(all(feature = "sim", unix))]

#[path = "support/programs.rs"]
mod programs;
#[path = "readme/replay.rs"]
#[expect(dead_code, reason = "README has a main job beside its commands")]
mod replay;
#[path = "readme/wildcard.rs"]
mod wildcard;

use std::path::Path;
use std::process::Command;

use programs::program;

/// Ends what the page starts, however the shell ends.
const PREAMBLE: &str = "trap 'kill $(jobs -p) 2> /dev/null; wait' EXIT\n";

#[test]
fn an_order_is_issued_converted_and_returned_as_the_page_says() {
    let page = std::fs::read_to_string("docs/walkthrough.md").expect("the page");
    let blocks = replay::blocks(&page);
    let commands: Vec<_> = blocks.iter().flatten().collect();
    assert!(commands.len() > 20, "the page has lost its commands");
    let home = tempfile::tempdir().expect("a folder");
    let here = |name: &str| home.path().join(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::write(here("passphrase"), "four words of hay\n").expect("writable");
    std::fs::copy(source.join("examples/product.json"), here("product.json")).expect("copied");
    let trees = source.join("tests/machine/trees");
    std::os::unix::fs::symlink(trees, here("trees")).expect("a link");
    replay::run_in(&commands, PREAMBLE, shell(home.path()));
}

fn shell(home: &Path) -> Command {
    let tallykey = program("tallykey");
    let folder = Path::new(tallykey.get_program())
        .parent()
        .expect("a folder");
    let mut path = folder.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut shell = Command::new("bash");
    shell
        .arg("-c")
        .current_dir(home)
        .env("PATH", path)
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .env_remove("XDG_STATE_HOME")
        .env_remove("TALLYKEY_SOCKET")
        .env_remove("TALLYKEY_SIM_CONTROL");
    shell
}
