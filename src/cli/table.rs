//! Readable tables: no borders, numbers to the right, one line a row.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use owo_colors::{OwoColorize, Style};

use super::text::plain;

/// How a row or a word is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Warning,
    Bad,
}

impl Tone {
    pub(super) fn paint(self, text: &str) -> String {
        let style = match self {
            Self::Plain => return text.to_owned(),
            Self::Good => Style::new().green(),
            Self::Warning => Style::new().yellow(),
            Self::Bad => Style::new().red(),
        };
        text.style(style).to_string()
    }
}

/// A column: its heading, and whether it holds numbers.
pub(super) enum Column {
    Text(&'static str),
    Number(&'static str),
}

/// Rows under headings.
pub(super) struct Rows {
    table: Table,
    tones: Vec<Tone>,
}

impl Rows {
    pub(super) fn new(columns: &[Column]) -> Self {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(columns.iter().map(|column| match column {
                Column::Text(name) | Column::Number(name) => name.to_uppercase(),
            }));
        let last = columns.len().saturating_sub(1);
        for (index, (column, shape)) in table.column_iter_mut().zip(columns).enumerate() {
            column.set_padding((0, if index == last { 0 } else { 2 }));
            if matches!(shape, Column::Number(_)) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self {
            table,
            tones: Vec::new(),
        }
    }

    pub(super) fn push<I: IntoIterator<Item = String>>(&mut self, tone: Tone, cells: I) {
        let cells = cells.into_iter().map(|cell| Cell::new(plain(&cell)));
        self.table.add_row(cells.collect::<Vec<_>>());
        self.tones.push(tone);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tones.is_empty()
    }
}

impl std::fmt::Display for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, line) in self.table.lines().enumerate() {
            let line = line.trim_end();
            match index.checked_sub(1).and_then(|row| self.tones.get(row)) {
                Some(tone) => writeln!(f, "{}", tone.paint(line))?,
                None => writeln!(f, "{}", line.bold())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_hostile_text_stays_on_its_line() {
        let mut rows = Rows::new(&[Column::Text("name"), Column::Number("used")]);
        rows.push(Tone::Plain, ["camera".to_owned(), "7".to_owned()]);
        rows.push(Tone::Plain, ["a\nb".to_owned(), "1024".to_owned()]);
        let shown = anstream::adapter::strip_str(&rows.to_string()).to_string();
        assert_eq!(shown, "NAME    USED\ncamera     7\na\\nb    1024\n");
    }
}
