//! The file: a line for each entry, `HASH JSON`, where the hash covers the hash before it and the JSON as it stands.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{Entry, Id, RegisterError};

/// Before the first entry.
const BEGIN: &[u8] = b"tallykey vendor register, version 1";

/// The register, held by this process alone.
pub(crate) struct Register {
    path: PathBuf,
    file: File,
    head: [u8; 32],
    entries: Vec<Entry>,
}

impl Register {
    /// Opens the register and checks all of it; makes an empty one where there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, RegisterError> {
        let fault = |source| RegisterError::Io {
            path: path.to_owned(),
            source,
        };
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(fault)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let path = path.to_owned();
                return Err(RegisterError::Locked { path });
            }
            Err(TryLockError::Error(source)) => return Err(fault(source)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(fault)?;
        // A line without its end broke off while it was written: what it tells of never left.
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        if whole < bytes.len() {
            file.set_len(whole as u64).map_err(fault)?;
            file.seek(io::SeekFrom::End(0)).map_err(fault)?;
        }
        let mut register = Self {
            path: path.to_owned(),
            file,
            head: Sha256::digest(BEGIN).into(),
            entries: Vec::new(),
        };
        for line in bytes[..whole].split_inclusive(|byte| *byte == b'\n') {
            register.take(&line[..line.len() - 1])?;
        }
        Ok(register)
    }

    fn take(&mut self, line: &[u8]) -> Result<(), RegisterError> {
        let number = self.entries.len() as u64 + 1;
        let altered = || RegisterError::Altered {
            path: self.path.clone(),
            line: number,
        };
        let (hash, json) = line.split_at_checked(65).ok_or_else(altered)?;
        let head = follow(&self.head, json);
        if hash != format!("{} ", Id(head)).as_bytes() {
            return Err(altered());
        }
        let entry = serde_json::from_slice(json).map_err(|source| RegisterError::Unknown {
            path: self.path.clone(),
            line: number,
            source,
        })?;
        self.entries.push(entry);
        self.head = head;
        Ok(())
    }

    /// Adds an entry and returns its number, from 1. After this returns it survives a power cut.
    pub(crate) fn append(&mut self, entry: Entry) -> Result<u64, RegisterError> {
        let fault = |source| RegisterError::Io {
            path: self.path.clone(),
            source,
        };
        let json = serde_json::to_vec(&entry).map_err(|error| fault(error.into()))?;
        let head = follow(&self.head, &json);
        let mut line = format!("{} ", Id(head)).into_bytes();
        line.extend(json);
        line.push(b'\n');
        self.file.write_all(&line).map_err(fault)?;
        self.file.sync_all().map_err(fault)?;
        if self.entries.is_empty() {
            // The name of a new file is durable only with its folder.
            #[cfg(unix)]
            self.sync_folder().map_err(fault)?;
        }
        self.head = head;
        self.entries.push(entry);
        Ok(self.entries.len() as u64)
    }

    #[cfg(unix)]
    fn sync_folder(&self) -> io::Result<()> {
        let folder = self.path.parent().filter(|parent| *parent != Path::new(""));
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    /// Every entry with its number, from 1.
    pub(crate) fn entries(&self) -> impl DoubleEndedIterator<Item = (u64, &Entry)> {
        let numbered = self.entries.iter().enumerate();
        numbered.map(|(index, entry)| (index as u64 + 1, entry))
    }

    /// The newest hash: whoever noted it elsewhere notices when entries are cut off.
    pub(crate) const fn head(&self) -> Id {
        Id(self.head)
    }
}

fn follow(head: &[u8; 32], json: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(head)
        .chain_update(json)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::ledger::Kind;

    fn with_three(folder: &Path) -> PathBuf {
        let path = folder.join("register");
        let mut register = Register::open(&path).unwrap();
        for at in 1..=3 {
            assert_eq!(register.append(Entry::new(at, Kind::Time)).unwrap(), at);
        }
        path
    }

    #[test]
    fn what_was_written_is_read_again_and_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = with_three(folder.path());
        let mut register = Register::open(&path).unwrap();
        let times: Vec<_> = register.entries().map(|(_, entry)| entry.at).collect();
        assert_eq!(times, [1, 2, 3]);
        assert_eq!(register.append(Entry::new(4, Kind::Time)).unwrap(), 4);
        let head = register.head();
        drop(register);
        assert_eq!(Register::open(&path).unwrap().head(), head);
    }

    #[test]
    fn every_altered_byte_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = with_three(folder.path());
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() - 1 {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            let opened = Register::open(&path).err();
            assert!(
                matches!(opened, Some(RegisterError::Altered { .. })),
                "byte {at}: {opened:?}"
            );
        }
    }

    #[test]
    fn a_line_taken_out_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = with_three(folder.path());
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.split_inclusive('\n').collect();
        fs::write(&path, [lines[0], lines[2]].concat()).unwrap();
        let opened = Register::open(&path).err();
        assert!(matches!(
            opened,
            Some(RegisterError::Altered { line: 2, .. })
        ));
    }

    #[test]
    fn a_line_that_broke_off_is_cut_away_at_every_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = with_three(folder.path());
        let good = fs::read(&path).unwrap();
        let second = good.iter().rposition(|byte| *byte == b'{').unwrap() - 65;
        for end in second..good.len() {
            fs::write(&path, &good[..end]).unwrap();
            let mut register = Register::open(&path).unwrap();
            assert_eq!(register.append(Entry::new(9, Kind::Time)).unwrap(), 3);
            drop(register);
            assert_eq!(Register::open(&path).unwrap().entries().count(), 3);
        }
    }

    #[test]
    fn one_process_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("register");
        let _held = Register::open(&path).unwrap();
        let second = Register::open(&path).err();
        assert!(matches!(second, Some(RegisterError::Locked { .. })));
    }
}
