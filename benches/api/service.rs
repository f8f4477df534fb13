//! The service under measure: the real program, whose vendor gives enough free channels for every request.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::load::Failure;
use tallykey_protocol::list::List;
use tallykey_protocol::profile::{Feature, Profile};
use tallykey_signing::{Vendor, simulator};

/// A running `tallykey serve`.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) socket: PathBuf,
    process: Child,
}

impl Running {
    /// Starts the service with its state in `folder`.
    pub(crate) fn start(folder: &Path) -> Result<Self, Failure> {
        let vendor = Vendor::generate("Bench", true, simulator::ISSUED_AT, getrandom::fill)?;
        let (trust, profile) = (folder.join("trust"), folder.join("profile"));
        std::fs::write(&trust, vendor.trust_bundle())?;
        let features = List::of(&[Feature {
            id: "camera",
            name: "Cameras",
            free: 10_000_000,
        }])
        .map_err(|_| "full")?;
        let claims = Profile {
            features,
            mappings: List::default(),
            ..simulator::profile()
        };
        std::fs::write(&profile, vendor.sign_profile(&claims)?)?;
        let socket = folder.join("api.sock");
        let process = Command::new(env!("CARGO_BIN_EXE_tallykey"))
            .arg("serve")
            .args(["--listen", "none"])
            .arg("--trust")
            .arg(trust)
            .arg("--profile")
            .arg(profile)
            .arg("--state-dir")
            .arg(folder.join("state"))
            .arg("--socket")
            .arg(&socket)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let running = Self { socket, process };
        answers(&running.socket)?;
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until something answers on `socket`; a started process needs some milliseconds for it.
pub(crate) fn answers(socket: &Path) -> Result<(), Failure> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while UnixStream::connect(socket).is_err() {
        if Instant::now() > deadline {
            return Err(format!("nothing answers on {}", socket.display()).into());
        }
        std::thread::yield_now();
    }
    Ok(())
}
