//! Hosts that nobody here wrote, against the simulator at its socket.
//!
//! `tests/third_party/client.py` is a whole host written from docs/protocol.md: python-fido2's CTAPHID, cbor2,
//! cryptography. `check.sh` installs these and names the interpreter in `TALLYKEY_PYTHON`; without it `python3` must
//! have the packages of `tests/third_party/requirements.txt`.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tallykey_signing::{Vendor, simulator};
use tempfile::TempDir;

const SERIAL: &str = "SIM-THIRD-1";

/// The simulator at a socket, and a folder for what its hosts need.
struct Bench {
    simulator: Child,
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut simulator = Command::new(env!("CARGO_BIN_EXE_tallykey-sim"))
            .args(["serve", "--serial", SERIAL, "--channels", "camera=64,vca=8"])
            .arg("--socket")
            .arg(folder.path().join("dongle"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the simulator starts");
        let output = simulator.stdout.take().expect("piped");
        let said = BufReader::new(output).lines();
        let serves = |line: &String| line.starts_with("attach");
        let line = said.map_while(Result::ok).find(serves);
        line.expect("the simulator serves");
        Self { simulator, folder }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("dongle")
    }

    /// Runs the Python host with this root pinned.
    fn python(&self, vendor: &Vendor) -> Output {
        let root = self.folder.path().join("root.der");
        fs::write(&root, vendor.root_certificate()).expect("a writable folder");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/third_party/client.py");
        let interpreter = std::env::var_os("TALLYKEY_PYTHON").unwrap_or_else(|| "python3".into());
        Command::new(interpreter)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .arg(script)
            .arg(self.socket())
            .arg(root)
            .output()
            .expect("python3 runs")
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.simulator.kill();
        let _ = self.simulator.wait();
    }
}

#[test]
fn a_host_written_from_the_protocol_page_alone_verifies_a_dongle_up_to_the_root() {
    let bench = Bench::new();
    let vendor = simulator::vendor().expect("constant keys");
    // Twice: a host that closed leaves nothing behind.
    for _ in 0..2 {
        let output = bench.python(&vendor);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let said = String::from_utf8(output.stdout).expect("text");
        for part in [
            r#""serial": "SIM-THIRD-1""#,
            r#""simulated": true"#,
            r#""lines": {"tallykey-vms": {"camera": 64, "vca": 8}}"#,
        ] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
    }
}

#[test]
fn a_host_that_pins_another_root_refuses_the_dongle() {
    let bench = Bench::new();
    let other =
        Vendor::generate("Other", false, simulator::ISSUED_AT, getrandom::fill).expect("new keys");
    let output = bench.python(&other);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        errors.contains("verify_directly_issued_by"),
        "refused for something else: {errors}"
    );
}
