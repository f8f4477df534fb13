//! Files below a root folder.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::PathBuf;

/// Longest file that is read, in bytes: /proc/cpuinfo of a machine with 1024 processors has 1.6 MB.
const FILE_MAX: u64 = 4 << 20;

/// Entries of a folder that are looked at: more network or PCI devices than any machine has.
const NAMES_MAX: usize = 4096;

/// A root folder.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    root: PathBuf,
}

impl Tree {
    pub(super) const fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The text of a file, as far as it is text; none if there is no such file.
    pub(super) fn text(&self, path: &str) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        let read = File::open(self.root.join(path))
            .and_then(|file| file.take(FILE_MAX).read_to_end(&mut bytes));
        match read {
            Ok(_) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same of a file that only helps: what cannot be read is not there.
    pub(super) fn hint(&self, path: &str) -> Option<String> {
        self.text(path).ok().flatten()
    }

    /// Names in a folder, in order; none if there is no such folder.
    pub(super) fn names(&self, path: &str) -> io::Result<Vec<String>> {
        let entries = match self.root.join(path).read_dir() {
            Ok(entries) => entries,
            Err(error) if is_missing(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let names = entries.take(NAMES_MAX).filter_map(|entry| match entry {
            Ok(entry) => entry.file_name().into_string().ok().map(Ok),
            Err(error) => Some(Err(error)),
        });
        let mut names = names.collect::<io::Result<Vec<_>>>()?;
        names.sort_unstable();
        Ok(names)
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
