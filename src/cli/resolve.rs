//! `tallykey resolve`

use clap::ValueEnum;
use owo_colors::OwoColorize;
use tallykey_client::wire::{ChoiceKind, ConflictAnswer, Keep, Resolution, ResolveAsk};

use super::{
    changed, connect::Connection, failure::Failure, screen::Screen, standing, status, text::plain,
};

/// Arguments of `resolve`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --keep the exit code is 0 if nobody has to choose, and 3 if somebody has to."
)]
pub(crate) struct ResolveArgs {
    /// The kind of source that is to count; the other one is held. Without it the choices are shown, and nothing is done.
    #[arg(long, value_enum)]
    keep: Option<Kind>,
    /// Only say what would be so.
    #[arg(long, requires = "keep")]
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
    let Some(keep) = args.keep else {
        return show(service, screen).await;
    };
    let ask = ResolveAsk {
        keep: match keep {
            Kind::Dongle => Keep::Dongle,
            Kind::Software => Keep::Software,
        },
        dry_run: args.dry_run,
    };
    let done = service.client.resolve(&ask).await?;
    screen.answer(&done, || readable(&done))
}

/// The conflict and the ways out of it.
async fn show(service: &Connection, screen: &Screen) -> Result<(), Failure> {
    let answer = service.client.conflict().await?;
    screen.answer(&answer, || choices(&answer))?;
    match answer.conflict {
        Some(conflict) if conflict.asks => Err(Failure::MustChoose),
        _ => Ok(()),
    }
}

fn choices(answer: &ConflictAnswer) -> String {
    let Some(conflict) = &answer.conflict else {
        return "no conflict: one kind of source at most is here\n".to_owned();
    };
    let mut out = standing::of_conflict(conflict);
    for choice in &answer.choices {
        let (name, command) = (&choice.choice, plain(&choice.command));
        let name = match name {
            ChoiceKind::KeepDongle => "keep dongle",
            ChoiceKind::KeepSoftware => "keep software",
            ChoiceKind::Convert => "convert the dongle's channels; this cannot be undone",
        };
        out.push_str(&format!("{}\n  {command}\n", name.bold()));
        if let Some(outcome) = &choice.outcome {
            out.push_str(&effect(outcome));
        }
        out.push('\n');
    }
    out
}

fn readable(done: &Resolution) -> String {
    format!("{}{}", effect(done), changed::dry_run(done.dry_run))
}

fn effect(done: &Resolution) -> String {
    let (before, after) = (&done.before, &done.after);
    let mut out = format!(
        "authentication type: {} -> {}\n\nbefore\n{}\nafter\n{}",
        before.authentication_type,
        after.authentication_type,
        status::counts(&before.features),
        status::counts(&after.features),
    );
    out.push_str(&changed::others(&done.suspended, &done.resumed));
    out
}
