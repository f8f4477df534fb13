//! `tallykey need`

use jiff::Timestamp;
use tallykey_client::wire::{Need, Period};

use super::{
    connect::Connection,
    failure::Failure,
    screen::Screen,
    table::{Column, Rows, Tone},
    text::{count, plain},
};

pub(super) async fn run(service: &Connection, screen: &Screen) -> Result<(), Failure> {
    let need = service.client.need().await?;
    screen.answer(&need, || readable(&need.features))
}

fn readable(features: &[Need]) -> String {
    let mut rows = Rows::new(&[
        Column::Text("feature"),
        Column::Text("from"),
        Column::Text("to"),
        Column::Number("needed"),
        Column::Number("owned"),
        Column::Number("short"),
    ]);
    let asked = |need: &&Need| need.now.needed > 0 || need.now.owned > 0;
    for need in features.iter().filter(asked) {
        rows.push(tone(&need.now), cells(need, &need.now, "now".to_owned()));
        for year in &need.years {
            rows.push(tone(year), cells(need, year, day(year.from)));
        }
    }
    if rows.is_empty() {
        return "nothing is owned and nothing is needed\n".to_owned();
    }
    let growth = features.iter().filter(|need| need.growth > 0).map(|need| {
        format!(
            "{}: {} of growth used, {} allowed until the next renewal\n",
            plain(&need.feature),
            count(need.growth_used, "channel"),
            need.growth,
        )
    });
    let growth: String = growth.collect();
    format!("{rows}{growth}")
}

fn cells(need: &Need, period: &Period, from: String) -> [String; 6] {
    [
        need.feature.clone(),
        from,
        day(period.to),
        period.needed.to_string(),
        period.owned.to_string(),
        period.short.to_string(),
    ]
}

const fn tone(period: &Period) -> Tone {
    if period.short > 0 {
        Tone::Warning
    } else {
        Tone::Plain
    }
}

fn day(moment: Option<Timestamp>) -> String {
    moment.map_or_else(String::new, |at| at.strftime("%Y-%m-%d").to_string())
}
