//! Where the owner code of a simulated dongle is kept. A real one is on a slip of paper under a scratch layer.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file beside a flash file that holds the owner code of its dongle.
#[derive(Clone, Debug)]
pub struct OwnerCodeFile(PathBuf);

impl OwnerCodeFile {
    /// The one beside this flash file.
    #[must_use]
    pub fn beside(flash: &Path) -> Self {
        let mut name = flash.as_os_str().to_owned();
        name.push(".owner-code");
        Self(name.into())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Keeps `code`, whole or not at all, for this user's eyes only.
    ///
    /// # Errors
    /// What the system said.
    pub fn keep(&self, code: &str) -> io::Result<()> {
        let mut draft = self.0.as_os_str().to_owned();
        draft.push(".new");
        let draft = PathBuf::from(draft);
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft)?;
        writeln!(file, "{code}")?;
        file.sync_all()?;
        fs::rename(&draft, &self.0)
    }

    /// The code, if it was kept.
    ///
    /// # Errors
    /// What the system said, but not that there is none.
    pub fn read(&self) -> io::Result<Option<String>> {
        match fs::read_to_string(&self.0) {
            Ok(text) => Ok(Some(text.trim_end().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
