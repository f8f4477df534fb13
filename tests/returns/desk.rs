//! The vendor's desk: the program, in a folder of its own.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use tallykey::licence::{Profile, Trust};
use tallykey::service::RequestFile;
use tallykey_protocol::armour::{self, Label};
use tallykey_protocol::limits::PROFILE_MAX;
use tempfile::TempDir;

use crate::programs::program;

/// A vendor with a product, and its register.
pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn open() -> Self {
        let desk = Self(tempfile::tempdir().expect("a folder"));
        fs::write(desk.path("passphrase"), "four words of hay\n").expect("writable");
        desk.done(&["keys", "init-root", "--name", "Acme, Inc."]);
        desk.done(&["keys", "init"]);
        let form = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/product.json");
        desk.done(&["desk", "profile", form, "--out", "vms.profile", "--yes"]);
        desk
    }

    /// Whom its servers trust, and the product that they serve.
    pub(crate) fn delivered(&self) -> (Trust, Profile) {
        let bundle = self.object("vendor/vendor.bundle", Label::TrustBundle);
        let trust = Trust::decode(&bundle).expect("its own bundle");
        let record = self.object("vms.profile", Label::Profile);
        let profile = Profile::verify(&record, &trust).expect("its own profile");
        (trust, profile)
    }

    /// Issues a licence with these counts; the answer.
    pub(crate) fn issue(&self, request: &RequestFile, channels: &str, name: &str) -> String {
        self.answer(&["issue", "--channels", channels], request, name)
    }

    /// Answers a request; the file `name` that leaves.
    pub(crate) fn answer(&self, words: &[&str], request: &RequestFile, name: &str) -> String {
        self.receive(request);
        let to = ["--request", &request.name, "--out", name, "--yes"];
        self.done(&[&["desk"], words, &to].concat());
        fs::read_to_string(self.path(name)).expect("the answer")
    }

    /// Makes the file of the newest entry again.
    pub(crate) fn reissue(&self, name: &str) -> String {
        let rows = self.done(&["desk", "export"]);
        let newest = rows.lines().last().and_then(|row| row.split(',').next());
        let entry = newest.expect("an entry");
        self.done(&["desk", "reissue", "--entry", entry, "--out", name]);
        fs::read_to_string(self.path(name)).expect("the answer")
    }

    pub(crate) fn confirm(&self, request: &RequestFile) {
        self.receive(request);
        self.done(&[
            "desk",
            "confirm-return",
            "--request",
            &request.name,
            "--yes",
        ]);
    }

    /// Refuses what is asked with a request, and writes nothing down.
    #[track_caller]
    pub(crate) fn refuses(&self, words: &[&str], request: &RequestFile, code: &str) {
        self.receive(request);
        let before = fs::read(self.path("vendor/register")).expect("a register");
        let to = ["--request", &request.name, "--out", "nothing", "--yes"];
        let output = self.run(&[&["desk"], words, &to].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(&format!("code: {code} (")), "{said}");
        assert!(!self.path("nothing").exists());
        let after = fs::read(self.path("vendor/register")).expect("a register");
        assert_eq!(before, after, "it is written down");
    }

    /// Returns that were credited.
    pub(crate) fn credited(&self) -> usize {
        let rows = self.done(&["desk", "export"]);
        let confirmed = rows
            .lines()
            .filter(|row| row.contains(",return-confirmed,"));
        confirmed.count()
    }

    fn receive(&self, request: &RequestFile) {
        let content = request.content.as_deref().expect("it was made");
        fs::write(self.path(&request.name), content).expect("writable");
    }

    fn object(&self, name: &str, label: Label) -> Vec<u8> {
        let text = fs::read(self.path(name)).expect("a file");
        let mut buffer = vec![0; PROFILE_MAX];
        armour::single(&text, label, &mut buffer)
            .expect("one object")
            .to_vec()
    }

    #[track_caller]
    fn done(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
        String::from_utf8(output.stdout).expect("text")
    }

    fn run(&self, words: &[&str]) -> Output {
        let keys = ["--dir", "vendor", "--passphrase-file", "passphrase"];
        let mut command = program("tallykey-vendor");
        command.args(words).args(keys).current_dir(self.0.path());
        command.output().expect("it runs")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}
