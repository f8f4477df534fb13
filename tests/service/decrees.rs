//! What the vendor says to a host: what time it is, and which dongles it does not stand by any more.

use std::time::Duration;

use tallykey::service::{AuthenticationType, Snapshot};
use tallykey_protocol::array::Array;
use tallykey_protocol::grant::{Line, Plan};
use tallykey_protocol::proof::Proof;
use tallykey_protocol::revocation::{RevocationList, Revoked};
use tallykey_protocol::time::TimeToken;
use tallykey_signing::simulator;

use super::bench::{GRACE, NOW, product};
use super::bus::session;
use super::dongle::Dongle;
use super::issued::{ALREADY, NEW, answered, import, plugged};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Now, Unix time in seconds.
const NOW_S: u64 = NOW.unsigned_abs() / 1_000;

fn token(now: u64, nonce: Option<[u8; 32]>) -> Vec<u8> {
    let vendor = simulator::vendor().expect("constant keys");
    let token = TimeToken {
        vendor: product().vendor,
        now,
        nonce,
    };
    vendor.sign_time(&token).expect("our own vendor")
}

fn revocations(epoch: u64, revoked: &[(&Dongle, u64)]) -> Vec<u8> {
    let vendor = simulator::vendor().expect("constant keys");
    let one = |(dongle, counter): &(&Dongle, u64)| Revoked {
        thumbprint: dongle.evidence().thumbprint,
        counter: *counter,
    };
    let mut revoked: Vec<_> = revoked.iter().map(one).collect();
    revoked.sort_by_key(|one| one.thumbprint);
    let list = RevocationList {
        vendor: product().vendor,
        issued_at: simulator::ISSUED_AT,
        epoch,
        revoked: Array::of(&revoked),
    };
    vendor.sign_revocations(&list).expect("our own vendor")
}

/// The dongle's own time, as it proves it.
fn floor(dongle: &Dongle) -> u64 {
    let open = session(&dongle.sim()).expect("it is free");
    let proof: Proof<'_> = open.evidence().proof().expect("its own");
    let floor = proof.time_floor;
    open.close().expect("it is there");
    floor
}

/// Three cameras for ever, and two for the time from 100 days from now on.
fn with_a_later_line() -> Dongle {
    let channels = [("camera", 3)];
    let later = Line {
        id: 2,
        feature: "camera",
        count: 2,
        plan: Plan::FixedTerm,
        valid_from: NOW_S + 100 * DAY.as_secs(),
        valid_to: Some(NOW_S + 900 * DAY.as_secs()),
    };
    Dongle::new("TK-1", &channels).with_line(&channels, later)
}

#[tokio::test]
async fn a15_a_time_token_repairs_a_host_whose_clock_was_left_behind_without_a_network() {
    let dongle = with_a_later_line();
    let bench = plugged(&[&dongle]).await;
    assert_eq!(bench.counts("camera").total, 4 + 3);
    // In truth it is 200 days later: the battery of the clock is empty.
    let token = token(NOW_S + 200 * DAY.as_secs(), None);
    assert_eq!(import(&bench, std::slice::from_ref(&token)).await, [NEW]);
    assert_eq!(bench.counts("camera").total, 4 + 3 + 2, "at once");
    let behind = |snapshot: &Snapshot| snapshot.clock.map(|it| it.wrong.name());
    assert_eq!(behind(&bench.service.snapshot()), Some("behind"), "loud");
    assert_eq!(floor(&dongle), NOW_S + 200 * DAY.as_secs(), "passed on");
    let taken = ("time-token".to_owned(), "taken".to_owned());
    assert_eq!(answered(&bench).await, [taken]);

    // Killed before the clock was kept, it still knows; and the clock set right ends the suspicion.
    let bench = bench.crash().await;
    bench.plug(&dongle.again()).await;
    assert_eq!(bench.counts("camera").total, 4 + 3 + 2);
    bench.clock.skip(200 * DAY);
    let snapshot = bench.pass(Duration::from_secs(1)).await;
    assert_eq!(behind(&snapshot), None);
    let again = import(&bench, &[token]).await;
    assert_eq!(again, [Err("time-token-used")], "replayed");
}

#[tokio::test]
async fn a15_no_time_token_of_another_host_and_none_of_the_past_lowers_the_time() {
    let dongle = with_a_later_line();
    let bench = plugged(&[&dongle]).await;
    let past = NOW_S - 300 * DAY.as_secs();
    let before = bench.service.history(0, 100).await.expect("sound").len();
    let of_another = import(&bench, &[token(past, Some([7; 32]))]).await;
    assert_eq!(of_another, [Err("time-token-unasked")]);
    assert_eq!(
        bench.service.history(0, 100).await.expect("sound").len(),
        before
    );
    assert_eq!(import(&bench, &[token(past, None)]).await, [ALREADY]);
    bench.clock.skip_back(300 * DAY);
    let snapshot = bench.pass(Duration::from_secs(1)).await;
    let believed = snapshot.clock.expect("it is behind").believed_ms;
    assert!(believed >= NOW, "{believed}");
}

#[tokio::test]
async fn a_revoked_dongle_gives_nothing_here_or_away_and_other_dongles_go_on() {
    let (lost, kept) = (
        Dongle::new("TK-1", &[("camera", 3)]),
        Dongle::new("TK-2", &[("camera", 2)]),
    );
    let bench = plugged(&[&lost, &kept]).await;
    assert_eq!(bench.counts("camera").total, 4 + 3 + 2);
    let counter = lost.evidence().counter;
    let list = revocations(2, &[(&lost, counter)]);
    assert_eq!(import(&bench, std::slice::from_ref(&list)).await, [NEW]);
    assert_eq!(bench.counts("camera").total, 4 + 2);
    let snapshot = bench.service.snapshot();
    assert_eq!(lost.state_in(&snapshot), Some("revoked"));
    assert_eq!(kept.state_in(&snapshot), Some("open"));

    assert_eq!(import(&bench, &[list]).await, [ALREADY]);
    let older = [revocations(1, &[]), revocations(2, &[])];
    let refused = Err("revocation-older");
    assert_eq!(import(&bench, &older).await, [refused.clone(), refused]);

    // Also after a restart, and there is no grace for it.
    let bench = bench.restart().await;
    assert_eq!(bench.counts("camera").total, 4 + 2);
    bench.plug(&kept).await;
    bench
        .tell(lost.opened(), |snapshot| {
            lost.state_in(snapshot) == Some("revoked")
        })
        .await;
    assert_eq!(bench.counts("camera").total, 4 + 2);
    bench.pass(GRACE).await;
    assert_eq!(bench.counts("camera").total, 4 + 2);
}

#[tokio::test]
async fn a_dongle_that_is_away_has_no_grace_once_it_is_revoked() {
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    let bench = plugged(&[&dongle]).await;
    bench.unplug(&dongle).await;
    assert_eq!(bench.counts("camera").total, 4 + 3);
    let list = revocations(1, &[(&dongle, 0)]);
    assert_eq!(import(&bench, &[list]).await, [NEW]);
    let snapshot = bench.service.snapshot();
    assert_eq!(bench.counts("camera").total, 4);
    assert!(snapshot.away.is_empty());
    assert_eq!(snapshot.authentication_type, AuthenticationType::None);
}
