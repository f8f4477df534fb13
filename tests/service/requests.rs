//! Requests for the vendor's desk: what is in them, and what they are for.

use std::collections::BTreeMap;

use tallykey::service::{
    Gift, Imported, LeftOut, Purpose, RequestAsk, RequestFile, Returning, ServiceError,
};
use tallykey_protocol::armour::{self, Label};
use tallykey_protocol::cert::Certificate;
use tallykey_protocol::id::thumbprint;
use tallykey_protocol::licence::Licence;
use tallykey_protocol::limits::REQUEST_MAX;
use tallykey_protocol::list::List;
use tallykey_protocol::receipt::Kind;
use tallykey_protocol::request::{Held, Request};
use tallykey_signing::{machine_licence, next_licence, simulator};

use crate::bench::{Bench, operator, product};
use crate::convert;
use crate::converted::Parts;
use crate::dongle::Dongle;
use crate::software::{ISSUED, import_one, line, sign};

async fn try_ask(bench: &Bench, ask: RequestAsk) -> Result<RequestFile, ServiceError> {
    bench.service.make_request(&operator(), ask).await
}

/// What the host chooses to ask.
pub(crate) async fn ask(bench: &Bench) -> RequestFile {
    let made = try_ask(bench, RequestAsk::default()).await;
    made.expect("nothing is in the way")
}

/// The record in a request's file.
pub(crate) fn record(file: &RequestFile) -> Vec<u8> {
    let text = file.content.as_deref().expect("it was made");
    let mut buffer = vec![0; REQUEST_MAX];
    let record = armour::single(text.as_bytes(), Label::Request, &mut buffer);
    record.expect("one request").to_vec()
}

pub(crate) fn read(record: &[u8]) -> Request<'_> {
    Request::verify(record).expect("our own request").0
}

/// A licence of so many cameras that answers a request, after `held` if there is one. `desk_nonce`: the first phase of
/// a return.
fn answer(
    request: &Request<'_>,
    count: u64,
    held: Option<&[u8]>,
    desk_nonce: Option<[u8; 32]>,
) -> Vec<u8> {
    let (product, target) = (product(), request.target());
    let lines = [line(1, count)];
    let lines = List::of(&lines).expect("one fits");
    let vendor = simulator::vendor().expect("constant keys");
    let root = Certificate::parse(vendor.root_certificate()).expect("a root");
    let held = held.map(|held| Licence::verify(held, &root).expect("our own licence"));
    let licence = match &held {
        None => machine_licence(&product, &target, lines, ISSUED),
        Some((held, identity)) => next_licence(held, *identity, lines, ISSUED),
    };
    sign(&Licence {
        request_nonce: Some(request.nonce),
        desk_nonce,
        ..licence
    })
}

/// Bodies of the history's entries of a kind, in order.
pub(crate) async fn told(bench: &Bench, kind: &str) -> Vec<serde_json::Value> {
    let page = bench.service.history(0, 1_000).await.expect("it runs");
    let of_kind = page.into_iter().filter(|entry| entry.kind == kind);
    of_kind.map(|entry| entry.body).collect()
}

#[tokio::test]
async fn a_request_says_who_the_host_is_and_what_it_has_and_is_in_the_history() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    bench.plug(&dongle).await;
    let first = ask(&bench).await;
    let bytes = record(&first);
    import_one(&bench, &answer(&read(&bytes), 8, None, None))
        .await
        .expect("it is for this machine");
    let head = bench.service.snapshot().head;

    let file = try_ask(
        &bench,
        RequestAsk {
            channels: BTreeMap::from([("vca".into(), 5), ("camera".into(), 96)]),
            ..RequestAsk::default()
        },
    )
    .await
    .expect("nothing is in the way");
    let bytes = record(&file);
    let request = read(&bytes);
    assert_eq!(
        (request.host, request.product),
        ("nvr-3 駅", "tallykey-vms")
    );
    assert_eq!((request.purpose, file.chosen), (Purpose::Update, true));
    assert_eq!(request.issued_at, 1_700_000_000);
    assert_eq!((request.history.sequence, request.history.hash), head);
    assert_eq!(request.binding.components.len(), 6);
    let wanted: Vec<_> = request
        .wanted
        .iter()
        .map(|one| (one.feature, one.count))
        .collect();
    assert_eq!(wanted, [("camera", 96), ("vca", 5)]);
    assert_eq!(file.name, "nvr-3_update_camera-96_vca-5_2023-11-14.tkr");

    let installed: Vec<_> = request.installed.iter().collect();
    let [installed] = &installed[..] else {
        panic!("one is installed: {installed:?}")
    };
    let lines: Vec<_> = installed.lines.iter().collect();
    assert_eq!(
        (installed.revision, &lines[..]),
        (1, &[Held { line: 1, count: 8 }][..])
    );

    let marks: Vec<_> = request.marks.iter().collect();
    let [mark] = &marks[..] else {
        panic!("one dongle was seen: {marks:?}")
    };
    assert_eq!(mark.serial, "TK-1");
    let revisions: Vec<_> = mark
        .revisions
        .iter()
        .map(|one| (one.product, one.revision))
        .collect();
    assert_eq!(revisions, [("tallykey-vms", 1)]);

    // The dongle signed for this request, and for no other.
    let vendor = simulator::vendor().expect("constant keys");
    let root = Certificate::parse(vendor.root_certificate()).expect("a root");
    let dongles: Vec<_> = request.dongles.iter().collect();
    let [plugged] = &dongles[..] else {
        panic!("one is plugged in: {dongles:?}")
    };
    let attested = plugged.verify(&request, &root).expect("a fresh proof");
    assert_eq!(
        (attested.serial, attested.thumbprint),
        ("TK-1", mark.thumbprint)
    );
    let proof = attested.proof.expect("it is plugged in");
    assert_eq!(proof.counter, mark.counter);
    let held = proof.grants.iter().next().expect("a grant");
    assert!(
        plugged.grant(&held.digest).is_some(),
        "its grant travels with it"
    );
    let earlier = record(&first);
    assert!(plugged.verify(&read(&earlier), &root).is_err());

    // Neither salt nor nonce comes twice; an answer is noted once.
    let earlier = read(&earlier);
    assert_ne!(earlier.nonce, request.nonce);
    assert_ne!(earlier.binding.salt, request.binding.salt);
    assert_eq!(earlier.host_key, request.host_key);
    let made = told(&bench, "request-made").await;
    assert_eq!(made.len(), 2);
    assert_eq!(made[1]["wanted"]["camera"], 96);
    assert_eq!(made[1]["file"], file.name.as_str());
    assert_eq!(made[1]["dongles"][0], "TK-1");
    let answered = told(&bench, "request-answered").await;
    assert_eq!(answered.len(), 1);
    assert_eq!(answered[0]["nonce"], made[0]["nonce"]);
    bench.restart().await;
}

#[tokio::test]
async fn a_dry_run_makes_nothing_and_what_does_not_exist_cannot_be_asked_for() {
    let bench = Bench::start().await;
    let dry = RequestAsk {
        dry_run: true,
        ..RequestAsk::default()
    };
    let file = try_ask(&bench, dry).await.expect("nothing is in the way");
    assert_eq!((file.content, file.purpose), (None, Purpose::New));
    let unknown = RequestAsk {
        channels: BTreeMap::from([("camel".into(), 1)]),
        ..RequestAsk::default()
    };
    let early = RequestAsk {
        purpose: Some(Purpose::ReturnConfirmation),
        ..RequestAsk::default()
    };
    for (ask, code) in [(unknown, "unknown-feature"), (early, "nothing-to-confirm")] {
        let refused = try_ask(&bench, ask).await;
        let Err(ServiceError::Refused(refusal)) = refused else {
            panic!("{code}: {refused:?}")
        };
        assert_eq!(refusal.code(), code);
    }
    assert!(told(&bench, "request-made").await.is_empty());
}

#[tokio::test]
async fn a_dongle_that_cannot_be_asked_is_left_out_and_that_is_said() {
    let bench = Bench::start().await;
    let (here, gone) = (
        Dongle::new("TK-1", &[("camera", 3)]),
        Dongle::new("TK-2", &[("camera", 3)]),
    );
    let deaf = Dongle::new("TK-3", &[("camera", 3)]);
    for dongle in [&here, &gone, &deaf] {
        bench.plug(dongle).await;
    }
    bench.pull(&gone);
    bench.deafen(&deaf);
    // Only this wait is for a clock.
    tokio::time::pause();
    let file = ask(&bench).await;
    tokio::time::resume();
    assert_eq!(file.dongles, ["TK-1"]);
    let left_out = file.left_out.iter();
    let left_out: Vec<_> = left_out
        .map(|LeftOut { what, code, .. }| (what.as_deref(), *code))
        .collect();
    assert_eq!(
        left_out,
        [(Some("TK-2"), "not-found"), (Some("TK-3"), "no-answer")]
    );
    let bytes = record(&file);
    assert_eq!(read(&bytes).dongles.len(), 1);
    assert_eq!(
        read(&bytes).marks.len(),
        3,
        "what was seen of them is told all the same"
    );
}

#[tokio::test]
async fn what_a_dongle_converted_to_this_machine_comes_with_its_receipt() {
    let bench = Bench::start().await;
    let first = ask(&bench).await;
    let bytes = record(&first);
    let vendor = simulator::vendor().expect("constant keys");
    let parts = Parts::of(&vendor, &product(), read(&bytes).target());
    import_one(&bench, &parts.envelope())
        .await
        .expect("it is for this machine");

    let bytes = record(&ask(&bench).await);
    let request = read(&bytes);
    assert_eq!(request.purpose, Purpose::Update);
    let root = Certificate::parse(vendor.root_certificate()).expect("a root");
    let dongle = request
        .dongles
        .iter()
        .next()
        .expect("the one that converted");
    assert_eq!(dongle.proof, None, "it is not plugged in");
    let receipt = dongle.receipts.iter().next().expect("its receipt");
    let (kind, traced) = dongle.trace(receipt, &root).expect("it leads to the root");
    assert_eq!(kind, Kind::ConvertOffline);
    let installed = request
        .installed
        .iter()
        .next()
        .expect("the licence made from it");
    assert_eq!(installed.identity, traced.identity);
}

#[tokio::test]
async fn a22_a_return_waits_for_the_request_that_confirms_it_and_ends_with_the_next_licence() {
    let bench = Bench::start().await;
    let bytes = record(&ask(&bench).await);
    let request = read(&bytes);
    let whole = answer(&request, 64, None, None);
    import_one(&bench, &whole)
        .await
        .expect("it is for this machine");
    assert!(bench.service.snapshot().returns.is_empty());

    let bytes = record(&ask(&bench).await);
    let lowered = answer(&read(&bytes), 40, Some(&whole), Some([0xDE; 32]));
    import_one(&bench, &lowered).await.expect("it follows");
    let state = |bench: &Bench| {
        let returns = bench.service.snapshot().returns.clone();
        let [(_, returning)] = &returns[..] else {
            panic!("one return: {returns:?}")
        };
        returning.clone()
    };
    assert_eq!(state(&bench), Returning::WaitingConfirm);
    assert_eq!(bench.counts("camera").total, 44, "it counts less at once");
    // What it replaced never comes back.
    assert_eq!(import_one(&bench, &whole).await, Err("licence-absorbed"));

    let bench = bench.restart().await;
    assert_eq!(state(&bench), Returning::WaitingConfirm);
    let confirmation = ask(&bench).await;
    assert_eq!(
        (confirmation.purpose, confirmation.chosen),
        (Purpose::ReturnConfirmation, true)
    );
    let bytes = record(&confirmation);
    let request = read(&bytes);
    assert_eq!(request.desk_nonce, Some([0xDE; 32]));
    let shown: Vec<_> = request
        .installed
        .iter()
        .map(|one| (one.revision, one.lines.len()))
        .collect();
    assert_eq!(shown, [(2, 1)]);
    let sent = Returning::ConfirmationSent {
        at: crate::bench::NOW,
        file: confirmation.name.clone(),
    };
    let bench = bench.restart().await;
    assert_eq!(state(&bench), sent);

    // It is not chosen again; asked for, because the file was lost, it echoes the same.
    let next = ask(&bench).await;
    assert_eq!(next.purpose, Purpose::Update);
    let update = record(&next);
    assert_eq!(read(&update).desk_nonce, None);
    let again = RequestAsk {
        purpose: Some(Purpose::ReturnConfirmation),
        ..RequestAsk::default()
    };
    let again = record(&try_ask(&bench, again).await.expect("it can be made again"));
    assert_eq!(read(&again).desk_nonce, Some([0xDE; 32]));

    let later = answer(&read(&update), 80, Some(&lowered), None);
    import_one(&bench, &later).await.expect("it follows");
    assert!(bench.service.snapshot().returns.is_empty());
    // Also after a delete.
    let licences = bench.service.licences().await.expect("it runs");
    let id = licences.installed[0].id.clone();
    let removed = bench.service.remove_licence(&operator(), &id).await;
    removed.expect("it is there");
    for old in [&whole, &lowered] {
        assert_eq!(import_one(&bench, old).await, Err("licence-absorbed"));
    }
}

#[tokio::test]
async fn a_machine_that_changed_and_a_host_key_that_was_lost_ask_for_a_repair() {
    let bench = Bench::start().await;
    let bytes = record(&ask(&bench).await);
    let licence = answer(&read(&bytes), 8, None, None);
    assert_eq!(import_one(&bench, &licence).await, Ok(Imported::New));
    assert_eq!(ask(&bench).await.purpose, Purpose::Update);

    let clock = bench.clock.clone();
    let bench = bench.restart_after(|| clock.become_machine("nuc")).await;
    let request = ask(&bench).await;
    assert_eq!((request.purpose, request.chosen), (Purpose::Repair, true));
    let bench = bench.restart_after(|| clock.become_machine("server")).await;
    assert_eq!(ask(&bench).await.purpose, Purpose::Update);

    let key = bench.folder().join("host-key.pem");
    let bench = bench
        .restart_after(|| std::fs::remove_file(key).expect("it is there"))
        .await;
    let licences = bench.service.licences().await.expect("it runs");
    assert!(licences.installed[0].unbound);
    assert_eq!(bench.counts("camera").total, 12, "it counts on");
    let request = ask(&bench).await;
    assert_eq!(request.purpose, Purpose::Repair);
    let other = record(&request);
    assert_ne!(
        thumbprint(&read(&other).host_key),
        thumbprint(&read(&bytes).host_key)
    );
}

#[tokio::test]
async fn what_a_dongle_retired_goes_to_the_desk_also_when_the_dongle_is_elsewhere() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    bench.plug(&dongle).await;
    let wish = convert::ask(&dongle, Gift::Retire, &[("camera", 2)]);
    let retired = bench.service.convert(&operator(), wish).await;
    retired.expect("nothing is in the way");
    let here = ask(&bench).await;
    assert_eq!(
        (here.purpose, here.receipts.len()),
        (Purpose::Conversion, 1)
    );

    // It was asked once; the receipt travels on, for the desk may have lost it.
    bench.unplug(&dongle).await;
    let away = ask(&bench).await;
    assert_eq!((away.purpose, away.dongles.len()), (Purpose::Update, 0));
    assert_eq!(away.receipts, here.receipts);
    let vendor = simulator::vendor().expect("constant keys");
    let root = Certificate::parse(vendor.root_certificate()).expect("a root");
    for file in [&here, &away] {
        let bytes = record(file);
        let request = read(&bytes);
        assert_eq!(request.dongles.len(), 1);
        let dongle = request.dongles.iter().next().expect("its dongle");
        assert_eq!(dongle.receipts.len(), 1, "once, wherever it was found");
        let receipt = dongle.receipts.iter().next().expect("the receipt");
        let (kind, traced) = dongle.trace(receipt, &root).expect("it leads to the root");
        assert_eq!((kind, traced.lines[0].count), (Kind::Retire, 2));
    }
}
