//! What the simulator can do to a session, as the watch tells the service of it.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use tallykey::dongle::Timing;
use tallykey::service::watch::{DongleEvent, Intervals};
use tallykey::usb::sim::LocalFinder;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::fault::{At, Change, Counter, Direction, Mode};

use super::bench::{TIMING, simulator, simulators_own};
use super::{OFTEN, Watched, bus};

/// For dongles that fall silent: short enough to wait for twice.
const IMPATIENT: Intervals = Intervals {
    answer: Timing {
        silence: Duration::from_millis(100),
        answer: TIMING.answer,
    },
    ..OFTEN
};

fn next(direction: Direction, reports: u32) -> At {
    At {
        direction,
        report: NonZeroU32::MIN,
        repeat: NonZeroU32::new(reports).expect("one at least"),
    }
}

/// Waits until so many more reports have come from it: sessions that go on heartbeat all the time.
fn goes_on(dongle: &SimDongle) {
    let some = dongle.counted(Counter::ReportsIn) + 20;
    assert!(dongle.wait_counted(Counter::ReportsIn, some, TIMING.answer) >= some);
}

impl Watched {
    /// Until this is said. What comes before may be one fault of the way to it after another, but none of a proof.
    fn until(&mut self, wanted: fn(&DongleEvent) -> bool) {
        loop {
            let event = self.next();
            if let DongleEvent::Faulted { fault, .. } = &event {
                assert!(["io", "not-found"].contains(&fault.code()), "{fault}");
            }
            if wanted(&event) {
                return;
            }
        }
    }
}

fn is_open(event: &DongleEvent) -> bool {
    matches!(event, DongleEvent::Opened { .. })
}

fn has_left(event: &DongleEvent) -> bool {
    matches!(event, DongleEvent::Left { .. })
}

fn is_faulty(event: &DongleEvent) -> bool {
    matches!(event, DongleEvent::Faulted { .. })
}

#[test]
fn a20_a_hostile_dongle_is_named_and_the_others_go_on() {
    let (honest, hostile) = (simulators_own(), simulators_own());
    let finder = LocalFinder::new(vec![honest.clone(), hostile.clone()]);
    let mut watched = Watched::new(finder);
    watched.opened();
    watched.opened();
    for mode in [
        Mode::Keepalive,
        Mode::Fragments,
        Mode::Unending,
        Mode::Empty,
        Mode::ControlSerial,
    ] {
        hostile.unplug();
        watched.until(has_left);
        hostile.set_hostile(Some(mode.clone()));
        hostile.replug().expect("its flash is good");
        assert_eq!(watched.faulted().code(), "io", "{mode}");
        goes_on(&honest);
    }
    hostile.unplug();
    watched.until(has_left);
    hostile.clear();
    hostile.replug().expect("its flash is good");
    watched.opened();
}

#[test]
fn a20_a_dongle_that_vanishes_in_a_session_has_left() {
    let dongle = simulators_own();
    let mut watched = Watched::new(bus(&dongle));
    watched.opened();
    let after = NonZeroU64::new(7).expect("not zero");
    dongle.set_hostile(Some(Mode::Vanish { after }));
    watched.left();
    assert_eq!(dongle.counted(Counter::Vanished), 1);
    dongle.replug().expect("its flash is good");
    watched.opened();
}

#[test]
fn a_dongle_that_hangs_is_a_fault_until_it_is_plugged_in_again() {
    let dongle = simulators_own();
    let mut watched = Watched::with(bus(&dongle), simulator(), IMPATIENT);
    watched.until(is_open);
    dongle.stall(None);
    let lost = dongle.wait_counted(Counter::Swallowed, 2, TIMING.answer);
    assert!(lost >= 2, "of heartbeats");
    watched.until(is_faulty);
    dongle.replug().expect("its flash is good");
    watched.until(is_open);
}

#[test]
fn a_session_sleeps_and_wakes() {
    let dongle = simulators_own();
    let mut watched = Watched::new(bus(&dongle));
    watched.opened();
    dongle.suspend().expect("plugged in");
    assert!(dongle.wait_counted(Counter::Held, 1, TIMING.answer) >= 1);
    dongle.resume().expect("plugged in");
    goes_on(&dongle);
    watched.events.try_recv().expect_err("nothing to tell");
}

#[test]
fn one_lost_heartbeat_costs_no_session() {
    let dongle = simulators_own();
    let answer = Timing {
        silence: Duration::from_millis(500),
        answer: TIMING.answer,
    };
    let intervals = Intervals { answer, ..OFTEN };
    let mut watched = Watched::with(bus(&dongle), simulator(), intervals);
    watched.opened();
    let mut losses = 0;
    for direction in [Direction::In, Direction::Out] {
        // It is of two reports each way.
        losses += 2;
        dongle.arm(next(direction, 2), Change::Drop).expect("room");
        let lost = dongle.wait_counted(Counter::Dropped, losses, TIMING.answer);
        assert_eq!(lost, losses);
        goes_on(&dongle);
    }
    watched.events.try_recv().expect_err("nothing to tell");
}

#[test]
fn one_changed_heartbeat_ends_the_session_and_it_opens_again() {
    let dongle = simulators_own();
    let mut watched = Watched::new(bus(&dongle));
    watched.opened();
    let (byte, mask) = (
        30_u8.try_into().expect("a byte of a report"),
        "1".parse().expect("a mask"),
    );
    let change = Change::Corrupt { byte, mask };
    dongle.arm(next(Direction::In, 1), change).expect("room");
    assert_eq!(watched.faulted().code(), "proof-invalid");
    assert_eq!(dongle.counted(Counter::Corrupted), 1);
    watched.opened();
}

#[test]
fn a_slow_and_late_dongle_opens() {
    let dongle = simulators_own();
    dongle.set_sign_time(250);
    let late = Change::Delay { ms: 50 };
    dongle.arm(next(Direction::In, 1), late).expect("room");
    let mut watched = Watched::new(bus(&dongle));
    watched.opened();
    let counted = [Counter::SlowSignatures, Counter::Delayed];
    assert_eq!(counted.map(|counter| dongle.counted(counter)), [1, 1]);
}

#[test]
fn a_bus_reset_ends_the_session_and_it_opens_again() {
    let dongle = simulators_own();
    let mut watched = Watched::new(bus(&dongle));
    watched.opened();
    dongle.bus_reset();
    watched.until(is_open);
    assert_eq!(dongle.counted(Counter::Resets), 1);
}
