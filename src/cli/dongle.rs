//! `tallykey dongle`

use clap::Subcommand;
use serde_json::json;
use tallykey_client::wire::{Dongle, DongleFault};

use super::{
    connect::Connection,
    failure::Failure,
    screen::Screen,
    table::{Column, Rows, Tone},
    text::plain,
};

/// What to do with dongles.
#[derive(Debug, Subcommand)]
pub(crate) enum DongleCommand {
    /// List the dongles that are plugged in.
    List,
    /// Show all that is known of one dongle.
    Info {
        /// Serial; may be left out when one dongle is plugged in.
        serial: Option<String>,
    },
    /// Blink a dongle.
    Wink {
        /// Serial; may be left out when one dongle is plugged in.
        serial: Option<String>,
    },
}

pub(super) async fn run(
    command: DongleCommand,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    let seen = service.client.dongles().await?;
    match command {
        DongleCommand::List => screen.answer(&seen, || {
            if seen.dongles.is_empty() {
                "no dongle is plugged in\n".to_owned()
            } else {
                list(&seen.dongles)
            }
        }),
        DongleCommand::Info { serial } => {
            let dongle = choose(seen.dongles, serial)?;
            screen.answer(&dongle, || info(&dongle))
        }
        DongleCommand::Wink { serial } => {
            let dongle = choose(seen.dongles, serial)?;
            let Some(serial) = dongle.serial else {
                return Err(Failure::NotOpen {
                    state: dongle.state,
                });
            };
            service.client.wink(&serial).await?;
            screen.answer(&json!({ "serial": serial, "winked": true }), || {
                format!("{} blinks\n", plain(&serial))
            })
        }
    }
}

fn choose(mut dongles: Vec<Dongle>, serial: Option<String>) -> Result<Dongle, Failure> {
    match serial {
        Some(serial) => {
            let found = dongles
                .iter()
                .position(|d| d.serial.as_ref() == Some(&serial));
            let found = found.ok_or(Failure::NoDongle { serial })?;
            Ok(dongles.swap_remove(found))
        }
        None if dongles.len() == 1 => Ok(dongles.swap_remove(0)),
        None => Err(Failure::WhichDongle {
            serials: dongles.into_iter().filter_map(|d| d.serial).collect(),
        }),
    }
}

/// One line for each dongle.
pub(super) fn list(dongles: &[Dongle]) -> String {
    let mut rows = Rows::new(&[
        Column::Text("dongle"),
        Column::Text("state"),
        Column::Text("kind"),
        Column::Text("firmware"),
        Column::Number("counter"),
        Column::Text("grants"),
    ]);
    for dongle in dongles {
        rows.push(
            tone(dongle),
            [
                serial(dongle),
                dongle.state.clone(),
                kind(dongle).to_owned(),
                dongle.firmware.clone().unwrap_or_default(),
                dongle.counter.map(|c| c.to_string()).unwrap_or_default(),
                grants(dongle),
            ],
        );
    }
    rows.to_string()
}

/// What is wrong with a dongle, and what to do.
pub(super) fn explain(dongle: &Dongle, fault: &DongleFault) -> String {
    let name = dongle.serial.as_deref().unwrap_or("dongle");
    format!(
        "{}: {}\n   next: {}\n",
        plain(name),
        plain(&fault.detail),
        plain(&fault.next)
    )
}

fn info(dongle: &Dongle) -> String {
    let text = |value: Option<&String>| value.cloned().unwrap_or_else(|| "unknown".to_owned());
    let mut out = String::new();
    for (name, value) in [
        ("serial", serial(dongle)),
        ("state", dongle.state.clone()),
        ("kind", kind(dongle).to_owned()),
        ("lifecycle", text(dongle.lifecycle.as_ref())),
        ("firmware", text(dongle.firmware.as_ref())),
        (
            "counter",
            text(dongle.counter.map(|c| c.to_string()).as_ref()),
        ),
        (
            "grants",
            text(Some(grants(dongle)).filter(|g| !g.is_empty()).as_ref()),
        ),
        ("key", text(dongle.key_thumbprint.as_ref())),
    ] {
        let line = format!("{name:<10} {}", plain(&value));
        let tone = if name == "state" {
            tone(dongle)
        } else {
            Tone::Plain
        };
        out.push_str(&tone.paint(line.trim_end()));
        out.push('\n');
    }
    if let Some(fault) = &dongle.fault {
        out.push_str(&format!("\n{}", explain(dongle, fault)));
    }
    out
}

fn tone(dongle: &Dongle) -> Tone {
    if dongle.fault.is_some() {
        Tone::Bad
    } else {
        Tone::Good
    }
}

fn serial(dongle: &Dongle) -> String {
    dongle
        .serial
        .clone()
        .unwrap_or_else(|| "(no serial)".to_owned())
}

fn kind(dongle: &Dongle) -> &'static str {
    match dongle.simulated {
        Some(true) => "SIMULATED",
        Some(false) => "hardware",
        None => "unknown",
    }
}

fn grants(dongle: &Dongle) -> String {
    let shown = dongle.grants.iter().map(|grant| {
        let note = if grant.counts {
            ""
        } else {
            " (not this product)"
        };
        format!("{} r{}{note}", grant.product, grant.revision)
    });
    let shown: Vec<_> = shown.collect();
    shown.join(", ")
}
