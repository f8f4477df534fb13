//! `tallykey history`

use serde_json::Value;
use tallykey_client::wire::HistoryEntry;

use super::{
    connect::Connection,
    failure::Failure,
    screen::Screen,
    table::{Column, Rows, Tone},
};

/// Arguments of `history`.
#[derive(Debug, clap::Args)]
pub(crate) struct HistoryArgs {
    /// Only entries after this number.
    #[arg(long, default_value_t = 0)]
    after: u64,
    /// At most so many entries.
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

pub(super) async fn run(
    args: HistoryArgs,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    let page = service.client.history(args.after, args.limit).await?;
    screen.answer(&page, || {
        if page.entries.is_empty() {
            return format!("no entries after {}\n", args.after);
        }
        let mut rows = Rows::new(&[
            Column::Number("no"),
            Column::Text("when (UTC)"),
            Column::Text("who"),
            Column::Text("what"),
            Column::Text("facts"),
        ]);
        for entry in &page.entries {
            rows.push(Tone::Plain, cells(entry));
        }
        rows.to_string()
    })
}

fn cells(entry: &HistoryEntry) -> [String; 5] {
    [
        entry.seq.to_string(),
        entry.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        entry.actor.clone(),
        entry.kind.clone(),
        facts(&entry.body),
    ]
}

/// `name=value` pairs; what is nested stays JSON.
fn facts(body: &Value) -> String {
    match body {
        Value::Object(members) => {
            let shown = members
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| format!("{name}={}", fact(value)));
            shown.collect::<Vec<_>>().join(" ")
        }
        Value::Null => String::new(),
        other => fact(other),
    }
}

/// Longest fact that a person reads. Signed records are longer; `--json` has them whole.
const READ_MAX: usize = 200;

fn fact(value: &Value) -> String {
    let text = match value {
        Value::String(text) if !text.is_empty() && !text.contains([' ', '=', '"']) => text.clone(),
        other => other.to_string(),
    };
    match text.len() {
        0..=READ_MAX => text,
        long => format!("({long} bytes)"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn facts_are_pairs() {
        let body = json!({ "device": "00:02:D1:1A:2B:3C", "model": null, "label": "a b", "n": 2 });
        assert_eq!(facts(&body), "device=00:02:D1:1A:2B:3C label=\"a b\" n=2");
        let body = json!({ "id": 1, "record": "A".repeat(1_000) });
        assert_eq!(facts(&body), "id=1 record=(1000 bytes)");
    }
}
