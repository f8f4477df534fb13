//! Entries in and out. The statements are such that PostgreSQL would take them too.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqlSafeStr as _, SqlStr};

use crate::ledger::{Head, Row};

/// Rows of one statement. Each number of rows is a statement of its own, prepared once; more rows
/// than this go in several statements of one transaction.
const ROWS_MAX: usize = 64;

/// One statement for each number of rows, made when it is first needed.
#[derive(Default)]
pub(super) struct Insert(Vec<Option<SqlStr>>);

impl Insert {
    /// All of them, in one commit.
    pub(super) async fn all(
        &mut self,
        connection: &mut SqliteConnection,
        rows: &[Row],
    ) -> Result<(), sqlx::Error> {
        if rows.len() <= ROWS_MAX {
            // A statement outside a transaction commits by itself: one way to the database thread
            // and back, not three.
            return self.some(connection, rows).await;
        }
        let mut transaction = connection.begin().await?;
        for rows in rows.chunks(ROWS_MAX) {
            self.some(&mut transaction, rows).await?;
        }
        transaction.commit().await
    }

    async fn some(
        &mut self,
        connection: &mut SqliteConnection,
        rows: &[Row],
    ) -> Result<(), sqlx::Error> {
        let mut query = sqlx::query(self.statement(rows.len()));
        for row in rows {
            query = query
                .bind(number(row.seq)?)
                .bind(row.at)
                .bind(row.actor.as_str())
                .bind(row.kind.as_str())
                .bind(row.body.as_str())
                .bind(row.hash.as_slice());
        }
        query.execute(connection).await.map(drop)
    }

    fn statement(&mut self, rows: usize) -> SqlStr {
        if self.0.len() <= rows {
            self.0.resize(rows + 1, None);
        }
        let make = || {
            let values = (0..rows).map(|row| {
                let parameters = (1..=6).map(|column| format!("${}", row * 6 + column));
                format!("({})", parameters.collect::<Vec<_>>().join(", "))
            });
            let values = values.collect::<Vec<_>>().join(", ");
            let head = "INSERT INTO history (seq, at, actor, kind, body, hash) VALUES";
            AssertSqlSafe(format!("{head} {values}")).into_sql_str()
        };
        self.0[rows].get_or_insert_with(make).clone()
    }
}

/// Up to `limit` entries after number `after`, in order.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    after: u64,
    limit: u32,
) -> Result<Vec<Row>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT seq, at, actor, kind, body, hash FROM history WHERE seq > $1 ORDER BY seq LIMIT $2",
    );
    let rows = rows
        .bind(number(after)?)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    rows.iter().map(from_row).collect()
}

/// The newest entry that was ever written.
pub(super) async fn newest(connection: &mut SqliteConnection) -> Result<Option<Head>, sqlx::Error> {
    let row = sqlx::query("SELECT seq, hash FROM newest WHERE one = 1 AND seq > 0");
    let row = row.fetch_optional(connection).await?;
    row.map(|row| {
        Ok(Head {
            seq: unsigned(&row)?,
            hash: hash(&row)?,
        })
    })
    .transpose()
}

/// The last pulse. A history of an earlier version has no place for one yet.
pub(super) async fn pulse(
    connection: &mut SqliteConnection,
) -> Result<Option<String>, sqlx::Error> {
    let table = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'pulse'";
    let tables: i64 = sqlx::query_scalar(table)
        .fetch_one(&mut *connection)
        .await?;
    if tables == 0 {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT body FROM pulse WHERE one = 1")
        .fetch_optional(connection)
        .await
}

/// Keeps a pulse in the place of the last one.
pub(super) async fn set_pulse(
    connection: &mut SqliteConnection,
    pulse: &str,
) -> Result<(), sqlx::Error> {
    let upsert = "INSERT INTO pulse (one, body) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET body = excluded.body";
    sqlx::query(upsert)
        .bind(pulse)
        .execute(connection)
        .await
        .map(drop)
}

fn from_row(row: &SqliteRow) -> Result<Row, sqlx::Error> {
    Ok(Row {
        seq: unsigned(row)?,
        at: row.try_get("at")?,
        actor: row.try_get("actor")?,
        kind: row.try_get("kind")?,
        body: row.try_get("body")?,
        hash: hash(row)?,
    })
}

fn unsigned(row: &SqliteRow) -> Result<u64, sqlx::Error> {
    let number: i64 = row.try_get("seq")?;
    u64::try_from(number).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// A hash of another length is not one: all zero, so that the check of the chain names the row.
fn hash(row: &SqliteRow) -> Result<[u8; 32], sqlx::Error> {
    let hash: &[u8] = row.try_get("hash")?;
    Ok(hash.try_into().unwrap_or_default())
}

fn number(seq: u64) -> Result<i64, sqlx::Error> {
    i64::try_from(seq).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}
