//! A test vendor from its keys to a licensed channel, with the three programs and nothing else: `tallykey-vendor` makes
//! keys and profile, `tallykey-sim` a dongle of that vendor, and `tallykey` counts it without `--simulate`.
#![cfg(all(feature = "sim", unix))]

#[path = "support/programs.rs"]
mod programs;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use programs::program;

/// A folder of its own, as home and as the place where everything runs.
struct Place(TempDir);

/// A program that serves; it is stopped when this is dropped.
struct Running {
    child: Child,
    said: Vec<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        fs::write(place.path("passphrase"), "four words of hay\n").expect("writable");
        place
    }

    /// With the keys of a vendor, made as `more` says, and a product signed.
    fn with_vendor(more: &[&str]) -> Self {
        let place = Self::new();
        let passphrase = ["--dir", "vendor", "--passphrase-file", "passphrase"];
        let vendor = |words: &[&str]| place.done("tallykey-vendor", &[words, &passphrase].concat());
        vendor(&["keys", "init-root", "--name", "Acme, Inc."]);
        vendor(&[&["keys", "init"], more].concat());
        let form = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/product.json");
        vendor(&["desk", "profile", form, "--out", "vms.profile", "--yes"]);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, name: &str, words: &[&str]) -> Command {
        let mut command = program(name);
        command
            .args(words)
            .current_dir(self.0.path())
            .env("HOME", self.0.path())
            .env("XDG_RUNTIME_DIR", self.0.path())
            .env_remove("XDG_STATE_HOME")
            .env_remove("TALLYKEY_SOCKET")
            .env_remove("TALLYKEY_SIM_CONTROL");
        command
    }

    /// What the program printed; it did what it was told.
    #[track_caller]
    fn done(&self, name: &str, words: &[&str]) -> String {
        let output = self.command(name, words).output().expect("it runs");
        let (out, err) = (output.stdout, String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{name} {words:?}: {err}");
        String::from_utf8(out).expect("text")
    }

    fn json(&self, words: &[&str]) -> Value {
        let said = self.done("tallykey", &[words, &["--json"]].concat());
        serde_json::from_str(&said).expect("one JSON document")
    }

    /// A simulated dongle of the vendor in a file, at a socket.
    fn simulator(&self, more: &[&str]) -> Command {
        let serve = [
            "serve",
            "--socket",
            "dongle.sock",
            "--flash",
            "dongle.flash",
        ];
        let vendor = ["--vendor", "vendor", "--passphrase-file", "passphrase"];
        let words = [&serve[..], &vendor, &["--profile", "vms.profile"], more].concat();
        self.command("tallykey-sim", &words)
    }

    fn refused(&self, more: &[&str]) -> String {
        let output = self.simulator(more).output().expect("it runs");
        assert!(!output.status.success());
        String::from_utf8(output.stderr).expect("text")
    }
}

impl Running {
    /// Waits until it has said a line that begins with `last`.
    fn start(mut command: Command, last: &str) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let mut running = Self {
            child,
            said: Vec::new(),
        };
        for line in lines {
            running.said.push(line.expect("text"));
            if running.said.iter().any(|line| line.starts_with(last)) {
                return running;
            }
        }
        panic!("it ended without {last:?}: {:?}", running.said)
    }

    fn value(&self, name: &str) -> &str {
        let mut values = self.said.iter().filter_map(|line| line.strip_prefix(name));
        values.next().expect("it is said").trim()
    }
}

#[test]
fn a_dongle_of_a_test_vendor_licenses_channels_and_everything_says_simulated() {
    let place = Place::with_vendor(&["--test"]);
    let dongle = Running::start(place.simulator(&["--serial", "ACME-0001"]), "attach");
    assert_eq!(dongle.value("vendor"), "Acme, Inc., a test vendor");

    // The printed command, on a port that is free.
    let command = dongle.value("attach");
    let words: Vec<_> = command.split(' ').skip(1).collect();
    assert!(words.contains(&"vendor/vendor.bundle"), "{command}");
    assert!(!words.contains(&"--simulate"), "{command}");
    let more = ["--listen", "none", "--state-dir", "state"];
    let serve = [&words[..], &more].concat();
    let host = Running::start(place.command("tallykey", &serve), "Ctrl-C");
    assert!(host.said.iter().any(|line| line.contains("SIMULATED")));
    // Whoever serves the dongle knows it.
    assert!(!host.said.iter().any(|line| line.contains("owner code")));
    assert!(
        dongle
            .value("owner code")
            .ends_with("kept in dongle.flash.owner-code")
    );

    let said = place.done("tallykey", &["allocate", "00:02:D1:1A:2B:3C"]);
    assert!(said.contains("licensed"), "{said}");
    let status = place.json(&["status"]);
    assert_eq!(status["simulated"], true);
    assert_eq!(status["dongles"][0]["serial"], "ACME-0001");
    assert_eq!(status["dongles"][0]["state"], "open");
    assert_eq!(status["dongles"][0]["simulated"], true);
    let features = status["features"].as_array().expect("a list");
    let camera = features.iter().find(|feature| feature["id"] == "camera");
    let camera = camera.expect("the feature");
    assert_eq!((&camera["total"], &camera["used"]), (&68.into(), &1.into()));
}

#[test]
fn a_dongle_of_a_vendor_that_is_no_test_vendor_is_never_simulated() {
    let place = Place::with_vendor(&[]);
    let said = place.refused(&[]);
    assert!(said.contains("Acme, Inc. is no test vendor"), "{said}");
    assert!(said.contains("keys init --test"), "{said}");
    assert!(!place.path("dongle.flash").exists());
}

#[test]
fn the_factorys_roles_make_a_dongle_and_the_issuer_raises_its_counts() {
    let place = Place::with_vendor(&["--test"]);
    fs::create_dir(place.path("safe")).expect("a folder");
    for role in ["root", "issuer"] {
        let key = format!("{role}.key");
        fs::rename(
            place.path("vendor").join(&key),
            place.path("safe").join(key),
        )
        .expect("moved");
    }
    drop(Running::start(place.simulator(&[]), "attach"));
    let more = ["--channels", "camera=65"];
    let said = place.refused(&more);
    assert!(
        said.contains("only the vendor's issuer raises counts"),
        "{said}"
    );
    fs::rename(
        place.path("safe/issuer.key"),
        place.path("vendor/issuer.key"),
    )
    .expect("moved");
    drop(Running::start(place.simulator(&more), "attach"));
}

#[test]
fn a_passphrase_that_opens_nothing_or_a_product_of_others_makes_no_dongle() {
    let place = Place::with_vendor(&["--test"]);
    let others = Place::with_vendor(&["--test"]);
    fs::copy(others.path("vms.profile"), place.path("other.profile")).expect("copied");
    fs::write(place.path("wrong"), "hay\n").expect("writable");
    let serve = |profile, passphrase| {
        let words = ["serve", "--listen", "127.0.0.1:0", "--vendor", "vendor"];
        let files = ["--profile", profile, "--passphrase-file", passphrase];
        let mut command = place.command("tallykey-sim", &[&words[..], &files].concat());
        let output = command.output().expect("it runs");
        assert!(!output.status.success());
        String::from_utf8(output.stderr).expect("text")
    };
    let said = serve("vms.profile", "wrong");
    assert!(said.contains("does not open vendor/factory.key"), "{said}");
    let said = serve("other.profile", "passphrase");
    assert!(said.contains("no product profile of Acme, Inc."), "{said}");
}
