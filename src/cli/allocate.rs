//! `tallykey allocate`

mod import;

use std::{collections::BTreeMap, path::PathBuf};

use tallykey_client::{
    ClientError,
    wire::{Allocated, Allocation, AllocationState, Ask, BatchAnswer},
};

use super::{
    connect::Connection,
    failure::Failure,
    screen::Screen,
    table::{Column, Rows, Tone},
    text::{count, plain},
};

pub(super) use import::ImportError;

use import::Import;

/// Arguments of `allocate`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["device", "from"]))]
pub(crate) struct AllocateArgs {
    /// MAC address in any usual notation, or another stable id.
    device: Option<String>,
    /// Feature to count [default: by the device's maker and model].
    #[arg(long, conflicts_with = "from")]
    feature: Option<String>,
    /// The device's model; some cost several channels.
    #[arg(long, conflicts_with = "from")]
    model: Option<String>,
    /// The higher it is, the later the device is suspended in a shortage [default: 0, or as it is].
    #[arg(
        long,
        value_name = "NUMBER",
        allow_negative_numbers = true,
        conflicts_with = "from"
    )]
    priority: Option<i32>,
    /// Id of the line that is to pay [default: by policy, or as it is].
    #[arg(long, value_name = "ID", conflicts_with = "from")]
    line: Option<String>,
    /// For how long, unless it is renewed [default: until it is released].
    #[arg(long, value_name = "SECONDS")]
    ttl: Option<u32>,
    /// Allocate a whole file, all or nothing: CSV with the columns device, feature, model, priority.
    #[arg(long, value_name = "CSV")]
    from: Option<PathBuf>,
}

/// What is to be asked, read from arguments and file.
pub(super) enum Work {
    One(Ask),
    File(Import),
}

impl AllocateArgs {
    /// Reads the file before a service is looked for.
    pub(super) fn prepare(self) -> Result<Work, Failure> {
        match self.from {
            Some(file) => Ok(Work::File(Import::read(&file, self.ttl)?)),
            None => Ok(Work::One(Ask {
                device: self.device.unwrap_or_default(),
                feature: self.feature,
                model: self.model,
                priority: self.priority,
                line: self.line,
                ttl: self.ttl,
            })),
        }
    }
}

pub(super) async fn run(work: Work, service: &Connection, screen: &Screen) -> Result<(), Failure> {
    match work {
        Work::One(ask) => {
            let done = service.client.allocate(&ask).await?;
            screen.answer(&done.allocation, || one(&done))
        }
        Work::File(import) => {
            let done = service.client.allocate_all(import.asks()).await;
            let done = done.map_err(|error| match error {
                ClientError::Problem(problem) => Failure::Import(import.blame(*problem)),
                other => other.into(),
            })?;
            screen.answer(&done, || summary(&import.name(), &done))
        }
    }
}

fn one(done: &Allocated) -> String {
    let when = if done.created { "new" } else { "held before" };
    format!("{}  ({when})\n", line(&done.allocation))
}

/// An allocation in one line, in the colour of its state.
pub(super) fn line(allocation: &Allocation) -> String {
    let (word, tone) = state(allocation.state);
    let end = allocation
        .expires_at
        .map(|end| end.strftime("  until %Y-%m-%d %H:%M:%S UTC").to_string());
    format!(
        "{}  {}  {}  {}{}",
        tone.paint(word),
        plain(&allocation.device),
        plain(&allocation.feature),
        count(allocation.weight, "channel"),
        end.unwrap_or_default(),
    )
}

pub(super) const fn state(state: AllocationState) -> (&'static str, Tone) {
    match state {
        AllocationState::Licensed => ("licensed", Tone::Good),
        AllocationState::Suspended => ("suspended", Tone::Warning),
    }
}

#[derive(Default)]
struct Sum {
    new: u64,
    held: u64,
    channels: u64,
    suspended: u64,
}

fn summary(file: &str, done: &BatchAnswer) -> String {
    let mut sums = BTreeMap::<&str, Sum>::new();
    let mut seen = std::collections::BTreeSet::new();
    for item in &done.allocations {
        let sum = sums.entry(&item.allocation.feature).or_default();
        // A device that the file names twice costs once.
        if !seen.insert(item.allocation.id) {
            continue;
        }
        sum.channels += u64::from(item.allocation.weight);
        *(if item.created {
            &mut sum.new
        } else {
            &mut sum.held
        }) += 1;
        sum.suspended += u64::from(item.allocation.state == AllocationState::Suspended);
    }
    let mut rows = Rows::new(&[
        Column::Text("feature"),
        Column::Number("new"),
        Column::Number("held before"),
        Column::Number("suspended"),
        Column::Number("channels"),
    ]);
    for (feature, sum) in sums {
        let tone = if sum.suspended > 0 {
            Tone::Warning
        } else {
            Tone::Plain
        };
        let numbers = [sum.new, sum.held, sum.suspended, sum.channels];
        let cells = std::iter::once(feature.to_owned());
        rows.push(tone, cells.chain(numbers.iter().map(u64::to_string)));
    }
    let lines = done.allocations.len();
    let again = match lines - seen.len() {
        0 => String::new(),
        again => format!(" ({} named again)", count(again as u64, "line")),
    };
    let devices = count(seen.len() as u64, "device");
    format!("{}: {devices}{again}, in one step\n\n{rows}", plain(file))
}
