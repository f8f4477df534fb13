//! A new file, never over anything: what stands at a path may be somebody's, or a link to it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Tries before a folder full of files of one name is somebody's to tidy up.
const NUMBERS: u32 = 1_000;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    /// Something is there.
    #[error("{} is there already, and nothing is overwritten", path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// The operating system said no.
    #[error("{} cannot be written: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

/// That a file can be made at `out`, or in it if it is a folder.
pub(super) fn check(out: &Path) -> Result<(), NotWritten> {
    match out.symlink_metadata() {
        Ok(_) if out.is_dir() => Ok(()),
        Ok(_) => Err(NotWritten::Exists { path: out.into() }),
        Err(_) => Ok(()),
    }
}

/// Writes `content` at `out`; in the folder `out`, or here, under `name`, with a number if that is taken.
pub(super) fn write(out: Option<&Path>, name: &str, content: &str) -> Result<PathBuf, NotWritten> {
    let folder = match out {
        Some(file) if !file.is_dir() => {
            create(file, content)?;
            return Ok(file.to_owned());
        }
        Some(folder) => folder,
        None => Path::new(""),
    };
    // It comes from the service: only its last part is a name in this folder.
    let name = Path::new(name)
        .file_name()
        .map_or("tallykey.txt".into(), |name| {
            name.to_string_lossy().into_owned()
        });
    let (stem, end) = name.rsplit_once('.').unwrap_or((&name, "txt"));
    let mut path = folder.join(&name);
    for number in 2..NUMBERS {
        match create(&path, content) {
            Err(NotWritten::Exists { .. }) => {
                path = folder.join(format!("{stem}-{number}.{end}"));
            }
            done => return done.map(|()| path),
        }
    }
    Err(NotWritten::Exists { path })
}

/// A file that was not there, whole or not at all.
fn create(path: &Path, content: &str) -> Result<(), NotWritten> {
    // Neither a file nor a link is followed or replaced (O_EXCL).
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match opened {
        Ok(file) => file,
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {
            return Err(NotWritten::Exists { path: path.into() });
        }
        Err(source) => return Err(failed(path, source)),
    };
    let written = file
        .write_all(content.as_bytes())
        .and_then(|()| file.sync_all());
    written.map_err(|source| {
        // Half a request is none; if it stays, the desk finds it damaged.
        drop(fs::remove_file(path));
        failed(path, source)
    })
}

fn failed(path: &Path, source: io::Error) -> NotWritten {
    NotWritten::Io {
        path: path.into(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a09_a_request_is_written_over_nothing() {
        let home = tempfile::tempdir().expect("a folder");
        let name = "nvr-3_new_2026-11-22.tkr";
        let written = |content| {
            let path = write(Some(home.path()), name, content).expect("there is room");
            path.file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        };
        assert_eq!(written("a"), name);
        assert_eq!(written("b"), "nvr-3_new_2026-11-22-2.tkr");
        assert_eq!(written("c"), "nvr-3_new_2026-11-22-3.tkr");
        let read = |name: &str| fs::read_to_string(home.path().join(name)).expect("a file");
        assert_eq!(read(name), "a");

        let mine = home.path().join("mine.txt");
        fs::write(&mine, "mine").expect("written");
        assert!(matches!(check(&mine), Err(NotWritten::Exists { .. })));
        let refused = write(Some(&mine), name, "d");
        assert!(matches!(refused, Err(NotWritten::Exists { .. })));
        assert_eq!(read("mine.txt"), "mine");
        let named = home.path().join("named.tkr");
        check(&named).expect("it is free");
        assert_eq!(write(Some(&named), name, "e").expect("written"), named);
        assert_eq!(read("named.tkr"), "e");
    }

    #[test]
    fn a09_a_name_leads_out_of_no_folder() {
        let home = tempfile::tempdir().expect("a folder");
        let inside = home.path().join("inside");
        fs::create_dir(&inside).expect("a folder");
        for name in ["../out.tkr", "/tmp/out.tkr", ".."] {
            let path = write(Some(&inside), name, "x").expect("written");
            assert_eq!(path.parent(), Some(inside.as_path()), "{name}");
        }
        assert_eq!(fs::read_dir(home.path()).expect("a folder").count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a09_a_link_at_the_path_is_left_alone() {
        let home = tempfile::tempdir().expect("a folder");
        let name = "nvr-3_new.tkr";
        let target = home.path().join("target");
        // By a program: this room names no operating system.
        let status = std::process::Command::new("ln")
            .args(["-s", "target", name])
            .current_dir(home.path())
            .status();
        assert!(status.expect("ln runs").success());
        let path = write(Some(home.path()), name, "x").expect("written");
        assert_eq!(path, home.path().join("nvr-3_new-2.tkr"));
        assert!(!target.exists(), "the link was not followed");
    }
}
