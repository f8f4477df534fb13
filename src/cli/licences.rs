//! `tallykey licences`

use jiff::Timestamp;
use tallykey_client::wire::{Line, LineSource};

use super::{
    connect::Connection,
    failure::Failure,
    screen::Screen,
    table::{Column, Rows, Tone},
};

pub(super) async fn run(service: &Connection, screen: &Screen) -> Result<(), Failure> {
    let licences = service.client.licences().await?;
    screen.answer(&licences, || {
        if licences.lines.is_empty() {
            "no licence lines\n".to_owned()
        } else {
            table(&licences.lines)
        }
    })
}

fn table(lines: &[Line]) -> String {
    let mut rows = Rows::new(&[
        Column::Text("source"),
        Column::Text("line"),
        Column::Text("feature"),
        Column::Number("granted"),
        Column::Number("given away"),
        Column::Number("remaining"),
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
                line.plan.clone(),
                validity(line.valid_from, line.valid_to),
                match (line.active, line.renew_by) {
                    (true, Some(end)) => format!("renew by {}", end.strftime("%Y-%m-%d")),
                    (true, None) => "yes".to_owned(),
                    (false, _) => "no".to_owned(),
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
