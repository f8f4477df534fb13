//! The inbox: files that a courier puts there are imported by themselves. Two looks are two calls: nothing waits for time.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tallykey::inbox::Inbox;
use tallykey::store::FolderError;
use tempfile::TempDir;

use super::bench::{Bench, product};
use super::software::of_machine;
use tallykey_signing::simulator;

struct Post {
    bench: Bench,
    inbox: Inbox,
    home: TempDir,
}

impl Post {
    async fn start() -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let bench = Bench::start().await;
        let inbox = Inbox::open(&home.path().join("inbox")).expect("ours");
        Self { bench, inbox, home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join("inbox").join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("written");
    }

    /// The looks after which a file at rest has been taken.
    async fn looks(&mut self) {
        for _ in 0..2 {
            self.inbox.look(&self.bench.service).await;
        }
    }

    fn report(&self, place: &str) -> String {
        let path = self.path(&format!("{place}.report.txt"));
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    fn cameras(&self) -> u64 {
        self.bench.counts("camera").total
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = names
        .map(|name| name.into_string().expect("text"))
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_a_courier_brings_is_imported_by_itself_and_put_away_with_a_report() {
    let mut post = Post::start().await;
    let licence = of_machine(&post.bench, 8);
    post.put("for-gate-7", &licence);
    post.looks().await;
    assert_eq!(post.cameras(), 12);
    assert!(post.report("done/for-gate-7").contains(": imported\n"));
    let kept = fs::read(post.path("done/for-gate-7")).expect("kept");
    assert_eq!(kept, licence);
    assert_eq!(names(&post.path("")), ["done", "refused"]);

    let history = post.bench.service.history(0, 100).await.expect("sound");
    let entry = history.iter().find(|one| one.kind == "licence-imported");
    assert_eq!(entry.expect("written down").actor, "inbox");

    // Again under the same name: nothing is written over.
    post.put("for-gate-7", &licence);
    post.looks().await;
    let report = post.report("done/for-gate-7.2");
    assert!(report.contains(": was imported before\n"), "{report}");
    assert_eq!(names(&post.path("done")).len(), 4);
    for folder in ["", "done", "refused"] {
        let mode = fs::metadata(post.path(folder)).expect("it is there");
        assert_eq!(mode.permissions().mode() & 0o7777, 0o700, "{folder}");
    }
}

#[tokio::test]
async fn a_file_that_is_still_copied_is_left_alone() {
    let mut post = Post::start().await;
    let licence = of_machine(&post.bench, 8);
    let (first, rest) = licence.split_at(100);
    post.put("slow", first);
    post.inbox.look(&post.bench.service).await;
    post.put("slow", &[first, &rest[..50]].concat());
    post.inbox.look(&post.bench.service).await;
    post.put("slow", &licence);
    // What a program copies to first, before it gives it its name.
    post.put(".slow.part", first);
    post.inbox.look(&post.bench.service).await;
    assert_eq!(
        names(&post.path("")),
        [".slow.part", "done", "refused", "slow"]
    );
    assert_eq!(post.cameras(), 4);
    post.inbox.look(&post.bench.service).await;
    assert_eq!(post.cameras(), 12);
    assert_eq!(names(&post.path("")), [".slow.part", "done", "refused"]);
}

#[tokio::test]
async fn what_is_refused_is_put_aside_with_code_and_next_step_and_keeps_nothing_else_out() {
    let mut post = Post::start().await;
    let vendor = simulator::vendor().expect("constant keys");
    let profile = vendor.sign_profile(&product()).expect("our own profile");
    let good = of_machine(&post.bench, 8);
    post.put("a-note", b"to whom it may concern\n");
    post.put("b-mixed", &[profile, good].concat());
    post.put("c-empty", b"");
    post.put("d-large", &vec![0; 1024 * 1024 + 1]);
    post.put("e\x1b[31mred", b"\xFF");
    post.looks().await;
    for (name, code) in [
        ("a-note", "damaged-file"),
        ("b-mixed", "not-a-licence"),
        ("c-empty", "nothing-to-import"),
        ("d-large", "file-too-large"),
    ] {
        let report = post.report(&format!("refused/{name}"));
        assert!(report.contains(&format!("  code: {code}\n")), "{report}");
        assert!(report.contains("\n  next: "), "{report}");
    }
    assert!(post.report("refused/b-mixed").contains(": imported\n"));
    assert_eq!(post.cameras(), 12, "of the licence in the mixed file");
    assert!(!post.report("refused/e\x1b[31mred").contains('\x1b'));
    assert_eq!(names(&post.path("")), ["done", "refused"]);
    assert_eq!(
        names(&post.path("refused")).len(),
        10,
        "five, each with its report"
    );
}

#[tokio::test]
async fn a09_a_link_pipe_folder_or_second_name_in_the_inbox_is_not_read() {
    let mut post = Post::start().await;
    let outside = post.home.path().join("precious");
    let licence = of_machine(&post.bench, 8);
    fs::write(&outside, &licence).expect("written");
    symlink(&outside, post.path("link")).expect("a link");
    fs::hard_link(&outside, post.path("second")).expect("a link");
    mkfifo(&post.path("pipe"), Mode::S_IRWXU).expect("a pipe");
    fs::create_dir(post.path("folder")).expect("a folder");
    fs::write(post.path("folder/licence"), &licence).expect("written");
    post.looks().await;
    assert_eq!(post.cameras(), 4, "nothing was imported");
    for (name, code) in [
        ("link", "not-a-plain-file"),
        ("second", "second-name"),
        ("pipe", "not-a-plain-file"),
        ("folder", "not-a-plain-file"),
    ] {
        let report = post.report(&format!("refused/{name}"));
        assert!(report.contains(&format!("  code: {code}\n")), "{report}");
    }
    assert_eq!(fs::read(&outside).expect("still there"), licence);
    assert!(post.path("refused/folder/licence").exists(), "all is kept");

    // Nor is a folder used that others may write.
    let open = post.home.path().join("open");
    fs::create_dir(&open).expect("a folder");
    fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).expect("ours");
    let refused = Inbox::open(&open);
    assert!(
        matches!(refused, Err(FolderError::OpenToOthers { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_cannot_be_stored_now_waits_in_the_inbox() {
    let mut post = Post::start().await;
    let licence = of_machine(&post.bench, 8);
    post.put("licence", &licence);
    post.bench.service.stop().await;
    post.looks().await;
    assert_eq!(names(&post.path("")), ["done", "licence", "refused"]);
    // The next service finds it, at its first two looks.
    let Post { bench, inbox, home } = post;
    let bench = bench.restart().await;
    let mut post = Post { bench, inbox, home };
    post.looks().await;
    assert_eq!(post.cameras(), 12);
}
