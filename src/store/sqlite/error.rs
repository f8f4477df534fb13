//! Telling what cannot be reached from what cannot be believed.

use std::error::Error as StdError;

use sqlx::migrate::MigrateError;

use crate::service::ports::StoreError;

/// `SQLITE_CORRUPT`: the file contradicts itself.
const CORRUPT: i32 = 11;
/// `SQLITE_NOTADB`: the file is something else.
const NOT_A_DATABASE: i32 = 26;

pub(super) fn damaged(found: impl Into<String>) -> StoreError {
    StoreError::Damaged {
        found: found.into(),
    }
}

/// What became of a step that failed.
pub(super) fn failed<E: Finding>(what: &'static str) -> impl FnOnce(E) -> StoreError {
    move |error| match error.damage() {
        Some(found) => StoreError::Damaged { found },
        None => StoreError::Unavailable {
            what,
            source: Box::new(error),
        },
    }
}

/// An error that may tell of damage.
pub(super) trait Finding: StdError + Send + Sync + 'static {
    fn damage(&self) -> Option<String>;
}

impl Finding for sqlx::Error {
    fn damage(&self) -> Option<String> {
        let error = self.as_database_error()?;
        // The low byte is the primary code: <https://www.sqlite.org/rescode.html>.
        let primary = error.code()?.parse::<i32>().ok()? & 0xff;
        [CORRUPT, NOT_A_DATABASE]
            .contains(&primary)
            .then(|| error.message().to_owned())
    }
}

impl Finding for MigrateError {
    fn damage(&self) -> Option<String> {
        match self {
            Self::Execute(error) => error.damage(),
            _ => None,
        }
    }
}

impl Finding for std::io::Error {
    fn damage(&self) -> Option<String> {
        None
    }
}
