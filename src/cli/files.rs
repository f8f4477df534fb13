//! Files that are named, and those of folders that are named.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::failure::Failure;

/// The files themselves, and those directly in the folders, by name.
pub(super) fn named(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|source| unreadable(path, source))?;
        let mut inside = Vec::new();
        for entry in entries {
            let file = entry.map_err(|source| unreadable(path, source))?.path();
            if file.is_file() {
                inside.push(file);
            }
        }
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

/// What is in a file, up to `max` bytes and one more: then it is longer.
pub(super) fn read(file: &Path, max: usize) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    File::open(file)
        .and_then(|opened| opened.take(limit).read_to_end(&mut content))
        .map_err(|source| unreadable(file, source))?;
    Ok(content)
}

fn unreadable(path: &Path, source: io::Error) -> Failure {
    Failure::UnreadableFile {
        file: path.display().to_string(),
        source,
    }
}
