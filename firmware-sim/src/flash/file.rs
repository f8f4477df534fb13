//! The file that a flash survives in: its bytes, as they are.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Why a file cannot be a dongle's flash.
#[derive(Debug, thiserror::Error)]
pub enum FlashFileError {
    /// The file could not be opened, made or read.
    #[error("cannot use the dongle's flash file {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another process has it.
    #[error("the flash file {} belongs to a dongle that is running: stop that one, or name another file", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It does not have the one size that a flash has.
    #[error(
        "{} is damaged or no dongle's flash: it has {found} bytes where {expected} belong; \
         restore a copy, or move it aside and a new dongle is made", path.display()
    )]
    WrongLength {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        found: u64,
        /// The length of a flash in bytes.
        expected: u64,
    },
}

pub(super) struct FlashFile {
    file: File,
}

impl FlashFile {
    /// Opens the file, or makes it with what is in `fresh`, and takes its lock. Returns its bytes.
    pub(super) fn open(path: &Path, fresh: Vec<u8>) -> Result<(Self, Vec<u8>), FlashFileError> {
        let io = |source| FlashFileError::Io {
            path: path.into(),
            source,
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // It holds the dongle's private key.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(FlashFileError::InUse { path: path.into() });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        let length = fresh.len();
        let mut bytes = Vec::new();
        // One byte more than belongs there is enough to know.
        (&mut file)
            .take(length as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(io)?;
        // A file that was being made when the machine went down holds some erased bytes.
        if bytes.len() < length && bytes.iter().all(|byte| *byte == 0xFF) {
            bytes = fresh;
            file.seek(SeekFrom::Start(0))
                .and_then(|_| file.write_all(&bytes))
                .map_err(io)?;
            file.sync_all().and_then(|()| sync_name(path)).map_err(io)?;
        }
        if bytes.len() != length {
            let found = file.metadata().map_err(io)?.len();
            return Err(FlashFileError::WrongLength {
                path: path.into(),
                found,
                expected: length as u64,
            });
        }
        Ok((Self { file }, bytes))
    }

    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at as u64))?;
        self.file.write_all(bytes)
    }

    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// Makes the name of a new file survive a power cut.
#[cfg(unix)]
fn sync_name(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Elsewhere a folder cannot be opened as a file, and its entries are written through.
#[cfg(not(unix))]
fn sync_name(_: &Path) -> io::Result<()> {
    Ok(())
}
