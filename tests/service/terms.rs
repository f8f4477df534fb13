//! The terms of a product: accepted once for a text, before its first licence is installed.

use std::fs;

use sha2::{Digest as _, Sha256};
use tallykey::inbox::Inbox;
use tallykey::service::{Actor, Imported};

use super::bench::{Bench, operator};
use super::software::{import_one, of_machine};

const REFUSED: Result<Imported, &str> = Err("terms-not-accepted");

/// A service whose profile has these terms.
async fn with(terms: &'static str, bench: Bench) -> Bench {
    let clock = bench.clock.clone();
    bench.restart_after(|| clock.publish_terms(terms)).await
}

#[tokio::test]
async fn a_licence_is_imported_once_its_terms_are_accepted_and_that_is_written_down_once() {
    let bench = with("Use it well.", Bench::start().await).await;
    let (first, second) = (of_machine(&bench, 8), of_machine(&bench, 3));
    assert_eq!(import_one(&bench, &first).await, REFUSED);
    assert_eq!(bench.counts("camera").total, 4);

    let told = bench.service.terms().await.expect("it runs");
    let told = told.expect("it has terms");
    assert_eq!((told.text.as_str(), told.accepted), ("Use it well.", false));
    for _ in 0..2 {
        let told = bench.service.accept_terms(&operator()).await;
        assert!(told.expect("it runs").expect("it has terms").accepted);
    }
    assert_eq!(import_one(&bench, &first).await, Ok(Imported::New));
    let history = bench.service.history(0, 100).await.expect("sound");
    let written = history.iter().filter(|one| one.kind == "terms-accepted");
    let written: Vec<_> = written.collect();
    let digest: [u8; 32] = Sha256::digest("Use it well.").into();
    let digest = digest.map(|byte| format!("{byte:02x}"));
    let expected = serde_json::json!({ "profile_revision": 1, "digest": digest.concat() });
    assert_eq!(written.len(), 1);
    assert_eq!(
        (&written[0].body, &written[0].actor),
        (&expected, &"uid:1000".to_owned())
    );

    // Other terms ask again, and take nothing away; the ones that were accepted do not.
    let bench = with("Use it better.", bench).await;
    assert_eq!(bench.counts("camera").total, 12);
    assert_eq!(import_one(&bench, &first).await, Ok(Imported::Already));
    assert_eq!(import_one(&bench, &second).await, REFUSED);
    let bench = with("Use it well.", bench).await;
    assert_eq!(import_one(&bench, &second).await, Ok(Imported::New));
}

#[tokio::test]
async fn without_terms_there_is_nothing_to_accept() {
    let bench = Bench::start().await;
    for accepted in [
        bench.service.terms().await,
        bench.service.accept_terms(&operator()).await,
    ] {
        assert_eq!(accepted.expect("it runs"), None);
    }
    let history = bench.service.history(0, 100).await.expect("sound");
    assert!(history.iter().all(|one| one.kind != "terms-accepted"));
    let licence = of_machine(&bench, 8);
    assert_eq!(import_one(&bench, &licence).await, Ok(Imported::New));
}

#[tokio::test]
async fn the_inbox_accepts_no_terms_and_says_who_must() {
    let bench = with("Use it well.", Bench::start().await).await;
    let home = tempfile::tempdir().expect("a temporary folder");
    let path = home.path().join("inbox");
    let mut inbox = Inbox::open(&path).expect("ours");
    let licence = of_machine(&bench, 8);
    let mut bring = async |name: &str| {
        fs::write(path.join(name), &licence).expect("written");
        inbox.look(&bench.service).await;
        inbox.look(&bench.service).await;
    };
    bring("early").await;
    let report = fs::read_to_string(path.join("refused/early.report.txt")).expect("a report");
    assert!(report.contains("  code: terms-not-accepted\n"), "{report}");
    assert!(report.contains("--accept-terms"), "{report}");
    let accepted = bench.service.accept_terms(&Actor::user(0)).await;
    accepted.expect("it runs");
    bring("later").await;
    assert!(path.join("done/later").exists());
    assert_eq!(bench.counts("camera").total, 12);
}
