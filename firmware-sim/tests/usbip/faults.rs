//! Faults of a dongle, as a USB host meets them.

use crate::client::{Host, list};
use crate::{blank, bus, sell};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;
use tallykey_protocol::frame::{BROADCAST, command, init_request};
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::fault::{At, Change, Counter, Direction, Mode};
use tallykey_sim::flash::{PowerCut, Tear};

/// Only so that a test that would wait for ever fails instead.
const PATIENCE: Duration = Duration::from_secs(60);

fn one() -> (SimDongle, SocketAddr) {
    let dongle = blank("SIM-0001");
    let address = bus(&[&dongle], false);
    (dongle, address)
}

fn first(direction: Direction) -> At {
    At {
        direction,
        report: NonZeroU32::MIN,
        repeat: NonZeroU32::MIN,
    }
}

/// Writes a request for a channel; the transfer ends well.
fn init(host: &mut Host) {
    let seq = host.write(&init_request([1; 8]));
    assert_eq!(host.done(seq), Ok(vec![]));
}

#[test]
fn a_lost_report_leaves_the_read_waiting_for_the_next() {
    let (dongle, address) = one();
    let mut host = Host::configured(address, "1-1");
    dongle
        .arm(first(Direction::In), Change::Drop)
        .expect("room");
    init(&mut host);
    assert_eq!(dongle.wait_counted(Counter::Dropped, 1, PATIENCE), 1);
    assert_ne!(host.channel(), BROADCAST);
}

#[test]
fn a_late_report_comes_without_being_asked_for_again() {
    let (dongle, address) = one();
    let mut host = Host::configured(address, "1-1");
    for direction in [Direction::In, Direction::Out] {
        let late = Change::Delay { ms: 20 };
        dongle.arm(first(direction), late).expect("room");
        host.channel();
    }
    assert_eq!(dongle.counted(Counter::Delayed), 2);
}

#[test]
fn a_stalled_dongle_takes_writes_and_answers_none() {
    let (dongle, address) = one();
    let mut host = Host::configured(address, "1-1");
    dongle.stall(None);
    init(&mut host);
    assert_eq!(dongle.wait_counted(Counter::Swallowed, 1, PATIENCE), 1);
    // Its controller answers by itself, as a part's does whose firmware hangs in its own work.
    assert_eq!(host.string(2), "Tallykey dongle");
    dongle.release();
    host.channel();
}

#[test]
fn a_suspended_device_answers_nothing_and_then_goes_on_where_it_was() {
    let (dongle, address) = one();
    let mut host = Host::configured(address, "1-1");
    let channel = host.channel();
    dongle.suspend().expect("plugged in");
    // The bus hears of it a moment later.
    let moment = Duration::from_millis(300);
    host.stream
        .set_read_timeout(Some(moment))
        .expect("a timeout");
    let setup = [0x80, 6, 0, 1, 0, 0, 18, 0];
    let waiting = (0..1000).find_map(|_| {
        let seq = host.submit_in(0, 18, setup);
        match host.try_reply() {
            Ok(_) => None,
            Err(error) => {
                let silent = [ErrorKind::WouldBlock, ErrorKind::TimedOut];
                assert!(silent.contains(&error.kind()), "{error}");
                Some(seq)
            }
        }
    });
    let waiting = waiting.expect("a transfer that is not answered");
    host.stream
        .set_read_timeout(Some(PATIENCE))
        .expect("a timeout");
    dongle.resume().expect("plugged in");
    assert_eq!(
        host.done(waiting).map(|descriptor| descriptor.len()),
        Ok(18)
    );
    let same = host.exchange(channel, command::PING, b"!");
    assert_eq!(same, Ok(b"!".to_vec()), "the channel of before");
    let counted = [Counter::Suspends, Counter::Resumes].map(|counter| dongle.counted(counter));
    assert_eq!(counted, [1, 1]);
}

#[test]
fn power_that_is_cut_takes_the_device_off_the_bus() {
    let (dongle, address) = one();
    let mut host = Host::configured(address, "1-1");
    let channel = host.channel();
    dongle.cut(PowerCut::after(2, Tear::None));
    let make_key = [&b"\xA1\x01\x50"[..], &[5; 16]].concat();
    let seq = host.read();
    let report = tallykey_protocol::frame::Packets::new(channel, 0x50, &make_key);
    for report in report.expect("one report") {
        host.write(&report);
    }
    // The write may be acknowledged before the light goes out; the read is never answered.
    while let Ok(reply) = host.try_reply() {
        let acknowledged = matches!(reply, crate::Reply::Done { seq: done, .. } if done != seq);
        assert!(acknowledged, "{reply:?}");
    }
    assert_eq!(dongle.counted(Counter::Cuts), 1);
    assert!(list(address).is_empty());
    dongle.replug().expect("the flash is whole");
    let mut host = Host::attach_after(address, "1-1", 4);
    host.configure();
    host.channel();
}

#[test]
fn a20_a_device_may_vanish_between_two_reports() {
    let (dongle, address) = one();
    let mut host = Host::configured(address, "1-1");
    let after = NonZeroU64::MIN;
    dongle.set_hostile(Some(Mode::Vanish { after }));
    host.write(&init_request([1; 8]));
    while host.try_reply().is_ok() {}
    assert_eq!(dongle.counted(Counter::Vanished), 1);
}

#[test]
fn a20_false_ids_and_serials_are_enumerated() {
    let dongle = blank("SIM-0001");
    sell(&dongle, "SIM-0001");
    let address = bus(&[&dongle], false);
    let honest = Host::configured(address, "1-1").descriptor(0x80, 1, 0);
    dongle.set_hostile(Some(Mode::ControlSerial));
    let mut host = Host::attach_after(address, "1-1", 2);
    assert_eq!(host.string(3), "SIM\u{1b}[2J");
    drop(host);
    dongle.set_hostile(Some(Mode::WrongId));
    let mut host = Host::attach_after(address, "1-1", 2);
    assert_eq!(host.string(3), "SIM-0001");
    let false_ids = host.descriptor(0x80, 1, 0).expect("a descriptor");
    assert_eq!(honest.expect("a descriptor")[8..12], [0x09, 0x12, 1, 0]);
    assert_eq!(false_ids[8..12], [0x09, 0x12, 2, 0]);
    assert!(dongle.counted(Counter::HostileIdentities) >= 2);
    dongle.clear();
    drop(host);
    let mut host = Host::attach_after(address, "1-1", 2);
    assert_eq!(host.string(3), "SIM-0001");
}

#[test]
fn a20_endless_reports_come_as_fast_as_they_are_taken_and_stop_nobody() {
    let (dongle, other) = (blank("SIM-0001"), blank("SIM-0002"));
    let address = bus(&[&dongle, &other], false);
    let mut host = Host::configured(address, "1-1");
    let channel = host.channel();
    dongle.set_hostile(Some(Mode::Keepalive));
    // To the impostor that is no channel; a new one is.
    host.exchange(channel, command::PING, b"?")
        .expect_err("another device");
    let channel = host.channel();
    let ping = tallykey_protocol::frame::Packets::new(channel, command::PING, b"?");
    for report in ping.expect("one report") {
        let seq = host.write(&report);
        assert_eq!(host.done(seq), Ok(vec![]));
    }
    for _ in 0..1000 {
        let seq = host.read();
        let report = host.done(seq).expect("one more sign of life");
        assert_eq!(report[4], 0x80 | command::KEEPALIVE);
    }
    assert_eq!(host.string(2), "Tallykey dongle");
    Host::configured(address, "1-2").channel();
    let made = dongle.counted(Counter::Hostile);
    assert!((1000..2000).contains(&made), "{made} made for 1000 taken");
}
