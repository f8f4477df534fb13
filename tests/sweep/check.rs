//! What must be so, whatever died when.

use std::collections::BTreeMap;

use tallykey::dongle::Evidence;
use tallykey::ledger::{Event, ReceiptKept};
use tallykey::service::{
    Actor, AuthenticationType, Conversion, Goal, Imported, LineSource, Service, Snapshot,
};
use tallykey_protocol::cert::Certificate;
use tallykey_protocol::receipt::Receipt;
use tokio::sync::mpsc;

use super::bus::Bus;
use super::case::{Case, FREE, Factory, HAS};
use super::disk::{Disk, Writer};
use super::life::Host;
use super::stage::{Stage, World};

fn total(snapshot: &Snapshot, feature: &str) -> u64 {
    let counts = snapshot.features.iter().find(|one| one.id == feature);
    counts.expect("a feature of the product").total
}

/// Channels of `camera` and of `vca` that count.
pub(crate) fn totals(snapshot: &Snapshot) -> [u64; 2] {
    [total(snapshot, "camera"), total(snapshot, "vca")]
}

/// At no moment more is counted than there ever was, and nothing here that is for another machine.
pub(crate) fn published(snapshot: &Snapshot, case: &Case) {
    let [camera, vca] = totals(snapshot);
    assert!(camera <= FREE + HAS[0] && vca <= HAS[1], "{}", case.name);
    let software = snapshot.authentication_type == AuthenticationType::Software;
    assert!(case.goal == Goal::ThisMachine || !software, "{}", case.name);
}

/// The receipts that the disk keeps, by counter.
pub(crate) fn kept(disk: &Disk) -> BTreeMap<u64, ReceiptKept> {
    let kept = disk.events().into_iter().filter_map(|event| match event {
        Event::ReceiptKept(kept) => Some((kept.counter, *kept)),
        _ => None,
    });
    let mut receipts = BTreeMap::new();
    for (counter, one) in kept {
        assert!(receipts.insert(counter, one).is_none(), "kept twice");
    }
    receipts
}

/// What the dongle still has and what its receipts say is what it was.
pub(crate) fn sum(evidence: &Evidence, disk: &Disk) {
    let kept = kept(disk);
    let mut receipts: BTreeMap<u64, u64> = kept
        .iter()
        .map(|(counter, one)| {
            (
                *counter,
                one.given.iter().map(|given| given.channels()).sum(),
            )
        })
        .collect();
    let leaf = Certificate::parse(&evidence.chain[0]).expect("it was verified");
    for one in &evidence.receipts {
        let verified = Receipt::verify(&one.record, one.kind, leaf.public_key());
        let (receipt, _) = verified.expect("the dongle signed it");
        let channels = receipt.given.iter().map(|given| given.channels()).sum();
        let here = kept.get(&one.counter);
        if let Some(here) = here {
            assert_eq!(here.receipt.0, one.record, "one identity, one receipt");
        }
        receipts.insert(one.counter, channels);
    }
    let proof = evidence.proof().expect("it was verified");
    let given = proof.grants.iter().flat_map(|grant| grant.given.iter());
    let given: u64 = given.map(|given| given.count).sum();
    assert_eq!(given, receipts.values().sum::<u64>(), "{receipts:?}");
}

/// What the dongle was told is kept is on the disk.
pub(crate) fn told(evidence: &Evidence, disk: &Disk) {
    let kept = kept(disk);
    let told = evidence.receipts.iter().filter(|one| one.acknowledged);
    for one in told {
        assert!(kept.contains_key(&one.counter), "told before it was kept");
    }
}

/// With the dongle plugged in and nothing under way, what counts is what there is.
pub(crate) async fn settled(service: &Service, stage: &Stage, case: &Case) {
    let gone: [u64; 2] = match (case.goal, kept(&stage.disk()).is_empty()) {
        (Goal::ThisMachine, _) | (_, true) => [0, 0],
        (Goal::OtherMachine | Goal::Desk, false) => case.gives(),
    };
    let now = totals(&service.snapshot());
    assert_eq!(
        now,
        [FREE + HAS[0] - gone[0], HAS[1] - gone[1]],
        "{}",
        case.name
    );
    one_kind(service, case).await;
}

/// What counts is of dongles or of licences, never of both.
pub(crate) async fn one_kind(service: &Service, case: &Case) {
    let licences = service.licences().await.expect("it runs");
    let active = |wanted: fn(&LineSource) -> bool| {
        let mut lines = licences.lines.iter().map(|used| &used.line);
        lines.any(|line| line.active && wanted(&line.source))
    };
    let dongle = active(|source| matches!(source, LineSource::Dongle { .. }));
    let software = active(|source| matches!(source, LineSource::Licence { .. }));
    assert!(!(dongle && software), "{}: both", case.name);
}

/// It is done, once.
pub(crate) async fn done(host: &Host, case: &Case) {
    let conversions = host.conversions().await;
    let [done] = &conversions[..] else {
        panic!("{}: once: {conversions:?}", case.name)
    };
    assert_eq!(done.goal, case.goal);
    assert_eq!(
        done.given.iter().map(|given| given.channels()).sum::<u64>(),
        case.gives().iter().sum::<u64>()
    );
    let kept = kept(&host.stage.disk());
    assert_eq!(kept.len(), 1);
    let kind = host.service.snapshot().authentication_type;
    let expected = match (case.goal, case.whole) {
        (Goal::ThisMachine, _) => AuthenticationType::Software,
        (_, true) => AuthenticationType::None,
        (_, false) => AuthenticationType::Dongle,
    };
    assert_eq!(kind, expected, "{}", case.name);
}

/// The licence that a conversion makes is one file, however often it is asked for.
pub(crate) fn same_file(file: &mut Option<(String, Vec<u8>)>, one: &Conversion) {
    let (Some(receipt), Some(licence)) = (&one.receipt, &one.licence) else {
        return;
    };
    let now = (receipt.clone(), licence.clone());
    assert_eq!(*file.get_or_insert(now.clone()), now);
}

/// On the other machine the licence gives what the dongle gave, once.
pub(crate) async fn import_there(factory: &Factory, file: Vec<u8>, done: &Conversion) {
    let world = World {
        disk: Disk::default(),
        flash: factory.start.flash.clone(),
    };
    let stage = Stage::set(world, &[]);
    let (events, told) = mpsc::channel(1);
    let store = Writer(stage.clone());
    let bus = Bus {
        stage,
        events: events.clone(),
    };
    let there = Service::start(factory.settings(false), store, told, Box::new(bus)).await;
    let there = there.expect("an empty disk");
    for expected in [Imported::New, Imported::Already] {
        let items = there.import(&Actor::user(1_000), file.clone()).await;
        let outcome = items.expect("it runs").pop().expect("one").outcome;
        assert_eq!(outcome.ok(), Some(expected));
    }
    let given: u64 = done.given.iter().map(|given| given.channels()).sum();
    let there: u64 = totals(&there.snapshot()).iter().sum();
    assert_eq!(there, FREE + given);
}
