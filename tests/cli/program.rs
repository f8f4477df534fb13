//! The binary, in a home of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tallykey::api::CODES;
use tallykey::cli::LOCAL_CODES;
use tempfile::TempDir;

/// A home folder that no other test knows.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path(".local/state/tallykey/simulated")
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.at_home(env!("CARGO_BIN_EXE_tallykey"));
        command.args(args);
        command
    }

    /// A line as a person types it.
    pub(crate) fn shell(&self, line: &str) -> Ran {
        let mut command = self.at_home("sh");
        Ran(command.args(["-c", line]).output().expect("it runs"))
    }

    fn at_home(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("HOME", self.folder.path())
            .env_remove("XDG_RUNTIME_DIR")
            .env_remove("XDG_STATE_HOME")
            .env_remove("TALLYKEY_SOCKET")
            .env_remove("TALLYKEY_INBOX")
            .env_remove("TALLYKEY_TRUST")
            .env_remove("TALLYKEY_PROFILE")
            .env_remove("RUST_LOG")
            .env_remove("CLICOLOR_FORCE");
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran(self.command(args).output().expect("it runs"))
    }

    /// A simulated service on a free port, once it has printed where it is.
    pub(crate) fn serve(&self) -> Serving {
        self.serve_with(&[])
    }

    pub(crate) fn serve_with(&self, args: &[&str]) -> Serving {
        let mut all = vec!["serve", "--simulate", "--listen", "127.0.0.1:0", "--json"];
        all.extend(args);
        let mut child = self
            .command(&all)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let mut document = String::new();
        for line in lines.by_ref() {
            let line = line.expect("text");
            document.push_str(&line);
            if line == "}" {
                break;
            }
        }
        let banner = serde_json::from_str(&document).unwrap_or_else(|error| {
            let mut said = String::new();
            let mut stderr = child.stderr.take().expect("stderr");
            stderr.read_to_string(&mut said).expect("text");
            panic!("no banner: {error} in {document:?}; {said}")
        });
        Serving { child, banner }
    }
}

/// A running service; killed when dropped.
pub(crate) struct Serving {
    child: Child,
    pub(crate) banner: Value,
}

impl Serving {
    pub(crate) fn socket(&self) -> &Path {
        Path::new(self.banner["socket"].as_str().expect("a path"))
    }

    pub(crate) fn port(&self) -> u16 {
        let url = self.banner["url"].as_str().expect("a URL");
        let port = url.rsplit(':').next().expect("a port");
        port.parse().expect("a number")
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it ends");
    }

    /// Asks it to stop, as a service manager or Ctrl-C does, and waits until it has.
    pub(crate) fn stop(mut self, signal: Signal) -> i32 {
        let id = Pid::from_raw(i32::try_from(self.child.id()).expect("a pid"));
        kill(id, signal).expect("it runs");
        let status = self.child.wait().expect("it ends");
        status.code().expect("not by the signal")
    }

    /// Stops it, and gives what it logged.
    pub(crate) fn log(mut self) -> String {
        let mut stderr = self.child.stderr.take().expect("stderr");
        assert_eq!(self.stop(Signal::SIGTERM), 0);
        let mut log = String::new();
        stderr.read_to_string(&mut log).expect("text");
        log
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A command that ended.
pub(crate) struct Ran(Output);

impl Ran {
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.0.status.code(),
            Some(code),
            "{}{}",
            self.out(),
            self.err()
        );
        self
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).expect("text")
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).expect("text")
    }

    /// The one document on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.0.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.out()))
    }

    /// A failure says what, what next, and its code, on stderr and nowhere else.
    #[track_caller]
    pub(crate) fn fails(self, exit: i32, code: &str) -> String {
        let ran = self.exits(exit);
        let said = ran.err();
        assert_eq!(ran.out(), "");
        assert!(
            said.starts_with("error: ") && said.contains("\n   next: "),
            "{said}"
        );
        assert!(said.contains(&format!("\n   code: {code}\n")), "{said}");
        let local = LOCAL_CODES.iter().any(|known| known.name == code);
        let listed = local || CODES.iter().any(|known| known.name == code);
        assert!(listed, "{code} is in no table");
        said
    }
}
