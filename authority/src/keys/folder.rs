//! Files that only their owner reads, written whole or not at all, and never over another.

use std::{
    fs::{DirBuilder, File},
    io::{self, Write as _},
    path::Path,
};

use tempfile::NamedTempFile;

use super::KeysError;

/// Makes the folder, for its owner alone, unless it is there.
pub(crate) fn create(folder: &Path) -> Result<(), KeysError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| KeysError::Write {
        path: folder.to_owned(),
        source,
    })
}

/// Refuses if one of the files is there.
pub(crate) fn none_there<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Result<(), KeysError> {
    match paths
        .into_iter()
        .find(|path| path.symlink_metadata().is_ok())
    {
        Some(path) => Err(KeysError::Exists {
            path: path.to_owned(),
        }),
        None => Ok(()),
    }
}

/// Writes a new file that only its owner reads. After this returns it survives a power cut.
pub(crate) fn write_new(path: &Path, contents: &[u8]) -> Result<(), KeysError> {
    let fault = |source| KeysError::Write {
        path: path.to_owned(),
        source,
    };
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    // A temporary file has mode 0600.
    let mut file = NamedTempFile::new_in(folder).map_err(fault)?;
    file.write_all(contents).map_err(fault)?;
    file.as_file().sync_all().map_err(fault)?;
    file.persist_noclobber(path)
        .map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => KeysError::Exists {
                path: path.to_owned(),
            },
            _ => fault(error.error),
        })?;
    sync_folder(folder).map_err(fault)
}

/// The name of a new file is durable only with its folder; Windows has no such call and needs none.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(folder)?.sync_all(),
        false => Ok(()),
    }
}
