//! ADAPT: where the history is kept.

mod folder;
mod sqlite;

pub use folder::{FolderError, StateFolder};
pub use sqlite::SqliteStore;
