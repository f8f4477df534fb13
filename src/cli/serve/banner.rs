//! What `serve` prints once it answers: where, what it counts, and what to type next.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use owo_colors::OwoColorize;
use serde_json::json;
use tallykey_client::wire::Status;

use crate::cli::{
    Failure, Places, Screen, dongle,
    places::{program, shell_word},
    status,
    text::plain,
};

/// A device for the first try; the shipped list of cameras has it too.
const EXAMPLE_DEVICE: &str = "00:02:D1:1A:2B:3C";
/// The shipped list of cameras, as seen from the root of the repository.
const EXAMPLE_LIST: &str = "examples/cameras.csv";

/// Facts of a service that has started.
#[derive(Debug)]
pub struct Banner<'a> {
    /// What the service answers to a question for its status.
    pub status: &'a Status,
    /// Where its state and its socket are.
    pub places: &'a Places,
    /// Where it listens for callers with a bearer token.
    pub port: Option<SocketAddr>,
    /// Of the simulated dongle that the service itself has plugged in.
    pub owner_code: Option<&'a OwnerCode>,
}

/// Where a simulated dongle's owner code is kept, which a person types to give channels away. A real one is on a slip
/// of paper.
#[derive(Debug)]
pub struct OwnerCode {
    /// The code, unless its file was lost.
    pub code: Option<String>,
    /// The file, for this user's eyes only.
    pub file: PathBuf,
}

impl Banner<'_> {
    /// Prints it.
    ///
    /// # Errors
    /// [`Failure::Output`].
    pub fn show(&self, screen: &Screen) -> Result<(), Failure> {
        let document = json!({
            "status": self.status,
            "socket": self.places.socket,
            "url": self.url(),
            "state_folder": self.places.state,
            "owner_code": self.owner_code.map(|kept| json!({ "code": kept.code, "file": kept.file })),
            "next": self.commands(),
        });
        screen.answer(&document, || self.readable())
    }

    fn url(&self) -> Option<String> {
        self.port.map(|address| format!("http://{address}"))
    }

    /// Commands for another terminal.
    fn commands(&self) -> Vec<String> {
        let program = program();
        let socket = if self.places.socket_needs_telling() {
            let path = self.places.socket.display().to_string();
            format!(" --socket {}", shell_word(&path))
        } else {
            String::new()
        };
        let mut commands = vec![
            format!("{program} status{socket}"),
            format!("{program} allocate {EXAMPLE_DEVICE} --feature camera{socket}"),
        ];
        if Path::new(EXAMPLE_LIST).is_file() {
            commands.push(format!("{program} allocate --from {EXAMPLE_LIST}{socket}"));
        }
        if self.port.is_some() {
            commands.push(format!("{program} token create --role client{socket}"));
        }
        commands
    }

    fn readable(&self) -> String {
        let mut out = String::from("\n");
        if self.status.simulated {
            out.push_str(&status::simulated_notice());
            out.push('\n');
        }
        out.push_str(&format!(
            "Tallykey {} counts for {}\n\n{}\n",
            self.status.version,
            status::heading(self.status),
            status::counts(&self.status.features)
        ));
        for dongle in &self.status.dongles {
            if let Some(fault) = &dongle.fault {
                out.push_str(&format!("{}\n", dongle::explain(dongle, fault)));
            }
        }
        let url = self.url().unwrap_or_else(|| "none".to_owned());
        for (name, value) in [
            ("socket", self.places.socket.display().to_string()),
            ("URL", url),
            ("state folder", self.places.state.display().to_string()),
        ] {
            out.push_str(&format!("{:<13} {}\n", name, plain(&value)));
        }
        if let Some(kept) = self.owner_code {
            out.push_str(&kept.readable());
        }
        out.push_str("\nNext, in another terminal:\n\n");
        for command in self.commands() {
            out.push_str(&format!("  {}\n", plain(&command).bold()));
        }
        out.push_str("\nCtrl-C stops it.\n");
        out
    }
}

impl OwnerCode {
    fn readable(&self) -> String {
        let file = self.file.display().to_string();
        let (code, file) = match &self.code {
            Some(code) => (&**code, format!("kept in {file}")),
            None => ("not known", format!("{file} is not there")),
        };
        format!(
            "\nowner code of the simulated dongle: {}\n{}\n",
            plain(code),
            plain(&file)
        )
    }
}
