//! What the desk sends to dongles: updates and instructions, imported by the host that they are plugged into.

use std::time::Duration;

use tallykey::dongle::OwnerCode;
use tallykey::service::{Actor, HistoryEntry, ImportItem, Imported};
use tallykey_protocol::cert::Certificate;
use tallykey_protocol::command::Encode;
use tallykey_protocol::command::order::{Order, Share};
use tallykey_protocol::grant::{Convert, Grant, Line, Plan};
use tallykey_protocol::instruction::{Instruction, Kind};
use tallykey_protocol::limits::ORDER_MAX;
use tallykey_protocol::list::List;
use tallykey_protocol::receipt;
use tallykey_signing::{next_grant, simulator};
use tallykey_sim::flash::{PowerCut, Tear};

use super::bench::{Bench, operator, product};
use super::bus::session;
use super::dongle::Dongle;

const ISSUED: u64 = simulator::ISSUED_AT;

/// A grant of this revision for the dongle, as the desk would sign it, with so many cameras on line 1.
pub(crate) fn grant(dongle: &Dongle, revision: u64, cameras: u64) -> Vec<u8> {
    with(dongle, revision, &[line(1, "camera", cameras)], |_| ())
}

fn line(id: u32, feature: &'static str, count: u64) -> Line<'static> {
    Line {
        id,
        feature,
        count,
        plan: Plan::Perpetual,
        valid_from: ISSUED,
        valid_to: None,
    }
}

fn with(
    dongle: &Dongle,
    revision: u64,
    lines: &[Line<'_>],
    change: impl FnOnce(&mut Grant<'_>),
) -> Vec<u8> {
    let vendor = simulator::vendor().expect("constant keys");
    let root = Certificate::parse(vendor.root_certificate()).expect("a root");
    let held = &dongle.evidence().grants[0];
    let (held, _) = Grant::verify(held, &root).expect("the vendor's own");
    let lines = List::of(lines).expect("they fit");
    let mut next = Grant {
        revision,
        ..next_grant(&held, lines, ISSUED)
    };
    change(&mut next);
    vendor.sign_grant(&next).expect("our own vendor")
}

fn instruction(dongle: &Dongle, kind: Kind, counter: u64) -> Vec<u8> {
    let vendor = simulator::vendor().expect("constant keys");
    let instruction = Instruction {
        vendor: product().vendor,
        serial: dongle.serial(),
        issued_at: ISSUED,
        thumbprint: dongle.evidence().thumbprint,
        counter,
        kind,
    };
    let signed = vendor.sign_instruction(&instruction);
    signed.expect("our own vendor")
}

pub(crate) async fn import(bench: &Bench, file: &[Vec<u8>]) -> Vec<Result<Imported, &'static str>> {
    items(bench, file).await.iter().map(code).collect()
}

pub(crate) async fn items(bench: &Bench, file: &[Vec<u8>]) -> Vec<ImportItem> {
    let done = bench.service.import(&operator(), file.concat()).await;
    done.expect("a sound history")
}

pub(crate) fn code(item: &ImportItem) -> Result<Imported, &'static str> {
    item.outcome.clone().map_err(|refusal| refusal.code())
}

async fn history(bench: &Bench) -> Vec<HistoryEntry> {
    bench.service.history(0, 1_000).await.expect("sound")
}

/// What dongles made of records, as the history tells it.
pub(crate) async fn answered(bench: &Bench) -> Vec<(String, String)> {
    let entries = history(bench).await.into_iter();
    let answers = entries.filter(|entry| entry.kind == "record-answered");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    answers
        .map(|entry| {
            (
                text(&entry.body["sent"]["what"]),
                text(&entry.body["outcome"]),
            )
        })
        .collect()
}

/// Counter of the dongle as it is now, whatever the host knows.
pub(crate) fn counter(dongle: &Dongle) -> u64 {
    let open = session(&dongle.sim()).expect("it is free");
    let counter = open.evidence().counter;
    open.close().expect("it is there");
    counter
}

pub(crate) async fn plugged(dongles: &[&Dongle]) -> Bench {
    let bench = Bench::start().await;
    for dongle in dongles {
        bench.plug(dongle).await;
    }
    bench
}

pub(crate) const NEW: Result<Imported, &str> = Ok(Imported::New);
pub(crate) const ALREADY: Result<Imported, &str> = Ok(Imported::Already);

#[tokio::test]
async fn an_update_goes_into_its_dongle_and_counts_when_the_import_is_answered() {
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    let bench = plugged(&[&dongle]).await;
    let file = [grant(&dongle, 2, 5), grant(&dongle, 3, 8)];
    let told = items(&bench, &file).await;
    assert_eq!(told.iter().map(code).collect::<Vec<_>>(), [NEW, NEW]);
    assert_eq!(
        (told[1].serial.as_deref(), told[1].revision),
        (Some("TK-1"), Some(3))
    );
    assert_eq!(bench.counts("camera").total, 4 + 8);
    let taken = ("grant".to_owned(), "taken".to_owned());
    assert_eq!(answered(&bench).await, [taken.clone(), taken]);

    // The same file again: nothing is sent.
    let before = history(&bench).await.len();
    assert_eq!(import(&bench, &file).await, [ALREADY, ALREADY]);
    assert_eq!(history(&bench).await.len(), before);
    let bench = bench.restart().await;
    assert_eq!(bench.counts("camera").total, 4 + 8, "also from the history");
}

#[tokio::test]
async fn an_update_that_was_cut_is_finished_by_the_same_file() {
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    let bench = plugged(&[&dongle]).await;
    let file = [2, 3, 4].map(|revision| grant(&dongle, revision, 3 + revision));
    assert_eq!(import(&bench, &file[..1]).await, [NEW]);
    // Its power goes in the middle of what it writes next.
    dongle.sim().cut(PowerCut::after(0, Tear::None));
    let cut = import(&bench, &file).await;
    assert_eq!(cut, [ALREADY, Err("dongle-failed"), Err("dongle-failed")]);
    dongle.sim().replug().expect("it boots");
    bench.unplug(&dongle).await;
    bench.plug(&dongle.again()).await;
    assert_eq!(import(&bench, &file).await, [ALREADY, NEW, NEW]);
    assert_eq!(bench.counts("camera").total, 4 + 7);
}

#[tokio::test]
async fn a12_a_record_of_another_dongle_changes_nothing_and_names_the_one_it_is_for() {
    let (one, two) = (
        Dongle::new("TK-1", &[("camera", 3)]),
        Dongle::new("TK-2", &[("camera", 2)]),
    );
    let bench = plugged(&[&two]).await;
    let (before, entries) = (counter(&two), history(&bench).await.len());
    let told = items(&bench, &[grant(&one, 2, 9)]).await;
    assert_eq!(code(&told[0]), Err("dongle-not-here"));
    let said = told[0].outcome.as_ref().expect_err("refused").to_string();
    assert!(said.contains("TK-1"), "{said}");
    assert_eq!(counter(&two), before);
    assert_eq!(history(&bench).await.len(), entries);
    assert_eq!(bench.counts("camera").total, 4 + 2);
    // Plugged in, the same file does it.
    bench.plug(&one).await;
    assert_eq!(import(&bench, &[grant(&one, 2, 9)]).await, [NEW]);
    assert_eq!(bench.counts("camera").total, 4 + 2 + 9);
}

#[tokio::test]
async fn a13_an_older_grant_with_more_is_not_taken_back() {
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    let bench = plugged(&[&dongle]).await;
    let file = [grant(&dongle, 2, 5), grant(&dongle, 3, 8)];
    assert_eq!(import(&bench, &file).await, [NEW, NEW]);
    let before = counter(&dongle);
    for older in [grant(&dongle, 2, 1_000), grant(&dongle, 3, 1_000)] {
        assert_eq!(import(&bench, &[older]).await, [Err("revision-held")]);
    }
    assert_eq!(counter(&dongle), before);
    assert_eq!(bench.counts("camera").total, 4 + 8);
}

#[tokio::test]
async fn a14_an_update_skipped_replayed_or_for_another_key_is_refused_by_name() {
    let dongle = Dongle::new("TK-1", &[("camera", 3), ("vca", 2)]);
    let namesake = Dongle::new("TK-1", &[("camera", 3)]);
    let bench = plugged(&[&dongle]).await;
    let kept = line(2, "vca", 2);
    let (camera, vca) = (line(1, "camera", 4), line(1, "vca", 4));
    let next = with(&dongle, 2, &[camera, kept], |_| ());
    let before = counter(&dongle);
    let table = [
        ("one left out", grant(&dongle, 3, 4), "wrong-revision"),
        (
            "of the key it had before",
            grant(&namesake, 2, 4),
            "wrong-holder",
        ),
        ("fewer cameras", grant(&dongle, 2, 1), "below-given-away"),
        (
            "a line of another feature",
            with(&dongle, 2, &[vca, kept], |_| ()),
            "line-id-reused",
        ),
    ];
    for (what, record, expected) in table {
        assert_eq!(import(&bench, &[record]).await, [Err(expected)], "{what}");
        assert_eq!(counter(&dongle), before, "{what}");
    }
    assert_eq!(bench.counts("camera").total, 4 + 3);
    assert_eq!(import(&bench, std::slice::from_ref(&next)).await, [NEW]);
    assert_eq!(import(&bench, &[next]).await, [ALREADY], "replayed");

    // The other way round in the file, they are handed over in order.
    let swapped = [4, 3].map(|revision| with(&dongle, revision, &[camera, kept], |_| ()));
    assert_eq!(import(&bench, &swapped).await, [NEW, NEW]);
}

#[tokio::test]
async fn of_a_file_what_is_refused_keeps_nothing_else_out() {
    let (one, two) = (
        Dongle::new("TK-1", &[("camera", 3)]),
        Dongle::new("TK-2", &[("camera", 2)]),
    );
    let bench = plugged(&[&one, &two]).await;
    let mut forged = grant(&two, 2, 99);
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let file = [grant(&one, 7, 9), forged, grant(&two, 2, 6)];
    let told = import(&bench, &file).await;
    assert_eq!(told, [Err("wrong-revision"), Err("wrong-vendor"), NEW]);
    assert_eq!(bench.counts("camera").total, 4 + 3 + 6);
}

#[tokio::test]
async fn a_new_owner_code_is_told_once_and_written_nowhere() {
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    let bench = plugged(&[&dongle]).await;
    let reset = instruction(&dongle, Kind::ResetOwnerCode, counter(&dongle));
    // Beside a grant: that would raise the counter which the instruction names.
    let file = [grant(&dongle, 2, 5), reset.clone()];
    let told = items(&bench, &file).await;
    assert_eq!(code(&told[0]), NEW);
    let Ok(Imported::OwnerCode(code)) = &told[1].outcome else {
        panic!("no code: {told:?}")
    };
    assert!(OwnerCode::parse(&code.0).is_some());
    assert!(!format!("{told:?}").contains(&code.0));
    for entry in history(&bench).await {
        assert!(!entry.body.to_string().contains(&code.0), "{entry:?}");
    }
    assert_eq!(
        import(&bench, std::slice::from_ref(&reset)).await,
        [Err("instruction-stale")]
    );
    let by_itself = bench.service.import(&Actor::inbox(), reset).await;
    let told: Vec<_> = by_itself.expect("sound").iter().map(self::code).collect();
    assert_eq!(told, [Err("import-by-hand")]);
}

#[tokio::test]
async fn a_recycled_dongle_gives_nothing_any_more_and_waits_while_receipts_are_open() {
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    let bench = plugged(&[&dongle]).await;
    let convertible = with(&dongle, 2, &[line(1, "camera", 3)], |grant| {
        grant.convert = Convert::Desk;
    });
    assert_eq!(import(&bench, &[convertible]).await, [NEW]);
    let (kept, digest) = retire(&dongle);
    let recycle = || instruction(&dongle, Kind::Recycle, counter(&dongle));
    assert_eq!(import(&bench, &[recycle()]).await, [Err("receipts-open")]);

    let mut open = session(&dongle.sim()).expect("it is free");
    open.acknowledge(kept, digest).expect("its own receipt");
    open.close().expect("it is there");
    bench.plug(&dongle.again()).await;
    assert_eq!(import(&bench, &[recycle()]).await, [NEW]);
    let gone = bench
        .service
        .wait_for(|snapshot| dongle.state_in(snapshot) != Some("open") && snapshot.away.is_empty());
    gone.await.expect("the service runs");
    assert_eq!(bench.counts("camera").total, 4, "nor for a grace");
    let bench = bench.restart().await;
    assert_eq!(bench.counts("camera").total, 4);
    assert!(bench.service.snapshot().away.is_empty());
}

/// Has it give one camera back to the vendor; counter and digest of the receipt.
fn retire(dongle: &Dongle) -> (u64, [u8; 32]) {
    let mut open = session(&dongle.sim()).expect("it is free");
    let order = Order {
        kind: receipt::Kind::Retire,
        request_id: [7; 16],
        counter: open.evidence().counter,
        product: product().product,
        shares: List::of(&[Share { line: 1, count: 1 }]).expect("one"),
        target: None,
    };
    let mut buffer = [0; ORDER_MAX];
    let length = order.encode(&mut buffer).expect("it fits");
    let order = &buffer[..length];
    open.give(order, &dongle.code()).expect("it gives");
    let evidence = open.prove().expect("it is there");
    let kept = (evidence.receipts[0].counter, evidence.receipts[0].digest);
    open.close().expect("it is there");
    kept
}

#[tokio::test]
async fn a_dongle_that_does_not_answer_keeps_no_import_waiting_for_ever() {
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    let bench = plugged(&[&dongle]).await;
    bench.hold();
    let (service, file) = (bench.service.clone(), grant(&dongle, 2, 8));
    let waiting = tokio::spawn(async move { service.import(&operator(), file).await });
    let sent = |entries: &[HistoryEntry]| entries.iter().any(|one| one.kind == "record-sent");
    while !sent(&history(&bench).await) {
        tokio::task::yield_now().await;
    }
    bench.pass(Duration::from_secs(61)).await;
    let told = waiting.await.expect("no panic").expect("a sound history");
    assert_eq!(code(&told[0]), Err("dongle-slow"));
    assert_eq!(bench.counts("camera").total, 4 + 3);
    // It comes to it later: that is not lost, and the file says so.
    bench.go_on();
    let raised = bench
        .service
        .wait_for(|snapshot| snapshot.features[0].total == 4 + 8);
    raised.await.expect("the service runs");
    assert_eq!(import(&bench, &[grant(&dongle, 2, 8)]).await, [ALREADY]);
    assert_eq!(answered(&bench).await.len(), 1);
}
