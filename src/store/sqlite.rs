//! SQLite in WAL mode with `synchronous=FULL`: a commit is one append and one sync of the log.
//!
//! The file is opened for reading first, checked, and opened for writing only by the first append:
//! a damaged history is left exactly as it was found.

mod error;
mod insert;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqlSafeStr as _};

use super::folder::{FolderError, StateFolder};
use crate::ledger::{Head, Row};
use crate::service::ports::{Store, StoreError};
use error::{damaged, failed};
use insert::Insert;

/// The history in one SQLite file of a state folder.
pub struct SqliteStore {
    path: PathBuf,
    state: State,
    insert: Insert,
    /// Held for its lock.
    _folder: StateFolder,
}

enum State {
    /// Not opened yet, or closed after a failure: nothing is believed of it.
    Closed,
    /// There is no file yet.
    Absent,
    /// Checked and open for reading.
    Reading(SqliteConnection),
    Writing(SqliteConnection),
}

/// The file's name in the state folder.
const FILE: &str = "tallykey.db";

/// What SQLite writes beside it.
const BESIDE: [&str; 3] = ["tallykey.db-wal", "tallykey.db-shm", "tallykey.db-journal"];

/// Pages of the log after which SQLite moves them to the file: about 4 MB, a few ms of work. The
/// log is then written over from its start, which costs less to sync than a growing file.
const CHECKPOINT_PAGES: &str = "1000";

/// Lines of a damage report that a person is shown.
const FINDINGS_MAX: usize = 3;

impl SqliteStore {
    /// The history in `folder`. Opens nothing yet.
    ///
    /// # Errors
    /// [`FolderError`] if something else is at one of its paths.
    pub fn new(folder: StateFolder) -> Result<Self, FolderError> {
        let path = folder.file(FILE)?;
        for name in BESIDE {
            folder.file(name)?;
        }
        Ok(Self {
            path,
            state: State::Closed,
            insert: Insert::default(),
            _folder: folder,
        })
    }

    /// The open connection; none if there is no file yet.
    async fn reader(&mut self) -> Result<Option<&mut SqliteConnection>, StoreError> {
        if matches!(self.state, State::Closed) {
            self.state = self.open_checked().await?;
        }
        match &mut self.state {
            State::Closed | State::Absent => Ok(None),
            State::Reading(connection) | State::Writing(connection) => Ok(Some(connection)),
        }
    }

    async fn open_checked(&self) -> Result<State, StoreError> {
        let size = std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        if size == 0 {
            let log = self.path.with_file_name(BESIDE[0]);
            if std::fs::metadata(&log).is_ok_and(|metadata| metadata.len() > 0) {
                return Err(damaged("the file is missing or empty and its log is there"));
            }
            return Ok(State::Absent);
        }
        let options = self.options().read_only(true);
        let mut connection = options
            .connect()
            .await
            .map_err(failed("it could not be opened"))?;
        match check(&mut connection).await {
            Ok(()) => Ok(State::Reading(connection)),
            Err(error) => {
                // A reader moves nothing from the log to the file when it closes.
                drop(connection.close().await);
                Err(error)
            }
        }
    }

    async fn open_for_writing(&mut self) -> Result<(), StoreError> {
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Writing(connection) => {
                self.state = State::Writing(connection);
                return Ok(());
            }
            State::Reading(connection) => {
                connection
                    .close()
                    .await
                    .map_err(failed("it could not be closed for reading"))?;
            }
            State::Absent => self.create()?,
            // A history that was not read was not checked.
            State::Closed => return Err(damaged("it was not checked before it was written")),
        }
        let options = self
            .options()
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES);
        let mut connection = options
            .connect()
            .await
            .map_err(failed("it could not be opened for writing"))?;
        // `run` borrows in a way that no `Send` future can hold; this is what it calls.
        let migrated = migrations().run_direct(None, &mut connection, false).await;
        migrated.map_err(failed("its tables could not be made"))?;
        // What is in the log may be there only in memory, after a sync that failed: written to the
        // file, it is synced anew.
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut connection)
            .await
            .map_err(failed("its log could not be moved into it"))?;
        self.state = State::Writing(connection);
        Ok(())
    }

    fn create(&self) -> Result<(), StoreError> {
        let mut options = OpenOptions::new();
        let created = options
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.path);
        created
            .map(drop)
            .map_err(failed("the file could not be made"))
    }

    fn options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(false)
            .thread_name(|_| "history".into())
            // Entries hold digests of secrets, and a log is read by more people than this file.
            .disable_statement_logging()
    }
}

impl Store for SqliteStore {
    async fn read(&mut self, after: u64, limit: u32) -> Result<Vec<Row>, StoreError> {
        let Some(connection) = self.reader().await? else {
            return Ok(Vec::new());
        };
        insert::read(connection, after, limit)
            .await
            .map_err(failed("it could not be read"))
    }

    async fn newest(&mut self) -> Result<Option<Head>, StoreError> {
        let Some(connection) = self.reader().await? else {
            return Ok(None);
        };
        insert::newest(connection)
            .await
            .map_err(failed("its newest entry could not be read"))
    }

    async fn append(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        self.open_for_writing().await?;
        let State::Writing(connection) = &mut self.state else {
            return Err(damaged("it is not open for writing"));
        };
        let written = self.insert.all(connection, rows).await;
        if written.is_err()
            && let State::Writing(connection) = std::mem::replace(&mut self.state, State::Closed)
        {
            // It failed already; what matters is that it is opened and checked anew.
            drop(connection.close().await);
        }
        written.map_err(failed("the entries could not be written"))
    }

    async fn pulse(&mut self) -> Result<Option<String>, StoreError> {
        let Some(connection) = self.reader().await? else {
            return Ok(None);
        };
        insert::pulse(connection)
            .await
            .map_err(failed("its last pulse could not be read"))
    }

    async fn set_pulse(&mut self, pulse: &str) -> Result<(), StoreError> {
        let State::Writing(connection) = &mut self.state else {
            return Err(damaged("it is not open for writing"));
        };
        insert::set_pulse(connection, pulse)
            .await
            .map_err(failed("the pulse could not be written"))
    }

    async fn close(self) -> Result<(), StoreError> {
        match self.state {
            State::Closed | State::Absent => Ok(()),
            State::Reading(connection) | State::Writing(connection) => connection
                .close()
                .await
                .map_err(failed("it could not be closed")),
        }
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}

/// SQLite's own check of pages and rows; the chain of hashes is the service's to check.
async fn check(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let findings: Vec<String> = sqlx::query_scalar("PRAGMA quick_check")
        .fetch_all(&mut *connection)
        .await
        .map_err(failed("it could not be checked"))?;
    if findings != ["ok"] {
        let shown = findings.iter().take(FINDINGS_MAX).map(String::as_str);
        return Err(damaged(shown.collect::<Vec<_>>().join("; ")));
    }
    let tables: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('history', 'newest')",
    )
    .fetch_one(connection)
    .await
    .map_err(failed("its tables could not be listed"))?;
    if tables == 2 {
        Ok(())
    } else {
        Err(damaged("it is a database and holds no history"))
    }
}

fn migrations() -> Migrator {
    let migration = |version, name: &'static str, sql: &'static str| {
        let sql = AssertSqlSafe(sql).into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(vec![
        migration(
            1,
            "history",
            include_str!("../../migrations/sqlite/0001_history.sql"),
        ),
        migration(
            2,
            "pulse",
            include_str!("../../migrations/sqlite/0002_pulse.sql"),
        ),
    ])
}
