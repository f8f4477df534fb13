//! How answers and failures are shown: text, or one JSON document.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use serde_json::{Value, json};

use super::failure::Failure;
use crate::text::plain;

/// Where answers go.
#[derive(Debug)]
pub(super) struct Screen {
    /// One JSON document instead of text.
    pub(super) json: bool,
}

impl Screen {
    /// Prints an answer in the form that was asked for.
    pub(super) fn answer(
        &self,
        document: &Value,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let shown = match self.json {
            true => format!("{document:#}\n"),
            false => text(),
        };
        let mut out = io::stdout().lock();
        let written = out.write_all(shown.as_bytes()).and_then(|()| out.flush());
        written.map_err(|source| Failure::Output { source })
    }

    /// Says what happened and what to do next; returns how the program ends.
    pub(super) fn fail(&self, failure: &Failure) -> ExitCode {
        let (code, next, class) = (failure.code(), failure.next(), failure.class());
        let detail = plain(&failure.to_string());
        match self.json {
            true => {
                let problem = json!({
                    "error": { "code": code, "class": class, "detail": detail, "next": next },
                });
                // Nothing is left to tell it to if this fails too.
                let _ = writeln!(io::stdout(), "{problem:#}");
            }
            false => eprintln!("error: {detail}\n   next: {next}\n   code: {code} ({class})"),
        }
        match failure.is_fault() {
            true => ExitCode::from(1),
            false => ExitCode::from(3),
        }
    }
}
