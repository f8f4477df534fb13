//! `tallykey licences`

use jiff::Timestamp;
use tallykey_client::wire::{
    Licence, Licences, LicencesChanged, Line, LineChange, LineSource, Policy, PolicyChange,
};

use super::{
    changed,
    connect::Connection,
    failure::Failure,
    screen::Screen,
    table::{Column, Rows, Tone},
    terms,
    text::plain,
};

/// Arguments of `licences`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct LicencesArgs {
    #[command(subcommand)]
    change: Option<LicencesChange>,
}

/// What to do; without it the lines are listed.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum LicencesChange {
    /// Take a line out of the pool: it pays for nothing until it is put back.
    Park(LineArgs),
    /// Put a parked line back.
    Unpark(LineArgs),
    /// Show the terms of the product, and whether they were accepted here.
    Terms,
    /// Take a software licence away; its file may be imported again.
    Remove {
        /// Id of the licence.
        id: String,
    },
    /// Say which line pays first.
    Policy {
        /// The line that ends soonest, that ends last, or that was named for the device.
        #[arg(value_parser = policy)]
        policy: Policy,
        /// Only say what would be so.
        #[arg(long)]
        dry_run: bool,
    },
}

/// A line.
#[derive(Debug, clap::Args)]
pub(crate) struct LineArgs {
    /// Id of the line.
    id: String,
    /// Only say what would be so.
    #[arg(long)]
    dry_run: bool,
}

fn policy(text: &str) -> Result<Policy, String> {
    let all = [
        Policy::ShortestFirst,
        Policy::LongestFirst,
        Policy::Explicit,
    ];
    let known = all.into_iter().find(|policy| policy.to_string() == text);
    known.ok_or_else(|| {
        let names = all.map(|policy| policy.to_string()).join(", ");
        format!("give one of {names}")
    })
}

pub(super) async fn run(
    args: LicencesArgs,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    let client = &service.client;
    let (line, parked) = match args.change {
        None => {
            let licences = client.licences().await?;
            return screen.answer(&licences, || readable(&licences));
        }
        Some(LicencesChange::Policy { policy, dry_run }) => {
            let done = client.set_policy(&PolicyChange { policy, dry_run }).await?;
            return screen.answer(&done, || after(&done));
        }
        Some(LicencesChange::Terms) => return terms::run(service, screen).await,
        Some(LicencesChange::Remove { id }) => {
            let left = client.remove_licence(&id).await?;
            return screen.answer(&left, || readable(&left));
        }
        Some(LicencesChange::Park(line)) => (line, true),
        Some(LicencesChange::Unpark(line)) => (line, false),
    };
    let to = LineChange {
        parked,
        dry_run: line.dry_run,
    };
    let done = client.change_line(&line.id, &to).await?;
    screen.answer(&done, || after(&done))
}

fn after(done: &LicencesChanged) -> String {
    let mut out = readable(&done.licences);
    out.push_str(&changed::others(&done.suspended, &done.resumed));
    out.push_str(changed::dry_run(done.dry_run));
    out
}

fn readable(licences: &Licences) -> String {
    let policy = format!("which line pays: {}\n", licences.policy);
    let installed: String = licences.installed.iter().map(installed).collect();
    if licences.lines.is_empty() {
        format!("no licence lines\n{policy}{installed}")
    } else {
        format!("{}{policy}{installed}", table(&licences.lines))
    }
}

fn installed(licence: &Licence) -> String {
    let until = licence
        .until
        .map(|until| format!(" until {}", until.strftime("%Y-%m-%d")))
        .unwrap_or_default();
    let drift = match licence.drift.join(", ") {
        none if none.is_empty() => none,
        drift => format!(" ({})", plain(&drift)),
    };
    let Licence { id, state, .. } = licence;
    let problem = licence
        .problem
        .as_deref()
        .map(|problem| format!(": {}", plain(problem)));
    let problem = problem.unwrap_or_default();
    format!(
        "software licence {}: {state}{until}{drift}{problem}\n",
        plain(id)
    )
}

fn table(lines: &[Line]) -> String {
    let mut rows = Rows::new(&[
        Column::Text("source"),
        Column::Text("line"),
        Column::Text("feature"),
        Column::Number("granted"),
        Column::Number("given away"),
        Column::Number("remaining"),
        Column::Number("used"),
        Column::Text("plan"),
        Column::Text("valid"),
        Column::Text("counts"),
    ]);
    for line in lines {
        let tone = if line.active {
            Tone::Plain
        } else {
            Tone::Warning
        };
        rows.push(
            tone,
            [
                source(&line.source),
                line.id.clone(),
                line.feature.clone(),
                line.count.to_string(),
                line.given.to_string(),
                line.count.saturating_sub(line.given).to_string(),
                line.used.to_string(),
                line.plan.clone(),
                validity(line.valid_from, line.valid_to),
                match (line.active, line.parked, line.renew_by) {
                    (true, _, Some(end)) => format!("renew by {}", end.strftime("%Y-%m-%d")),
                    (true, _, None) => "yes".to_owned(),
                    (false, true, _) => "parked".to_owned(),
                    (false, false, _) => "no".to_owned(),
                },
            ],
        );
    }
    rows.to_string()
}

fn source(source: &LineSource) -> String {
    match source {
        LineSource::Free => "free".to_owned(),
        LineSource::Dongle { serial, revision } => format!("{serial} r{revision}"),
        LineSource::Licence { id, revision } => {
            format!("software {} r{revision}", id.get(..16).unwrap_or(id))
        }
    }
}

fn validity(from: Option<Timestamp>, to: Option<Timestamp>) -> String {
    let day = |moment: Timestamp| moment.strftime("%Y-%m-%d").to_string();
    match (from.map(day), to.map(day)) {
        (None, None) => "always".to_owned(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(to)) => format!("to {to}"),
        (Some(from), Some(to)) => format!("{from} to {to}"),
    }
}
