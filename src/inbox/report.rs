//! What came of a file, for who put it there: in the log, and as text beside it.

use std::fmt::Write as _;
use std::path::Path;

use super::folder::{Place, Refused};
use crate::service::{ImportItem, Imported};

/// What came of one file.
#[derive(Debug)]
pub(super) struct Report {
    /// The file's name, escaped.
    name: String,
    place: Place,
    text: String,
}

impl Report {
    /// Of what the service said.
    pub(super) fn of(name: &Path, items: &[ImportItem]) -> Self {
        let all = items.iter().all(|item| item.outcome.is_ok());
        let place = if all && !items.is_empty() {
            Place::Done
        } else {
            Place::Refused
        };
        let mut report = Self::new(name, place);
        if items.is_empty() {
            report.refused(
                "file",
                "nothing-to-import",
                "nothing of Tallykey is in it",
                "put in the licence file that the vendor delivered",
            );
        }
        for item in items {
            let what = format!("{} {}", item.kind, item.id.as_deref().unwrap_or_default());
            let what = what.trim_end();
            match &item.outcome {
                Ok(Imported::New | Imported::OwnerCode(_)) => {
                    report.line(&format!("{what}: imported"))
                }
                Ok(Imported::Already) => report.line(&format!("{what}: was imported before")),
                Err(refusal) => {
                    let (code, next) = (refusal.code(), refusal.next());
                    report.refused(what, code, &refusal.to_string(), &next);
                }
            }
        }
        report
    }

    /// Of what was not even read.
    pub(super) fn unread(name: &Path, why: &Refused) -> Self {
        let mut report = Self::new(name, Place::Refused);
        report.refused("file", why.code(), &why.to_string(), why.next());
        report
    }

    fn new(name: &Path, place: Place) -> Self {
        // With quotes, and control characters escaped: whoever names a file may mean harm.
        let name = format!("{name:?}");
        Self {
            text: format!("{name}\n"),
            name,
            place,
        }
    }

    fn line(&mut self, what: &str) {
        let _ = writeln!(self.text, "{what}");
    }

    fn refused(&mut self, what: &str, code: &str, detail: &str, next: &str) {
        let said = format!("{what}: refused\n  code: {code}\n  detail: {detail}\n  next: {next}");
        self.line(&said);
    }

    pub(super) const fn place(&self) -> Place {
        self.place
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn log(&self) {
        let Self { name, text, .. } = self;
        let said = text.lines().skip(1).map(str::trim);
        let said = said.collect::<Vec<_>>().join("; ");
        match self.place {
            Place::Done => tracing::info!(file = name, "from the inbox: {said}"),
            Place::Refused => tracing::warn!(file = name, "from the inbox: {said}"),
        }
    }
}
