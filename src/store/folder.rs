//! The state folder: ours alone, by its permissions and by a lock.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, symlink_metadata};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::unistd::Uid;
use thiserror::Error;

/// A state folder that no other instance uses while this lives.
#[derive(Debug)]
pub struct StateFolder {
    path: PathBuf,
    /// Held, never read: the lock ends with it.
    _lock: Flock<File>,
}

/// Why a state folder cannot be used. Nothing in it was changed.
#[derive(Debug, Error)]
pub enum FolderError {
    /// A service uses it already.
    #[error(
        "the state folder {} is in use by another tallykey service{}",
        path.display(), named(*process)
    )]
    InUse {
        /// The folder.
        path: PathBuf,
        /// Process id of the other service, if it is known.
        process: Option<u32>,
    },
    /// Something else is at a path that the service writes.
    #[error("{} is {what}: the service writes only to plain files and folders of its own user", path.display())]
    NotOurs {
        /// The path.
        path: PathBuf,
        /// What is there.
        what: &'static str,
    },
    /// Other users could change what is in it.
    #[error("{} can be written by other users (mode {mode:o})", path.display())]
    OpenToOthers {
        /// The path.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The operating system said no.
    #[error("{} cannot be used: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl FolderError {
    /// The stable code a program matches on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "state-in-use",
            Self::NotOurs { .. } => "foreign-file",
            Self::OpenToOthers { .. } => "unsafe-folder",
            Self::Io { .. } => "state-failed",
        }
    }

    /// What to do next, as one sentence to a person.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "stop that one, or give this one another --state-dir",
            Self::NotOurs { .. } => "move it away, or give another --state-dir",
            Self::OpenToOthers { .. } => "chmod go-w it, or give another --state-dir",
            Self::Io { .. } => "give a --state-dir that this user can write",
        }
    }
}

fn named(process: Option<u32>) -> String {
    process.map_or_else(String::new, |process| format!(" (process {process})"))
}

impl StateFolder {
    /// Makes the folder if it is not there, for its owner alone, and takes its lock.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn claim(path: &Path) -> Result<Self, FolderError> {
        private_folder(path)?;
        let lock = lock(path)?;
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it that this service may write: not there yet, or a plain file of
    /// ours with no second name. The folder is ours, so nobody can change that meanwhile.
    ///
    /// # Errors
    /// [`FolderError::NotOurs`], [`FolderError::Io`].
    pub fn file(&self, name: &str) -> Result<PathBuf, FolderError> {
        let path = self.path.join(name);
        check_file(&path)?;
        Ok(path)
    }

    /// Puts a file there for its owner alone, whole or not at all: after a power cut it is as it was before, or
    /// as it is meant to be.
    ///
    /// # Errors
    /// [`FolderError::NotOurs`], [`FolderError::Io`].
    pub(super) fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let path = self.file(name)?;
        let new = self.file(&format!("{name}.new"))?;
        let failed = |source| FolderError::Io {
            path: new.clone(),
            source,
        };
        // One that a power cut left behind.
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(&new).map_err(failed)?;
        file.write_all(bytes)
            .and_then(|()| file.sync_all())
            .and_then(|()| std::fs::rename(&new, &path))
            .map_err(failed)?;
        self.sync()
    }

    /// Moves a file aside, over one that was moved aside before.
    ///
    /// # Errors
    /// [`FolderError::NotOurs`], [`FolderError::Io`].
    pub(super) fn rename(&self, from: &str, to: &str) -> Result<PathBuf, FolderError> {
        let (from, to) = (self.file(from)?, self.file(to)?);
        match std::fs::rename(&from, &to) {
            Ok(()) => self.sync().map(|()| to),
            Err(source) => Err(FolderError::Io { path: from, source }),
        }
    }

    /// Makes names durable, not only what they name.
    fn sync(&self) -> Result<(), FolderError> {
        let synced = File::open(&self.path).and_then(|folder| folder.sync_all());
        synced.map_err(|source| FolderError::Io {
            path: self.path.clone(),
            source,
        })
    }
}

/// Makes a folder if it is not there, for its owner alone, and checks that nobody else can change what is in it.
///
/// # Errors
/// [`FolderError`].
pub fn private_folder(path: &Path) -> Result<(), FolderError> {
    make(path)?;
    check_folder(path)
}

fn make(path: &Path) -> Result<(), FolderError> {
    if let Some(parent) = path.parent() {
        let failed = |source| FolderError::Io {
            path: parent.to_owned(),
            source,
        };
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(FolderError::Io {
            path: path.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}

/// A link is followed only if root or we made it, as service managers do.
fn check_folder(path: &Path) -> Result<(), FolderError> {
    let failed = |source| FolderError::Io {
        path: path.to_owned(),
        source,
    };
    let not_ours = |what| FolderError::NotOurs {
        path: path.to_owned(),
        what,
    };
    let itself = symlink_metadata(path).map_err(failed)?;
    if itself.is_symlink() && !is_trusted(&itself) {
        return Err(not_ours("a link that another user made"));
    }
    let folder = std::fs::metadata(path).map_err(failed)?;
    if !folder.is_dir() {
        return Err(not_ours("not a folder"));
    }
    if !is_trusted(&folder) {
        return Err(not_ours("another user's folder"));
    }
    let mode = folder.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(FolderError::OpenToOthers {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

fn is_trusted(metadata: &Metadata) -> bool {
    metadata.uid() == Uid::effective().as_raw() || metadata.uid() == 0
}

fn check_file(path: &Path) -> Result<(), FolderError> {
    let what = match symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(FolderError::Io {
                path: path.to_owned(),
                source,
            });
        }
        Ok(found) if found.is_symlink() => "a symbolic link",
        Ok(found) if !found.is_file() => "not a plain file",
        Ok(found) if found.nlink() != 1 => "a file with a second name (a hard link)",
        Ok(found) if found.uid() != Uid::effective().as_raw() => "another user's file",
        Ok(_) => return Ok(()),
    };
    Err(FolderError::NotOurs {
        path: path.to_owned(),
        what,
    })
}

/// The lock is the system's, on the open file: it ends with the process, however that ends.
fn lock(folder: &Path) -> Result<Flock<File>, FolderError> {
    let path = folder.join("lock");
    check_file(&path)?;
    let failed = |source| FolderError::Io {
        path: path.clone(),
        source,
    };
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600);
    options.custom_flags(OFlag::O_NOFOLLOW.bits());
    let file = options.open(&path).map_err(failed)?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(mut lock) => {
            lock.set_len(0)
                .and_then(|()| writeln!(lock, "{}", std::process::id()))
                .map_err(failed)?;
            Ok(lock)
        }
        Err((mut file, Errno::EWOULDBLOCK)) => Err(FolderError::InUse {
            path: folder.to_owned(),
            process: holder(&mut file),
        }),
        Err((_, errno)) => Err(failed(errno.into())),
    }
}

/// Who wrote its process id into the lock. It only helps a person: the lock itself decides.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind()
        .and_then(|()| file.take(16).read_to_string(&mut text))
        .ok()?;
    text.trim().parse().ok()
}
