//! Faults of the cable and the part, as a host meets them. Every fault counts what it did.

use crate::support::*;
use std::num::{NonZeroU32, NonZeroU64};
use std::thread;
use std::time::Duration;
use tallykey_core::BootFault;
use tallykey_protocol::frame::{ErrorCode, FrameError, command, init_request};
use tallykey_protocol::proof::Kind;
use tallykey_sim::dongle::{Connection, Gone, SimDongle};
use tallykey_sim::fault::{At, Change, Counter, Direction, Mode};
use tallykey_sim::flash::{PowerCut, SimFlash, Tear};
use tallykey_sim::host::{Channel, Session, TalkError};
use tallykey_sim::provision::{chip_id, provision};

/// Only so that a test that would wait for ever fails instead.
const PATIENCE: Duration = Duration::from_secs(60);

fn at(direction: Direction, report: u32) -> At {
    At {
        direction,
        report: NonZeroU32::new(report).expect("counted from 1"),
        repeat: NonZeroU32::MIN,
    }
}

fn counted<const N: usize>(dongle: &SimDongle, counters: [Counter; N]) -> [u64; N] {
    counters.map(|counter| dongle.counted(counter))
}

fn init(connection: &Connection) {
    connection.write(&init_request([9; 8])).expect("plugged in");
}

/// Whether there is something to read by now.
fn is_answered(connection: &Connection) -> bool {
    let read = connection.read(Duration::ZERO).expect("plugged in");
    read.is_some()
}

fn ping(channel: &Channel, with: &[u8]) -> Result<Vec<u8>, TalkError> {
    channel.exchange(command::PING, with)
}

/// A message of three reports.
const LONG: [u8; 150] = [0x5A; 150];

#[test]
fn a_lost_report_of_a_request_is_a_request_that_breaks_off() {
    let (dongle, ticks) = provisioned(SERIAL);
    let host = channel(&dongle);
    dongle
        .arm(at(Direction::Out, 2), Change::Drop)
        .expect("room");
    let broken = ping(&host, &LONG).expect_err("its middle is missing");
    let sequence = FrameError::Device {
        code: ErrorCode::InvalidSequence,
    };
    assert!(matches!(broken, TalkError::Frame(error) if error == sequence));
    assert_eq!(counted(&dongle, [Counter::Dropped]), [1]);
    ticks.pass(1);
    assert_eq!(ping(&host, &LONG).expect("armed once"), LONG);
}

#[test]
fn a_lost_or_doubled_report_of_an_answer_is_named_by_its_sequence() {
    let (dongle, _) = provisioned(SERIAL);
    for (change, counter) in [
        (Change::Drop, Counter::Dropped),
        (Change::Duplicate, Counter::Duplicated),
    ] {
        let host = channel(&dongle);
        dongle.arm(at(Direction::In, 2), change).expect("room");
        let broken = ping(&host, &LONG).expect_err("out of sequence");
        assert!(matches!(
            broken,
            TalkError::Frame(FrameError::Sequence { .. })
        ));
        assert_eq!(counted(&dongle, [counter]), [1]);
    }
}

#[test]
fn a_late_report_comes_when_it_is_due_and_holds_up_what_follows() {
    let (dongle, ticks) = provisioned(SERIAL);
    let host = dongle.connect().expect("plugged in");
    for direction in [Direction::In, Direction::Out] {
        let late = Change::Delay { ms: 250 };
        dongle.arm(at(direction, 1), late).expect("room");
        init(&host);
        init(&host);
        ticks.pass(249);
        assert!(!is_answered(&host), "{direction:?}");
        ticks.pass(1);
        let both = [(); 3].map(|()| is_answered(&host));
        assert_eq!(both, [true, true, false], "{direction:?}");
    }
    assert_eq!(counted(&dongle, [Counter::Delayed]), [2]);
}

#[test]
fn a_flipped_bit_in_a_proof_is_not_believed() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let (byte, mask) = (
        60_u8.try_into().expect("a byte of a report"),
        "0x40".parse().expect("a mask"),
    );
    let change = Change::Corrupt { byte, mask };
    dongle.arm(at(Direction::In, 3), change).expect("room");
    let proof = session.prove(Kind::State);
    assert!(matches!(proof, Err(TalkError::Mismatch)), "{proof:?}");
    assert_eq!(counted(&dongle, [Counter::Corrupted]), [1]);
}

#[test]
fn a_stalled_dongle_takes_everything_and_says_nothing() {
    let (dongle, _) = provisioned(SERIAL);
    let host = dongle.connect().expect("plugged in");
    dongle.stall(None);
    for _ in 0..3 {
        init(&host);
    }
    assert!(!is_answered(&host));
    dongle.release();
    assert!(!is_answered(&host), "what it took is lost");
    init(&host);
    assert!(is_answered(&host));

    dongle.stall(Some(2));
    let answered = [(); 3].map(|()| {
        init(&host);
        is_answered(&host)
    });
    assert_eq!(answered, [false, false, true]);
    assert_eq!(counted(&dongle, [Counter::Swallowed]), [5]);
    dongle.stall(None);
    dongle.replug().expect("it starts");
    channel(&dongle);
}

#[test]
fn a_suspended_dongle_forgets_nothing() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    dongle.suspend().expect("plugged in");
    dongle.suspend().expect("already");
    let other = dongle.connect().expect("a suspended device is there");
    init(&other);
    assert!(!is_answered(&other));
    let asking = thread::spawn(move || {
        let proof = session.prove(Kind::State);
        proof.map(|_| session)
    });
    assert!(dongle.wait_counted(Counter::Held, 2, PATIENCE) >= 2);
    dongle.resume().expect("plugged in");
    let session = asking.join().expect("no panic");
    session
        .expect("the session is the same")
        .close()
        .expect("it is good");
    let counters = [Counter::Suspends, Counter::Resumes];
    assert_eq!(counted(&dongle, counters), [1, 1]);
    dongle.unplug();
    assert_eq!(dongle.suspend(), Err(Gone));
}

#[test]
fn a_lease_that_ran_out_in_suspension_is_over() {
    let (dongle, ticks) = provisioned(SERIAL);
    let mut session = open(&dongle);
    dongle.suspend().expect("plugged in");
    ticks.pass(20_000);
    dongle.resume().expect("plugged in");
    session.prove(Kind::State).expect_err("the lease is over");
    open(&dongle);
}

#[test]
fn more_than_may_wait_is_lost_and_counted() {
    let (dongle, _) = provisioned(SERIAL);
    let host = dongle.connect().expect("plugged in");
    dongle.suspend().expect("plugged in");
    for _ in 0..401 {
        init(&host);
    }
    assert_eq!(
        counted(&dongle, [Counter::Held, Counter::Overruns]),
        [400, 1]
    );
    dongle.resume().expect("plugged in");
    assert!(is_answered(&host));
}

#[test]
fn slow_signatures_are_counted_and_others_are_not() {
    let (dongle, ticks) = provisioned(SERIAL);
    dongle.set_sign_time(250);
    channel(&dongle).hello().expect("no signature");
    assert_eq!(counted(&dongle, [Counter::SlowSignatures]), [0]);
    let asking = dongle.clone();
    let asking = thread::spawn(move || try_open(&asking).map(drop));
    while !asking.is_finished() {
        ticks.pass(250);
        thread::yield_now();
    }
    asking.join().expect("no panic").expect("a session");
    assert_eq!(counted(&dongle, [Counter::SlowSignatures]), [1]);
}

#[test]
fn a24_a_cut_takes_the_power_and_replugging_gives_it_back() {
    for tear in [Tear::None, Tear::All, Tear::Subset(7)] {
        let dongle = plug(SimFlash::blank(chip_id(SERIAL)), &Ticks::default());
        let first_write = PowerCut::after(0, tear);
        dongle.cut(first_write);
        provision(&dongle, &VENDOR, &order(SERIAL), |_| Ok(())).expect_err("power goes");
        assert!(!dongle.is_plugged());
        assert!(!dongle.status().cut_planned);
        assert_eq!(counted(&dongle, [Counter::Cuts]), [1], "{tear:?}");
        dongle.replug().expect("the flash is whole");
        provision(&dongle, &VENDOR, &order(SERIAL), |_| Ok(())).expect("it goes on");
        open(&dongle);
    }
}

#[test]
fn a24_a_cut_while_it_starts_leaves_it_off_until_the_next_start() {
    // A start only writes what a cut has kept from being confirmed.
    for write in 0..200 {
        let dongle = plug(SimFlash::blank(chip_id(SERIAL)), &Ticks::default());
        dongle.cut(PowerCut::after(write, Tear::None));
        provision(&dongle, &VENDOR, &order(SERIAL), |_| Ok(())).expect_err("power goes");
        dongle.cut(PowerCut::after(0, Tear::None));
        if let Err(fault) = dongle.replug() {
            assert!(matches!(fault, BootFault::Flash(_)), "{fault}");
            assert!(!dongle.is_plugged());
            assert_eq!(counted(&dongle, [Counter::Cuts]), [2]);
            dongle.replug().expect("the power is back");
            return;
        }
    }
    panic!("no start wrote anything");
}

#[test]
fn pulling_and_plugging_is_counted() {
    let (dongle, _) = provisioned(SERIAL);
    dongle.unplug();
    dongle.unplug();
    dongle.replug().expect("it starts");
    dongle.replug().expect("it starts");
    dongle.bus_reset();
    let counters = [Counter::Unplugs, Counter::Replugs, Counter::Resets];
    assert_eq!(counted(&dongle, counters), [2, 2, 1]);
}

#[test]
fn a20_a_vanishing_dongle_is_gone_in_the_middle() {
    let (dongle, _) = provisioned(SERIAL);
    let after = NonZeroU64::new(10).expect("not zero");
    dongle.set_hostile(Some(Mode::Vanish { after }));
    let opened = Session::open(channel(&dongle), [1; 16]);
    assert!(matches!(opened, Err(TalkError::Gone(Gone))));
    let counters = [Counter::Vanished, Counter::Unplugs];
    assert_eq!(counted(&dongle, counters), [1, 0]);
    dongle.replug().expect("it starts");
    open(&dongle);
}

#[test]
fn clearing_ends_every_fault_and_begins_counting_anew() {
    let (dongle, _) = provisioned(SERIAL);
    dongle
        .arm(at(Direction::In, 1), Change::Drop)
        .expect("room");
    dongle.stall(None);
    dongle.suspend().expect("plugged in");
    dongle.cut(PowerCut::after(0, Tear::None));
    dongle.set_hostile(Some(Mode::Mute));
    let status = dongle.status();
    assert!(status.stalled && status.suspended && status.cut_planned);
    assert_eq!(
        (status.armed.len(), status.hostile.as_deref()),
        (1, Some("mute"))
    );
    dongle.clear();
    let status = dongle.status();
    assert!(!(status.stalled || status.suspended || status.cut_planned));
    assert_eq!((status.armed.len(), status.hostile), (0, None));
    assert_eq!(status.counters.moved().count(), 0);
    open(&dongle);
}
