//! The folder on the disk: what is in it, and where it is put.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use thiserror::Error;

use super::steady::Stamp;
use crate::service::IMPORT_MAX;
use crate::store::{FolderError, private_folder};

/// Entries that one look sees; the others wait until these are put away.
const SEEN_MAX: usize = 1_024;

/// Names that are tried for a file whose own is taken.
const NAMES_MAX: u32 = 10_000;

/// Where a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// All of it is installed.
    Done,
    /// Something of it is not.
    Refused,
}

/// Why something in the inbox is not even read.
#[derive(Debug, Error)]
pub enum Refused {
    /// A link, a pipe, a folder.
    #[error("it is not a plain file")]
    NotAFile,
    /// A file with a second name, perhaps of somebody else.
    #[error("it has a second name (a hard link)")]
    SecondName,
    /// Longer than any file that is imported.
    #[error("it has {length} bytes, and at most {IMPORT_MAX} are read")]
    TooLarge {
        /// Its length.
        length: u64,
    },
    /// It cannot be read.
    #[error("it cannot be read: {source}")]
    Unreadable {
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// It changed while it was read, or is gone.
    #[error("it changed while it was read")]
    Changed,
}

impl Refused {
    /// The stable code a program matches on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAFile => "not-a-plain-file",
            Self::SecondName => "second-name",
            Self::TooLarge { .. } => "file-too-large",
            Self::Unreadable { .. } => "file-unreadable",
            Self::Changed => "file-changes",
        }
    }

    /// What to do next, as one sentence to a person.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::NotAFile => "put the files themselves into the inbox",
            Self::SecondName => "copy the file into the inbox instead of linking it",
            Self::TooLarge { .. } => "put each licence into the inbox as a file of its own",
            Self::Unreadable { .. } => "let the service's user read it, and put it in again",
            Self::Changed => "nothing: it is read when it has come to rest",
        }
    }

    /// Whether it is only too early.
    pub(super) const fn changes(&self) -> bool {
        matches!(self, Self::Changed)
    }
}

/// An inbox and its two folders.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, FolderError> {
        private_folder(path)?;
        for place in [Place::Done, Place::Refused] {
            private_folder(&path.join(place.name()))?;
        }
        Ok(Self {
            path: path.to_owned(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What is in it by name, its own folders and hidden files aside: programs that copy write to hidden ones first.
    pub(super) fn list(&self) -> io::Result<BTreeMap<PathBuf, Stamp>> {
        let mut seen = BTreeMap::new();
        for entry in fs::read_dir(&self.path)?.take(SEEN_MAX) {
            let name = entry?.file_name();
            let own = [Place::Done, Place::Refused].map(Place::name);
            let hidden = name.as_encoded_bytes().starts_with(b".");
            if hidden || own.iter().any(|own| name == *own) {
                continue;
            }
            // What is gone again is nobody's trouble.
            if let Ok(found) = fs::symlink_metadata(self.path.join(&name)) {
                seen.insert(PathBuf::from(name), stamp(&found));
            }
        }
        Ok(seen)
    }

    /// What is in a file, if it is still the one that came to rest. No link is followed, no pipe is waited for.
    pub(super) fn read(&self, name: &Path, expected: Stamp) -> Result<Vec<u8>, Refused> {
        let path = self.path.join(name);
        let unreadable = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => Refused::Changed,
            _ => Refused::Unreadable { source },
        };
        judge(&fs::symlink_metadata(&path).map_err(unreadable)?)?;
        let mut options = OpenOptions::new();
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        options.read(true).custom_flags(flags.bits());
        let mut file = options.open(&path).map_err(unreadable)?;
        // Of the file that is open now, whatever has become of its name.
        judge(&file.metadata().map_err(unreadable)?)?;
        let mut content = Vec::new();
        let limit = IMPORT_MAX as u64 + 1;
        let read = (&mut file).take(limit).read_to_end(&mut content);
        read.map_err(unreadable)?;
        let after = file.metadata().map_err(unreadable)?;
        if stamp(&after) != expected || content.len() as u64 != expected.length {
            return Err(Refused::Changed);
        }
        Ok(content)
    }

    /// Puts a file away under its own name or one that is free, with a report beside it. The report is there first: no
    /// file is put away without one.
    pub(super) fn put_away(&self, name: &Path, place: Place, report: &str) -> io::Result<()> {
        let folder = self.path.join(place.name());
        let (to, beside) = free(&folder, name)?;
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(beside)?;
        file.write_all(report.as_bytes())?;
        file.sync_all()?;
        fs::rename(self.path.join(name), to)?;
        File::open(folder)?.sync_all()
    }
}

impl Place {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

fn stamp(found: &Metadata) -> Stamp {
    Stamp {
        length: found.len(),
        modified: found.modified().ok(),
        inode: found.ino(),
    }
}

fn judge(found: &Metadata) -> Result<(), Refused> {
    if !found.is_file() {
        return Err(Refused::NotAFile);
    }
    if found.nlink() != 1 {
        return Err(Refused::SecondName);
    }
    let length = found.len();
    if length > IMPORT_MAX as u64 {
        return Err(Refused::TooLarge { length });
    }
    Ok(())
}

/// A name in `folder` that nothing has, and the name of its report. Nobody else writes there.
fn free(folder: &Path, name: &Path) -> io::Result<(PathBuf, PathBuf)> {
    let is_free = |path: &Path| matches!(fs::symlink_metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound);
    for number in 1..NAMES_MAX {
        let mut named = name.as_os_str().to_owned();
        if number > 1 {
            named.push(format!(".{number}"));
        }
        let to = folder.join(&named);
        named.push(".report.txt");
        let beside = folder.join(named);
        if is_free(&to) && is_free(&beside) {
            return Ok((to, beside));
        }
    }
    Err(io::Error::other(format!(
        "no name is free in {} for one more file",
        folder.display()
    )))
}
