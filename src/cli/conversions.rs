//! `tallykey conversions`

use std::path::PathBuf;

use tallykey_client::wire::{Conversion, ConversionState, Goal};
use uuid::Uuid;

use super::{
    connect::Connection,
    convert::file_of,
    failure::Failure,
    screen::Screen,
    table::{Column, Rows, Tone},
    written,
};

/// What to do with conversions.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ConversionsCommand {
    /// List what is under way and what was done.
    List,
    /// Show one, and write its licence if there is one.
    Show {
        /// Its id.
        id: Uuid,
        /// Where to write the licence that it made; never over a file that is there.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Give up one that the dongle has not done.
    Cancel {
        /// Its id.
        id: Uuid,
    },
    /// Tell the dongle that a receipt which another host asked for is kept here, so that it may let it go.
    Acknowledge {
        /// Its id.
        id: Uuid,
    },
}

pub(super) async fn run(
    command: ConversionsCommand,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    match command {
        ConversionsCommand::List => {
            let all = service.client.conversions().await?;
            screen.answer(&all, || table(&all.conversions))
        }
        ConversionsCommand::Show { id, out } => {
            let one = service.client.conversion(id).await?;
            if let (Some(out), Some((licence, name))) = (&out, file_of(&one)) {
                written::write(Some(out), name, licence)?;
            }
            screen.answer(&one, || table(std::slice::from_ref(&one)))
        }
        ConversionsCommand::Cancel { id } => {
            service.client.cancel_conversion(id).await?;
            screen.answer(&serde_json::json!({ "cancelled": id }), || {
                format!("{id} is given up\n")
            })
        }
        ConversionsCommand::Acknowledge { id } => {
            service.client.acknowledge_receipt(id).await?;
            screen.answer(&serde_json::json!({ "acknowledged": id }), || {
                format!("the dongle knows that the receipt of {id} is kept\n")
            })
        }
    }
}

fn table(conversions: &[Conversion]) -> String {
    let mut rows = Rows::new(&[
        Column::Text("id"),
        Column::Text("dongle"),
        Column::Text("what"),
        Column::Text("channels"),
        Column::Text("to"),
        Column::Text("state"),
    ]);
    for one in conversions {
        let given = one.given.iter();
        let given = given.map(|given| format!("{}={}", given.feature, given.count));
        let given: Vec<_> = given.collect();
        let to = match (one.goal, &one.host) {
            (Goal::ThisMachine, _) => "this machine",
            (Goal::OtherMachine, Some(host)) => host,
            (Goal::OtherMachine, None) => "another machine",
            (Goal::Desk, _) => "the desk",
        };
        let (tone, state) = match (one.state, &one.replaced_by, one.acknowledged) {
            (ConversionState::UnderWay, ..) => (Tone::Warning, "under way"),
            (ConversionState::Done, Some(_), _) => (Tone::Plain, "replaced by a later licence"),
            (ConversionState::Done, None, Some(false)) => (Tone::Plain, "kept, not acknowledged"),
            (ConversionState::Done, None, _) => (Tone::Plain, "kept"),
        };
        let cells = [
            one.id.to_string(),
            one.serial.clone(),
            one.kind.clone(),
            given.join(","),
            to.to_owned(),
            state.to_owned(),
        ];
        rows.push(tone, cells);
    }
    if rows.is_empty() {
        return "no channel of a dongle was given away here\n".to_owned();
    }
    format!("{rows}\n")
}
