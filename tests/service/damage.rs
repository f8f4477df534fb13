use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, Executor as _};
use tallykey::service::{HistoryEntry, Service, StartError};

use crate::bench::{Bench, copy, try_start};

const DATABASE: &str = "tallykey.db";

/// A folder with a history of some length, stopped in good order.
async fn filled() -> (std::sync::Arc<tempfile::TempDir>, PathBuf) {
    let mut bench = Bench::start().await;
    for round in 0..40 {
        let id = bench
            .ask(&format!("gate-{round}"))
            .await
            .expect("free")
            .allocation
            .id;
        bench
            .service
            .release(&crate::bench::operator(), id)
            .await
            .expect("held");
    }
    bench = bench.restart().await;
    bench.ask("gate").await.expect("free");
    bench.stop().await
}

/// Starts over a damaged folder: it must refuse, say what it found, and leave the file alone.
async fn refused(folder: &Path) -> String {
    let before = std::fs::read(folder.join(DATABASE)).expect("the database");
    let error = try_start(folder)
        .await
        .expect_err("a damaged history must not start");
    let after = std::fs::read(folder.join(DATABASE)).expect("the database");
    assert!(before == after, "the damaged file was written to");
    let StartError::Damaged { place, found } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(Path::new(place), folder.join(DATABASE));
    let text = error.to_string();
    assert!(
        text.contains("nothing was changed") && text.contains(place),
        "{text}"
    );
    found.clone()
}

/// Changes the database behind the service's back, as someone with the file could.
async fn with_sql(folder: &Path, statement: &'static str) {
    let options = SqliteConnectOptions::new().filename(folder.join(DATABASE));
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .expect("a database");
    connection.execute(statement).await.expect("a statement");
    connection.close().await.expect("a database");
}

#[tokio::test]
async fn a25_an_altered_history_does_not_start_and_the_first_bad_row_is_named() {
    let (home, folder) = filled().await;
    let table = [
        (
            "UPDATE history SET actor = 'uid:0' WHERE seq = 17",
            "entry 17 was altered",
        ),
        (
            "UPDATE history SET body = '{}' WHERE seq IN (30, 20)",
            "entry 20 was altered",
        ),
        (
            "UPDATE history SET hash = x'00' WHERE seq = 5",
            "entry 5 was altered",
        ),
        (
            "UPDATE history SET at = at + 1 WHERE seq = 1",
            "entry 1 was altered",
        ),
        (
            "DELETE FROM history WHERE seq = 9",
            "entry 9 is missing: entry 10 is in its place",
        ),
        (
            "DELETE FROM history WHERE seq > 80",
            "the history ends at entry 80 and entry 83 was written",
        ),
        (
            "DELETE FROM history",
            "the history ends at entry 0 and entry 83 was written",
        ),
        (
            "UPDATE history SET seq = seq + 1000 WHERE seq = 83",
            "entry 83 is missing",
        ),
        (
            "DROP TABLE history",
            "it is a database and holds no history",
        ),
    ];
    for (number, (statement, expected)) in table.into_iter().enumerate() {
        let image = home.path().join(format!("altered-{number}"));
        copy(&folder, &image);
        with_sql(&image, statement).await;
        let found = refused(&image).await;
        assert!(found.contains(expected), "{statement}: {found}");
    }
}

#[tokio::test]
async fn a_truncated_database_does_not_start() {
    let (home, folder) = filled().await;
    let whole = std::fs::read(folder.join(DATABASE)).expect("the database");
    for (number, length) in [whole.len() - 4_096, whole.len() / 2, 4_096, 512, 10]
        .into_iter()
        .enumerate()
    {
        let image = home.path().join(format!("truncated-{number}"));
        copy(&folder, &image);
        std::fs::write(image.join(DATABASE), &whole[..length]).expect("ours");
        let found = refused(&image).await;
        assert!(!found.is_empty(), "{length} bytes");
    }
}

#[tokio::test]
async fn a_database_that_is_something_else_does_not_start() {
    let (_home, folder) = filled().await;
    std::fs::write(folder.join(DATABASE), "this was a database".repeat(1_000)).expect("ours");
    let found = refused(&folder).await;
    assert!(found.contains("not a database"), "{found}");
}

/// Bytes between two that are flipped: prime, so that every part of a page is met.
const STRIDE: usize = 131;

#[tokio::test]
async fn a_flipped_byte_is_found_or_changes_no_entry() {
    let (home, folder) = filled().await;
    let whole = std::fs::read(folder.join(DATABASE)).expect("the database");
    let written = entries(&try_start(&folder).await.expect("a sound history")).await;
    let written = &written[..written.len() - 1]; // the last one is the start itself

    let mut found = 0;
    for place in (0..whole.len()).step_by(STRIDE) {
        let image = home.path().join(format!("flipped-{place}"));
        std::fs::create_dir(&image).expect("a new folder");
        let mut bytes = whole.clone();
        bytes[place] ^= 0x04;
        std::fs::write(image.join(DATABASE), &bytes).expect("ours");
        match try_start(&image).await {
            Ok(service) => {
                let entries = entries(&service).await;
                assert!(
                    entries.starts_with(written),
                    "byte {place} changed an entry unseen"
                );
                service.stop().await;
            }
            Err(StartError::Damaged { .. }) => {
                found += 1;
                let after = std::fs::read(image.join(DATABASE)).expect("the database");
                assert!(
                    after == bytes,
                    "byte {place}: the damaged file was written to"
                );
            }
            Err(StartError::Store { .. } | StartError::Write { .. }) => found += 1,
        }
    }
    assert!(
        found > whole.len() / STRIDE / 4,
        "{found} of {} found",
        whole.len() / STRIDE
    );
}

async fn entries(service: &Service) -> Vec<HistoryEntry> {
    service.history(0, 1_000).await.expect("a sound history")
}

#[tokio::test]
async fn a_missing_database_beside_its_log_is_not_taken_for_a_new_one() {
    let bench = Bench::start().await;
    bench.ask("gate").await.expect("free");
    let bench = bench.crash().await;
    let (home, folder) = bench.stop().await;
    std::fs::write(folder.join("tallykey.db-wal"), "entries").expect("ours");
    std::fs::remove_file(folder.join(DATABASE)).expect("ours");
    let error = try_start(&folder)
        .await
        .expect_err("the log belongs to a file that is gone");
    assert!(matches!(error, StartError::Damaged { .. }), "{error}");
    assert!(!folder.join(DATABASE).exists());
    drop(home);
}
