//! Where answers go: a table for people, or one JSON document.

use std::io::{self, Write};

use owo_colors::OwoColorize;
use serde::Serialize;

use super::{exit::Exit, failure::Failure, text::plain};

/// Standard output and error of one command.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    json: bool,
}

impl Screen {
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether a program reads the answer.
    pub(super) const fn is_json(&self) -> bool {
        self.json
    }

    /// Prints an answer in the form that was asked for.
    pub(super) fn answer<T: Serialize>(
        &self,
        document: &T,
        readable: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let shown = if self.json {
            document_text(document)
        } else {
            readable()
        };
        print(&shown).map_err(|source| Failure::Output { source })
    }

    /// Prints why a command did not work, and says with what to exit.
    #[must_use]
    pub fn fail(&self, failure: &Failure) -> Exit {
        let exit = failure.exit();
        if let Failure::Output { source } = failure {
            // The reader of a pipe has what it wanted.
            if source.kind() == io::ErrorKind::BrokenPipe {
                return Exit::Done;
            }
        } else if self.json
            && !failure.is_told()
            && print(&document_text(&failure.document())).is_ok()
        {
            return exit;
        }
        let mut shown = format!(
            "{} {}\n",
            "error:".red().bold(),
            plain(&failure.to_string())
        );
        for cause in failure.causes() {
            shown.push_str(&format!("  cause: {}\n", plain(&cause)));
        }
        shown.push_str(&format!("   next: {}\n", plain(&failure.next())));
        shown.push_str(&format!("   code: {}\n", plain(&failure.code())));
        // With stderr gone there is nobody left to tell.
        let _gone = anstream::stderr().write_all(shown.as_bytes());
        exit
    }
}

fn document_text<T: Serialize>(document: &T) -> String {
    let mut text = serde_json::to_string_pretty(document)
        .expect("answers have string keys and finite numbers");
    text.push('\n');
    text
}

/// Colour only where a terminal shows it; an error instead of a panic on a closed pipe.
fn print(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
