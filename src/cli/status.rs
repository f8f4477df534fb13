//! `tallykey status`

use owo_colors::OwoColorize;
use tallykey_client::wire::{Dongle, FeatureCounts, Status};

use super::{
    connect::Connection,
    dongle,
    failure::Failure,
    screen::Screen,
    standing,
    table::{Column, Rows, Tone},
    text::plain,
};

/// Facts older than this come from a service that is stuck.
const STALE_MS: u64 = 5_000;

pub(super) async fn run(service: &Connection, screen: &Screen) -> Result<(), Failure> {
    let status = service.client.status().await?;
    screen.answer(&status, || readable(&status))
}

fn readable(status: &Status) -> String {
    let mut out = String::new();
    if status.simulated {
        out.push_str(&simulated_notice());
        out.push('\n');
    }
    out.push_str(&standing::readable(status));
    out.push_str(&format!(
        "{}\n\n{}",
        heading(status),
        counts(&status.features)
    ));
    out.push_str(&suspended(&status.features));
    out.push_str(&format!("\n{}", dongles(&status.dongles)));
    if status.age_ms > STALE_MS {
        let stale = format!(
            "\nthese facts are {} s old: the service is stuck\n",
            status.age_ms / 1_000
        );
        out.push_str(&Tone::Warning.paint(&stale));
    }
    out
}

/// What a suspension means, where there is one.
fn suspended(features: &[FeatureCounts]) -> String {
    let waiting = features.iter().filter(|feature| feature.suspended > 0);
    let waiting: Vec<_> = waiting
        .map(|feature| format!("{} {}", feature.suspended, plain(&feature.id)))
        .collect();
    if waiting.is_empty() {
        return String::new();
    }
    let notice = format!(
        "*** SUSPENDED ***  {} are not licensed now.",
        waiting.join(", ")
    );
    let meaning = "Nothing is lost: they resume by themselves when their channels come back.";
    format!("\n{}\n{meaning}\n", Tone::Bad.paint(&notice))
}

/// What nobody may overlook.
pub(super) fn simulated_notice() -> String {
    let notice = "*** SIMULATED ***";
    let meaning = "The dongle is a program: its channels are for trying out and are no licence.";
    format!("{}  {}\n", notice.yellow().bold(), meaning.yellow())
}

pub(super) fn heading(status: &Status) -> String {
    format!(
        "{} ({}), authentication type: {}",
        plain(&status.product.name).bold(),
        plain(&status.product.id),
        status.authentication_type
    )
}

/// A table of the features that have channels, and the names of those that have none.
pub(super) fn counts(features: &[FeatureCounts]) -> String {
    let has_any = |feature: &&FeatureCounts| feature.total + feature.used + feature.suspended > 0;
    let (some, none): (Vec<_>, Vec<_>) = features.iter().partition(has_any);
    let mut out = if some.is_empty() {
        String::new()
    } else {
        table(&some)
    };
    if !none.is_empty() {
        let names: Vec<_> = none.iter().map(|feature| plain(&feature.id)).collect();
        out.push_str(&format!("no channels of {}\n", names.join(", ")));
    }
    out
}

fn table(features: &[&FeatureCounts]) -> String {
    let mut rows = Rows::new(&[
        Column::Text("feature"),
        Column::Number("total"),
        Column::Number("free"),
        Column::Number("used"),
        Column::Number("available"),
        Column::Number("suspended"),
        Column::Text("name"),
    ]);
    for feature in features {
        let tone = match (feature.suspended, feature.available, feature.used) {
            (1.., _, _) => Tone::Bad,
            (0, 0, 1..) => Tone::Warning,
            _ => Tone::Plain,
        };
        let numbers = [
            feature.total,
            feature.free,
            feature.used,
            feature.available,
            feature.suspended,
        ];
        let cells = std::iter::once(feature.id.clone())
            .chain(numbers.iter().map(u64::to_string))
            .chain([feature.name.clone()]);
        rows.push(tone, cells);
    }
    rows.to_string()
}

fn dongles(dongles: &[Dongle]) -> String {
    if dongles.is_empty() {
        return "no dongle is plugged in\n".to_owned();
    }
    let mut out = dongle::list(dongles);
    for dongle in dongles {
        if let Some(fault) = &dongle.fault {
            out.push('\n');
            out.push_str(&dongle::explain(dongle, fault));
        }
    }
    out
}
