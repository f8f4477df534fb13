//! Dongles that are away, and clocks that are wrong.

use std::time::Duration;

use tallykey::service::{AuthenticationType, AwayDongle, AwayPhase, Snapshot};
use tallykey_protocol::grant::{Line, Plan};

use super::bench::{Bench, GRACE, NOW};
use super::dongle::Dongle;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Two of four free cameras are not enough: five devices, one of which needs the dongle.
async fn five_cameras(dongle: &Dongle) -> Bench {
    let bench = Bench::start().await;
    bench.plug(dongle).await;
    for number in 1..=5 {
        bench
            .ask(&format!("gate-{number}"))
            .await
            .expect("4 free and 3 paid");
    }
    bench
}

fn away(snapshot: &Snapshot) -> (AwayPhase, u64) {
    let [AwayDongle { phase, left_ms, .. }] = snapshot.away[..] else {
        panic!("one dongle is away: {:?}", snapshot.away)
    };
    (phase, left_ms / 1_000)
}

fn suspended(snapshot: &Snapshot) -> u64 {
    snapshot.features[0].suspended
}

#[tokio::test]
async fn an_unplugged_dongle_counts_on_for_its_grace_and_then_waits_to_come_back() {
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    let bench = five_cameras(&dongle).await;
    // A month plugged in earns 30 h, beside the 4 h of a first meeting.
    bench.pass(30 * DAY).await;
    let snapshot = bench.unplug(&dongle).await;
    assert_eq!(away(&snapshot), (AwayPhase::Debounce, 34 * 3_600));
    let snapshot = bench.pass(30 * SECOND).await;
    assert_eq!(away(&snapshot), (AwayPhase::Grace, 34 * 3_600 - 30));
    assert_eq!(snapshot.authentication_type, AuthenticationType::Dongle);
    assert_eq!(suspended(&snapshot), 0);
    let snapshot = bench.pass(34 * HOUR - 31 * SECOND).await;
    assert_eq!(
        (away(&snapshot), suspended(&snapshot)),
        ((AwayPhase::Grace, 1), 0)
    );
    let snapshot = bench.pass(SECOND).await;
    assert_eq!(
        (away(&snapshot), suspended(&snapshot)),
        ((AwayPhase::Exhausted, 0), 1)
    );
    assert_eq!(snapshot.authentication_type, AuthenticationType::None);
    // It comes back: all as before, and a second of it has earned nothing.
    let snapshot = bench.plug(&dongle).await;
    assert_eq!((snapshot.away.len(), suspended(&snapshot)), (0, 0));
    bench.unplug(&dongle).await;
    let snapshot = bench.pass(SECOND).await;
    assert_eq!(suspended(&snapshot), 1);
}

#[tokio::test]
async fn of_two_dongles_the_one_that_is_away_keeps_its_own_time() {
    let (one, two) = (
        Dongle::new("TK-1", &[("camera", 3)]),
        Dongle::new("TK-2", &[("camera", 2)]),
    );
    let bench = Bench::start().await;
    bench.plug(&one).await;
    bench.pass(DAY).await;
    bench.plug(&two).await;
    bench.unplug(&one).await;
    bench.unplug(&two).await;
    assert_eq!(bench.counts("camera").total, 9);
    bench.pass(4 * HOUR).await;
    assert_eq!(
        bench.counts("camera").total,
        7,
        "4 h of the second are over, and 5 h of the first are not"
    );
    bench.pass(HOUR).await;
    assert_eq!(bench.counts("camera").total, 4);
}

#[tokio::test]
async fn a_restart_leaves_less_grace_and_never_more() {
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    let bench = five_cameras(&dongle).await;
    bench.unplug(&dongle).await;
    bench.pass(2 * HOUR).await;
    let bench = bench.restart().await;
    assert_eq!(suspended(&bench.service.snapshot()), 0);
    let snapshot = bench.pass(HOUR).await;
    assert_eq!(away(&snapshot), (AwayPhase::Grace, 3_600));
    // Killed, it has lost what was not kept yet: the part of a minute counts as absence anyway, by the clock.
    let bench = bench.crash().await;
    let snapshot = bench.pass(59 * 60 * SECOND).await;
    assert_eq!(
        (away(&snapshot), suspended(&snapshot)),
        ((AwayPhase::Grace, 60), 0)
    );
    let snapshot = bench.pass(60 * SECOND).await;
    assert_eq!(suspended(&snapshot), 1);
    // And it stays so, however often it is started again.
    let bench = bench.restart().await;
    assert_eq!(suspended(&bench.service.snapshot()), 1);
}

#[tokio::test]
async fn time_that_the_host_was_off_counts_while_the_dongle_is_away_and_not_if_it_is_there() {
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    let bench = five_cameras(&dongle).await;
    let clock = bench.clock.clone();
    let bench = bench.restart_after(|| clock.skip(60 * HOUR)).await;
    // A weekend: it may be there, so it has the time of a debounce to say so.
    assert_eq!(suspended(&bench.service.snapshot()), 0);
    bench.plug(&dongle).await;
    bench.unplug(&dongle).await;
    let snapshot = bench.pass(HOUR).await;
    assert_eq!(away(&snapshot), (AwayPhase::Grace, 3 * 3_600));
    let clock = bench.clock.clone();
    let bench = bench.restart_after(|| clock.skip(60 * HOUR)).await;
    let snapshot = bench.pass(30 * SECOND).await;
    assert_eq!(suspended(&snapshot), 1);
}

#[tokio::test]
async fn a15_a_wrong_clock_is_loud_and_locks_nobody_out() {
    let channels = [("camera", 1)];
    let end = NOW / 1_000 + 100 * 24 * 3_600;
    let term = Line {
        id: 2,
        feature: "camera",
        count: 2,
        plan: Plan::FixedTerm,
        valid_from: 0,
        valid_to: Some(u64::try_from(end).expect("after 1970")),
    };
    let bench = Bench::start().await;
    bench
        .plug(&Dongle::new("TK-1", &channels).with_line(&channels, term))
        .await;
    assert_eq!(bench.counts("camera").total, 7);
    // Ten years ahead by mistake.
    bench.clock.skip(3_650 * DAY);
    let snapshot = bench.pass(SECOND).await;
    assert!(snapshot.clock.is_some(), "it is loud");
    assert_eq!(bench.counts("camera").total, 7);
    let snapshot = bench.pass(13 * DAY).await;
    assert!(snapshot.clock.is_some());
    assert_eq!(bench.counts("camera").total, 7);
    // Left so, it is believed in the end.
    let snapshot = bench.pass(DAY).await;
    assert_eq!(snapshot.clock, None);
    assert_eq!(bench.counts("camera").total, 5);
    // Back to where it should be: the floor holds.
    bench.clock.skip_back(3_650 * DAY);
    let snapshot = bench.pass(SECOND).await;
    assert!(snapshot.clock.is_some());
    assert_eq!(bench.counts("camera").total, 5);
    let kinds: Vec<_> = bench.service.history(0, 100).await.expect("sound");
    let clocks = kinds.iter().filter(|entry| entry.kind == "clock");
    let told: Vec<_> = clocks.map(|entry| entry.body["state"].clone()).collect();
    assert_eq!(told, ["ahead", "believed", "behind"]);
}

#[tokio::test]
async fn a_subscription_counts_on_for_a_month_so_that_it_can_be_renewed() {
    let channels = [("camera", 1)];
    let end = u64::try_from(NOW / 1_000).expect("after 1970") + 24 * 3_600;
    let subscription = Line {
        id: 2,
        feature: "camera",
        count: 2,
        plan: Plan::Subscription,
        valid_from: 0,
        valid_to: Some(end),
    };
    let bench = Bench::start().await;
    bench
        .plug(&Dongle::new("TK-1", &channels).with_line(&channels, subscription))
        .await;
    let renew = || async {
        let licences = bench.service.licences().await.expect("it runs");
        let mut lines = licences.lines.iter();
        lines.find_map(|used| used.line.renew_by)
    };
    assert_eq!(renew().await, None);
    bench.pass(DAY).await;
    assert_eq!(renew().await, Some(end + 30 * 24 * 3_600));
    bench.pass(29 * DAY).await;
    assert_eq!(bench.counts("camera").total, 7);
    bench.pass(DAY).await;
    assert_eq!(bench.counts("camera").total, 5);
}

#[tokio::test]
async fn a16_a_restored_disk_has_no_grace_left_that_the_clock_took() {
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    let bench = five_cameras(&dongle).await;
    // The image of a host with its dongle, put back when the dongle has been elsewhere for days.
    let image = bench.image();
    let clock = bench.clock.clone();
    bench.stop().await;
    clock.skip(GRACE);
    let bench = image.start().await;
    let snapshot = bench.pass(31 * SECOND).await;
    assert_eq!(
        (away(&snapshot), suspended(&snapshot)),
        ((AwayPhase::Exhausted, 0), 1)
    );
}
