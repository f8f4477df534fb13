//! ADAPT: where the history and the host key are kept.

mod folder;
mod host_key;
mod sqlite;

pub use folder::{FolderError, StateFolder, private_folder};
pub use host_key::{HostKeyError, HostKeyFile, Origin, Unbound};
pub use sqlite::SqliteStore;
