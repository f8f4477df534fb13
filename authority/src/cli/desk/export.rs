//! The register as CSV (RFC 4180), a line for each count that changed.

use serde_json::json;

use super::{Failure, Screen};
use crate::{
    ledger::{Change, Entry, Id, Register},
    text::time,
};

const HEADER: [&str; 12] = [
    "entry", "at", "kind", "product", "holder", "name", "customer", "revision", "identity",
    "feature", "before", "after",
];

/// Prints every entry.
pub(super) fn print(register: &Register, screen: &Screen) -> Result<(), Failure> {
    let entries: Vec<_> = register
        .entries()
        .map(|(number, entry)| json!({ "number": number, "entry": entry }))
        .collect();
    let document = json!({ "head": register.head(), "entries": entries });
    screen.answer(&document, || {
        let mut out = row(HEADER.map(str::to_owned));
        for (number, entry) in register.entries() {
            if entry.changes.is_empty() {
                out.push_str(&line(number, entry, None));
            }
            for change in &entry.changes {
                out.push_str(&line(number, entry, Some(change)));
            }
        }
        out
    })
}

fn line(number: u64, entry: &Entry, change: Option<&Change>) -> String {
    let optional = |id: Option<Id>| id.map(|id| id.to_string()).unwrap_or_default();
    let count = |of: fn(&Change) -> u64| change.map(|change| of(change).to_string());
    row([
        number.to_string(),
        time(entry.at),
        entry.kind.name().to_owned(),
        entry.product.clone(),
        optional(entry.holder),
        entry.name.clone(),
        entry.customer.clone(),
        entry
            .issued
            .map(|issued| issued.revision.to_string())
            .unwrap_or_default(),
        optional(entry.issued.map(|issued| issued.identity)),
        change
            .map(|change| change.feature.clone())
            .unwrap_or_default(),
        count(|change| change.before).unwrap_or_default(),
        count(|change| change.after).unwrap_or_default(),
    ])
}

fn row(fields: [String; 12]) -> String {
    let mut row = fields.map(|field| cell(&field)).join(",");
    row.push_str("\r\n");
    row
}

/// Quoted where it must be. A spreadsheet takes text that begins with one of these for a formula.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t']);
    let text = format!("{}{text}", if formula { "'" } else { "" });
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a08_a_name_is_no_formula_and_no_second_cell() {
        assert_eq!(cell("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("Nørrebro"), "Nørrebro");
    }
}
