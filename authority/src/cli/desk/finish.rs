//! From an entry to a file: what changes is shown and confirmed, the register takes it, then the file leaves.

use std::{
    fmt::Write,
    io::IsTerminal,
    path::{Path, PathBuf},
};

use dialoguer::Confirm;
use serde_json::{Value, json};

use super::{Failure, Screen};
use crate::{
    desk::DeskError,
    keys::{self, KeyError, KeysError},
    ledger::{Entry, Register},
    text::plain,
};

/// Where the answer goes, and who agrees.
#[derive(Debug, clap::Args)]
pub(super) struct Finish {
    /// File of the answer; nothing is overwritten [default: tallykey-ENTRY-KIND.txt]
    #[arg(long, global = true, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Do not ask; the counts are right
    #[arg(long, global = true)]
    yes: bool,
}

impl Finish {
    /// Puts the entries into the register and writes what leaves with them into one file.
    pub(super) fn run(
        &self,
        mut register: Register,
        entries: Vec<Entry>,
        screen: &Screen,
    ) -> Result<(), Failure> {
        if let Some(out) = &self.out {
            free(out)?;
        }
        let shown: String = entries.iter().map(readable).collect();
        self.confirm(&shown)?;
        let (mut numbers, mut file) = (Vec::new(), String::new());
        let mut kind = "answer";
        for entry in &entries {
            numbers.push(register.append(entry.clone()).map_err(DeskError::from)?);
            file.push_str(&entry.file);
            kind = entry.kind.name();
        }
        let number = numbers.first().copied().unwrap_or_default();
        let out = match file.is_empty() {
            true => None,
            false => Some(self.write(number, kind, &file)?),
        };
        let document = json!({
            "entries": numbers,
            "head": register.head(),
            "file": out,
            "changes": entries.iter().flat_map(|entry| &entry.changes).collect::<Vec<_>>(),
        });
        screen.answer(&document, || told(&shown, &numbers, out.as_deref()))
    }

    /// Writes the file of an entry again.
    pub(super) fn again(
        &self,
        register: &Register,
        number: u64,
        screen: &Screen,
    ) -> Result<(), Failure> {
        let entry = register
            .entry(number)
            .filter(|entry| !entry.file.is_empty());
        let entry = entry.ok_or(Failure::NoSuchEntry { entry: number })?;
        if let Some(out) = &self.out {
            free(out)?;
        }
        let out = self.write(number, entry.kind.name(), &entry.file)?;
        let document = json!({ "entries": [number], "head": register.head(), "file": out });
        screen.answer(&document, || told(&readable(entry), &[number], Some(&out)))
    }

    fn confirm(&self, shown: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure::NotConfirmed);
        }
        eprint!("{shown}");
        match Confirm::new()
            .with_prompt("Sign and record this?")
            .default(false)
            .interact()
        {
            Ok(true) => Ok(()),
            Ok(false) => Err(Failure::NotConfirmed),
            Err(source) => Err(KeyError::Ask { source }.into()),
        }
    }

    fn write(&self, number: u64, kind: &str, file: &str) -> Result<PathBuf, Failure> {
        let named = || PathBuf::from(format!("tallykey-{number}-{kind}.txt"));
        let out = self.out.clone().unwrap_or_else(named);
        keys::write_new(&out, file.as_bytes()).map_err(|source| Failure::NotOut {
            entry: number,
            source,
        })?;
        Ok(out)
    }
}

/// Refuses before anything is recorded.
fn free(out: &Path) -> Result<(), KeysError> {
    let path = out.to_owned();
    match out.symlink_metadata() {
        Ok(_) => Err(KeysError::Exists { path }),
        Err(_) => Ok(()),
    }
}

/// Holder, and current → after of every count that changes.
fn readable(entry: &Entry) -> String {
    let mut out = format!("{}  {}", entry.kind.name(), plain(&entry.name));
    if !entry.product.is_empty() {
        let _ = write!(out, "  {}", entry.product);
    }
    if let Some(issued) = &entry.issued {
        let _ = write!(out, "  revision {}", issued.revision);
    }
    out.push('\n');
    for change in &entry.changes {
        let (before, after) = (change.before, change.after);
        let _ = writeln!(out, "  {:<16} {before:>8} → {after:<8}", change.feature);
    }
    out
}

fn told(shown: &str, numbers: &[u64], out: Option<&Path>) -> String {
    let mut text = shown.to_owned();
    for number in numbers {
        let _ = writeln!(text, "entry {number}");
    }
    if let Some(out) = out {
        let _ = writeln!(
            text,
            "written to {}",
            plain(&Value::from(out.display().to_string()).to_string())
        );
    }
    text
}
