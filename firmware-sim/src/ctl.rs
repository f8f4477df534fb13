//! `tallykey-sim ctl`.

use clap::{Args, Subcommand};
use serde_json::json;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;
use tallykey_sim::control::{Action, Client, ClientError, Place};
use tallykey_sim::dongle::Status;
use tallykey_sim::fault::Counter;

/// Exit codes, as `tallykey` has them.
const FAULT: u8 = 1;
const REFUSED: u8 = 3;
const NOBODY: u8 = 4;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Where the simulator listens, as `serve` printed it [default: where `serve` listens by default]
    #[arg(long, value_name = "PLACE", env = "TALLYKEY_SIM_CONTROL")]
    control: Option<Place>,

    /// Serial of the dongle, where there are several
    #[arg(long, value_name = "SERIAL")]
    dongle: Option<String>,

    /// Print one JSON document
    #[arg(long)]
    json: bool,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Show knobs, faults and counters
    Status,

    #[command(flatten)]
    Do(Action),

    /// Wait until a counter is at least N
    Wait {
        /// Which
        #[arg(value_enum, value_name = "COUNTER")]
        counter: Counter,
        /// How much
        #[arg(value_name = "N")]
        least: u64,
        /// How long, in seconds
        #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(..=86_400))]
        timeout: u64,
    },
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let place = match arguments.control {
        Some(place) => place,
        None => Place::usual()?,
    };
    let dongle = arguments.dongle.as_deref();
    let said = Client::connect(&place).and_then(|client| ask(client, dongle, arguments.verb));
    let mut out = io::stdout().lock();
    match (said, arguments.json) {
        (Ok(said), false) => {
            writeln!(out, "{}", said.text)?;
            Ok(ExitCode::SUCCESS)
        }
        (Ok(said), true) => {
            writeln!(out, "{:#}", said.json)?;
            Ok(ExitCode::SUCCESS)
        }
        (Err(error), as_json) => {
            if as_json {
                let (code, next) = (error.code(), error.next());
                let detail = error.to_string();
                let failed = json!({"error": {"code": code, "message": detail, "next": next}});
                writeln!(out, "{failed:#}")?;
            } else {
                eprintln!("error: {error}");
                eprintln!("   next: {}", error.next());
                eprintln!("   code: {}", error.code());
            }
            Ok(ExitCode::from(match error {
                ClientError::NoSimulator { .. } => NOBODY,
                ClientError::Refused(_) => REFUSED,
                _ => FAULT,
            }))
        }
    }
}

struct Said {
    text: String,
    json: serde_json::Value,
}

fn ask(mut client: Client, dongle: Option<&str>, verb: Verb) -> Result<Said, ClientError> {
    match verb {
        Verb::Status => {
            let all = client.status(dongle)?;
            let text: Vec<_> = all.iter().map(shown).collect();
            Ok(Said {
                text: text.join("\n\n"),
                json: json!({ "dongles": all }),
            })
        }
        Verb::Do(action) => {
            let json = json!(action);
            let serial = client.act(dongle, action)?;
            let verb = json["verb"].as_str().unwrap_or_default();
            Ok(Said {
                text: format!("{serial}: {verb}: done"),
                json: json!({"dongle": serial, "done": json}),
            })
        }
        Verb::Wait {
            counter,
            least,
            timeout,
        } => {
            let value = client.wait(dongle, counter, least, Duration::from_secs(timeout))?;
            Ok(Said {
                text: format!("{counter} {value}"),
                json: json!({"counter": counter, "value": value}),
            })
        }
    }
}

/// A dongle for people: what is as usual is not said.
fn shown(dongle: &Status) -> String {
    let plug = if dongle.plugged {
        "plugged in"
    } else {
        "pulled out"
    };
    let mut lines = vec![("dongle", dongle.serial.clone())];
    lines.push(("state", format!("{plug}, {}", dongle.lifecycle)));
    let flags = [
        (dongle.suspended, "suspended"),
        (dongle.stalled, "stalled"),
        (dongle.cut_planned, "power cut planned"),
    ];
    let on = flags.into_iter().filter(|(on, _)| *on);
    lines.extend(on.map(|(_, what)| ("fault", what.to_owned())));
    let hostile = dongle.hostile.iter();
    lines.extend(hostile.map(|mode| ("fault", format!("hostile {mode}"))));
    lines.extend(dongle.armed.iter().map(|armed| ("fault", armed.clone())));
    let times = [
        ("sign time", dongle.sign_time_ms),
        ("erase time", dongle.erase_time_ms),
    ];
    let slow = times.into_iter().filter(|(_, ms)| *ms > 0);
    lines.extend(slow.map(|(name, ms)| (name, format!("{ms} ms"))));
    if dongle.asking {
        lines.push(("button", "asks to be pressed".to_owned()));
    }
    let counters = dongle.counters.moved();
    lines.extend(counters.map(|(counter, value)| ("counter", format!("{counter} {value}"))));
    let lines = lines
        .iter()
        .map(|(name, value)| format!("{name:<11} {value}"));
    lines.collect::<Vec<_>>().join("\n")
}
