//! `tallykey resolve`

use clap::ValueEnum;
use tallykey_client::wire::{Keep, Resolution, ResolveAsk};

use super::{changed, connect::Connection, failure::Failure, screen::Screen, status};

/// Arguments of `resolve`.
#[derive(Debug, clap::Args)]
pub(crate) struct ResolveArgs {
    /// The kind of source that is to count; the other one is held.
    #[arg(long, value_enum)]
    keep: Kind,
    /// Only say what would be so.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Dongle,
    Software,
}

pub(super) async fn run(
    args: ResolveArgs,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    let ask = ResolveAsk {
        keep: match args.keep {
            Kind::Dongle => Keep::Dongle,
            Kind::Software => Keep::Software,
        },
        dry_run: args.dry_run,
    };
    let done = service.client.resolve(&ask).await?;
    screen.answer(&done, || readable(&done))
}

fn readable(done: &Resolution) -> String {
    let (before, after) = (&done.before, &done.after);
    let mut out = format!(
        "authentication type: {} -> {}\n\nbefore\n{}\nafter\n{}",
        before.authentication_type,
        after.authentication_type,
        status::counts(&before.features),
        status::counts(&after.features),
    );
    out.push_str(&changed::others(&done.suspended, &done.resumed));
    out.push_str(changed::dry_run(done.dry_run));
    out
}
