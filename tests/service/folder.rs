use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tallykey::store::{FolderError, SqliteStore, StateFolder};

use crate::bench::Bench;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path)
        .expect("it is there")
        .permissions()
        .mode()
        & 0o7777
}

#[tokio::test]
async fn the_state_is_its_owners_alone() {
    let bench = Bench::start().await;
    bench.ask("gate").await.expect("free");
    let (_home, folder) = bench.stop().await;
    assert_eq!(mode(&folder), 0o700);
    for name in ["tallykey.db", "lock"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
}

#[test]
fn a_second_service_is_told_who_has_the_folder() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let folder = home.path().join("state");
    let first = StateFolder::claim(&folder).expect("nobody has it");
    let second = StateFolder::claim(&folder).expect_err("the first has it");
    assert!(
        matches!(&second, FolderError::InUse { process: Some(id), .. } if *id == std::process::id())
    );
    drop(first);
    StateFolder::claim(&folder).expect("the lock ended with the first");
}

#[test]
fn a09_a_link_pipe_or_second_name_at_a_path_that_is_written_is_refused() {
    type Put = fn(&Path, &Path);
    let put: [(&str, Put); 4] = [
        ("a symbolic link", |target, path| {
            symlink(target, path).expect("a link")
        }),
        ("a hard link", |target, path| {
            std::fs::hard_link(target, path).expect("a link")
        }),
        ("a pipe", |_, path| {
            mkfifo(path, Mode::S_IRWXU).expect("a pipe")
        }),
        ("a folder", |_, path| {
            std::fs::create_dir(path).expect("a folder")
        }),
    ];
    for name in [
        "lock",
        "tallykey.db",
        "tallykey.db-wal",
        "tallykey.db-shm",
        "tallykey.db-journal",
    ] {
        for (what, put) in put {
            let home = tempfile::tempdir().expect("a temporary folder");
            let target = home.path().join("precious");
            std::fs::write(&target, "precious").expect("a file");
            put(&target, &home.path().join(name));
            let refused = StateFolder::claim(home.path())
                .and_then(SqliteStore::new)
                .err();
            assert!(
                matches!(refused, Some(FolderError::NotOurs { .. })),
                "{what} at {name}: {refused:?}"
            );
            assert_eq!(
                std::fs::read(&target).expect("still there"),
                b"precious",
                "{what} at {name}"
            );
        }
    }
}

#[test]
fn a_folder_that_others_may_write_is_refused() {
    let home = tempfile::tempdir().expect("a temporary folder");
    std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o777)).expect("ours");
    let refused = StateFolder::claim(home.path());
    assert!(
        matches!(refused, Err(FolderError::OpenToOthers { mode: 0o777, .. })),
        "{refused:?}"
    );
}
