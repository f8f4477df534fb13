use tallykey::arbiter::AuthenticationType;
use tallykey::dongle::Fault;
use tallykey::licence::Refusal;
use tallykey::service::watch::DongleEvent;
use tallykey::service::{AllocationState, ServiceError, Snapshot};
use tallykey_protocol::grant::{Line, Plan};

use crate::bench::{Bench, GRACE, NOW, operator};
use crate::dongle::Dongle;

/// Devices that are licensed, oldest first, and those that are suspended.
async fn standing(bench: &Bench) -> (Vec<String>, Vec<String>) {
    let all = bench.service.allocations().await.expect("a sound history");
    let (licensed, suspended): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|one| one.state == AllocationState::Licensed);
    let names =
        |list: Vec<tallykey::service::Allocation>| list.into_iter().map(|one| one.device).collect();
    (names(licensed), names(suspended))
}

async fn kinds(bench: &Bench) -> Vec<String> {
    let entries = bench
        .service
        .history(0, 1_000)
        .await
        .expect("a sound history");
    entries.into_iter().map(|entry| entry.kind).collect()
}

fn gates(range: std::ops::RangeInclusive<u32>) -> Vec<String> {
    range.map(|number| format!("gate-{number}")).collect()
}

#[tokio::test]
async fn without_a_dongle_free_channels_work_at_once() {
    let bench = Bench::start().await;
    let snapshot = bench.service.snapshot();
    assert_eq!(snapshot.authentication_type, AuthenticationType::None);
    assert!(snapshot.dongles.is_empty());
    for gate in gates(1..=4) {
        bench.ask(&gate).await.expect("four are free");
    }
    let counts = bench.counts("camera");
    assert_eq!(
        (counts.total, counts.free_used, counts.available),
        (4, 4, 0)
    );
    let refused = bench.ask("gate-5").await;
    let Err(ServiceError::Refused(Refusal::NoChannelLeft { counts, .. })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((counts.owned, counts.free, counts.used), (4, 4, 4));
}

#[tokio::test]
async fn a_dongle_that_leaves_suspends_the_newest_and_its_return_resumes_them() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    let snapshot = bench.plug(&dongle).await;
    assert_eq!(snapshot.authentication_type, AuthenticationType::Dongle);
    for gate in gates(1..=7) {
        bench.ask(&gate).await.expect("4 free and 3 paid");
    }

    let snapshot = bench.lose(&dongle).await;
    assert_eq!(snapshot.authentication_type, AuthenticationType::None);
    assert_eq!(standing(&bench).await, (gates(1..=4), gates(5..=7)));
    let counts = bench.counts("camera");
    assert_eq!(
        (
            counts.total,
            counts.used,
            counts.available,
            counts.suspended
        ),
        (4, 4, 0, 3)
    );

    bench.plug(&dongle).await;
    assert_eq!(standing(&bench).await, (gates(1..=7), vec![]));
    let expected = [
        "service-started",
        "dongle-opened",
        "authentication-type",
        "allocated",
        "allocated",
        "allocated",
        "allocated",
        "allocated",
        "allocated",
        "allocated",
        "dongle-left",
        "grace-exhausted",
        "authentication-type",
        "dongle-opened",
        "authentication-type",
    ];
    assert_eq!(kinds(&bench).await, expected);
}

#[tokio::test]
async fn a_restart_keeps_every_allocation_and_gives_the_dongle_time_to_prove_itself() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    bench.plug(&dongle).await;
    for gate in gates(1..=7) {
        bench.ask(&gate).await.expect("4 free and 3 paid");
    }
    let bench = bench.crash().await;
    assert_eq!(
        bench.service.snapshot().authentication_type,
        AuthenticationType::Dongle
    );
    assert_eq!(standing(&bench).await, (gates(1..=7), vec![]));
    bench.pass(GRACE).await;
    assert_eq!(
        bench.service.snapshot().authentication_type,
        AuthenticationType::None
    );
    assert_eq!(standing(&bench).await, (gates(1..=4), gates(5..=7)));
    bench.plug(&dongle).await;
    assert_eq!(standing(&bench).await, (gates(1..=7), vec![]));
    assert!(!bench.ask("gate-7").await.expect("held").created);
}

#[tokio::test]
async fn dongles_add_up_and_each_takes_only_its_own_share_away() {
    let bench = Bench::start().await;
    let (one, two) = (
        Dongle::new("TK-1", &[("camera", 3)]),
        Dongle::new("TK-2", &[("camera", 2), ("vca", 8)]),
    );
    bench.plug(&one).await;
    bench.plug(&two).await;
    assert_eq!(
        (bench.counts("camera").total, bench.counts("vca").total),
        (9, 8)
    );
    bench.lose(&one).await;
    assert_eq!(
        (bench.counts("camera").total, bench.counts("vca").total),
        (6, 8)
    );
    bench.plug(&one).await;
    bench.lose(&two).await;
    assert_eq!(
        (bench.counts("camera").total, bench.counts("vca").total),
        (7, 0)
    );
}

#[tokio::test]
async fn one_key_at_two_ports_counts_once() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    bench.plug(&dongle).await;
    // After a hub reset it may come back before its leaving was seen.
    let again = dongle.at("another port");
    let before = bench.service.snapshot().head.0;
    let snapshot = bench
        .tell(again.opened(), |snapshot| snapshot.head.0 > before)
        .await;
    assert_eq!(snapshot.dongles.len(), 1);
    assert_eq!(bench.counts("camera").total, 7);
    let late = DongleEvent::Left {
        key: dongle.key().into(),
    };
    bench
        .tell(late, |snapshot| snapshot.dongles.len() == 1)
        .await;
    bench.lose(&again).await;
    assert_eq!(bench.counts("camera").total, 4);
}

#[tokio::test]
async fn a13_a_dongle_set_back_is_rolled_back_and_one_ahead_is_believed() {
    let bench = Bench::start().await;
    let before = Dongle::new("TK-1", &[("camera", 3)]);
    let after = before.raised(&[("camera", 5)]);
    bench.plug(&after).await;
    assert_eq!(bench.counts("camera").total, 9);
    bench.lose(&after).await;

    // The marks are in the history: a restart does not forget them.
    let bench = bench.restart().await;
    let snapshot = bench
        .tell(before.opened(), |snapshot| {
            before.state_in(snapshot) == Some("rolled-back")
        })
        .await;
    let problem = snapshot.dongles[0].problem.as_ref().expect("a reason");
    assert!(
        problem.detail.contains("counter") && !problem.next.is_empty(),
        "{problem:?}"
    );
    assert_eq!(bench.counts("camera").total, 4);

    let further = after.raised(&[("camera", 9)]);
    bench
        .tell(
            DongleEvent::Left {
                key: before.key().into(),
            },
            |snapshot| snapshot.dongles.is_empty(),
        )
        .await;
    bench.plug(&further).await;
    assert_eq!(bench.counts("camera").total, 13);
    let entries = bench
        .service
        .history(0, 1_000)
        .await
        .expect("a sound history");
    let opened = entries.iter().filter(|entry| entry.kind == "dongle-opened");
    let seen: Vec<_> = opened
        .map(|entry| entry.body["seen"].as_str().expect("a word"))
        .collect();
    assert_eq!(seen, ["never", "ahead"]);
}

#[tokio::test]
async fn a_proof_of_what_is_known_is_not_written_and_one_of_something_new_is() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    bench.plug(&dongle).await;
    let head = bench.service.snapshot().head;
    let proved = |dongle: &Dongle| match dongle.opened() {
        DongleEvent::Opened { key, evidence } => DongleEvent::Proved { key, evidence },
        other => other,
    };
    bench.tell(proved(&dongle), |_| true).await;
    // Answered in order: when this is answered, the proof has been looked at.
    bench.service.allocations().await.expect("a sound history");
    assert_eq!(bench.service.snapshot().head, head);

    let raised = dongle.raised(&[("camera", 5)]);
    bench
        .tell(proved(&raised), |snapshot| snapshot.head != head)
        .await;
    assert_eq!(bench.counts("camera").total, 9);
}

#[tokio::test]
async fn a_dongle_with_nothing_for_this_product_is_empty() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-EMPTY", &[("camera", 0)]);
    let snapshot = bench
        .tell(dongle.opened(), |snapshot| !snapshot.dongles.is_empty())
        .await;
    assert_eq!(dongle.state_in(&snapshot), Some("empty"));
    assert_eq!(snapshot.authentication_type, AuthenticationType::None);
}

#[tokio::test]
async fn a_faulty_dongle_shows_what_is_wrong_and_what_to_do() {
    let bench = Bench::start().await;
    let fault = Fault::NoPermission {
        place: "/dev/hidraw0".into(),
    };
    let faulted = DongleEvent::Faulted {
        key: "a".into(),
        usb_serial: Some("TK-9\u{1b}[2J".into()),
        fault,
    };
    let snapshot = bench
        .tell(faulted, |snapshot| !snapshot.dongles.is_empty())
        .await;
    let [dongle] = &snapshot.dongles[..] else {
        panic!("one dongle")
    };
    assert_eq!(dongle.state, "no-permission");
    assert_eq!(
        dongle.serial, None,
        "a08: what is not proved and not harmless is not shown"
    );
    let problem = dongle.problem.as_ref().expect("a reason");
    assert!(
        problem.detail.contains("/dev/hidraw0") && problem.next.contains("udev"),
        "{problem:?}"
    );
}

#[tokio::test]
async fn a_fault_of_an_open_dongle_is_as_if_it_were_away() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    bench.plug(&dongle).await;
    let fault = Fault::Busy { age_ms: 1_000 };
    let faulted = DongleEvent::Faulted {
        key: dongle.key().into(),
        usb_serial: Some(dongle.serial().into()),
        fault,
    };
    bench
        .tell(faulted, |snapshot| {
            dongle.state_in(snapshot) == Some("busy")
        })
        .await;
    assert_eq!(bench.counts("camera").total, 7);
    bench.pass(GRACE).await;
    assert_eq!(bench.counts("camera").total, 4);
    bench.plug(&dongle).await;
    assert_eq!(bench.counts("camera").total, 7);
}

#[tokio::test]
async fn only_an_open_dongle_blinks() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    let refused = |result: Result<(), ServiceError>| match result {
        Err(ServiceError::Refused(refusal)) => refusal.code(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        refused(bench.service.wink(&operator(), "TK-1").await),
        "no-such-dongle"
    );
    bench.plug(&dongle).await;
    bench
        .service
        .wink(&operator(), "TK-1")
        .await
        .expect("it is open");
    let fault = Fault::Busy { age_ms: 1_000 };
    let faulted = DongleEvent::Faulted {
        key: dongle.key().into(),
        usb_serial: Some("TK-1".into()),
        fault,
    };
    bench
        .tell(faulted, |snapshot| {
            dongle.state_in(snapshot) == Some("busy")
        })
        .await;
    assert_eq!(
        refused(bench.service.wink(&operator(), "TK-1").await),
        "dongle-not-open"
    );
}

#[tokio::test]
async fn a_line_counts_from_its_first_moment_to_its_last() {
    let bench = Bench::start().await;
    let first = NOW / 1_000 + 100;
    let seconds = |moment: i64| u64::try_from(moment).expect("after 1970");
    let term = Line {
        id: 2,
        feature: "camera",
        count: 2,
        plan: Plan::FixedTerm,
        valid_from: seconds(first),
        valid_to: Some(seconds(first + 50)),
    };
    let channels = [("camera", 1)];
    let dongle = Dongle::new("TK-TERM", &channels).with_line(&channels, term);
    bench.plug(&dongle).await;
    assert_eq!(bench.counts("camera").total, 5);

    // The request that comes in the first moment is the first that may have it.
    bench.clock.pass_until(first * 1_000);
    for gate in gates(1..=7) {
        bench
            .ask(&gate)
            .await
            .expect("4 free, 1 perpetual, 2 of the term");
    }
    // And the one that comes when it has ended is refused, though nothing else happened.
    bench
        .service
        .release(
            &operator(),
            bench.ask("gate-7").await.expect("held").allocation.id,
        )
        .await
        .expect("held");
    bench.clock.pass_until((first + 50) * 1_000);
    assert!(bench.ask("gate-8").await.is_err());
    assert_eq!(standing(&bench).await, (gates(1..=5), gates(6..=6)));
}

#[tokio::test]
async fn a_line_that_ends_while_nobody_asks_suspends_all_the_same() {
    let bench = Bench::start().await;
    let end = NOW / 1_000 + 100;
    let term = Line {
        id: 2,
        feature: "camera",
        count: 2,
        plan: Plan::FixedTerm,
        valid_from: 0,
        valid_to: Some(u64::try_from(end).expect("after 1970")),
    };
    let channels = [("camera", 1)];
    bench
        .plug(&Dongle::new("TK-TERM", &channels).with_line(&channels, term))
        .await;
    assert_eq!(bench.counts("camera").total, 7);
    bench.clock.pass_until(end * 1_000);
    let total = |snapshot: &Snapshot| snapshot.features[0].total;
    bench
        .service
        .wait_for(|snapshot| total(snapshot) == 5)
        .await
        .expect("the service runs");
}
