//! A part that signs slowly: signs of life, impatient hosts, and the lock. Time moves only when a test says so.

use crate::support::*;
use crate::wire::Wire;
use std::time::Duration;
use tallykey_protocol::command::{Command, Empty};
use tallykey_protocol::frame::ErrorCode::{ChannelBusy, InvalidLength, InvalidParameter};
use tallykey_protocol::frame::{
    BROADCAST, command, error_report, init_request, keepalive, keepalive_report,
};
use tallykey_protocol::report::Report;
use tallykey_protocol::status::Status;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::fault::Counter;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::provision::chip_id;

/// What a secure element takes.
const SIGN_MS: u64 = 250;

fn self_test(host: &Wire) {
    host.send(Command::SelfTest.code(), &[0xA0]);
}

fn slow() -> (SimDongle, Ticks) {
    let (dongle, ticks) = provisioned(SERIAL);
    dongle.set_sign_time(SIGN_MS);
    (dongle, ticks)
}

#[test]
fn a_slow_signature_is_accompanied_by_a_keepalive_every_100_ms() {
    let (dongle, ticks) = slow();
    let host = Wire::new(&dongle);
    self_test(&host);
    assert_eq!(host.heard(), [] as [Report; 0]);
    let alive = keepalive_report(host.channel, keepalive::PROCESSING);
    for (pass, expected) in [
        (99, vec![]),
        (1, vec![alive]),
        (99, vec![]),
        (1, vec![alive]),
    ] {
        ticks.pass(pass);
        assert_eq!(host.heard(), expected);
    }
    ticks.pass(SIGN_MS - 200);
    let [answer] = host.heard()[..] else {
        panic!("one report")
    };
    assert!(host.is_answer(&answer, Command::SelfTest.code(), &[Status::Ok.code()]));
    ticks.pass(1_000);
    assert_eq!(host.heard(), [] as [Report; 0], "it is over");
}

#[test]
fn what_needs_no_signature_is_answered_at_once() {
    let (dongle, _) = slow();
    let host = Wire::new(&dongle);
    host.send(Command::Hello.code(), b"\xA2\x01\x01\x02\x01");
    assert!(!host.heard().is_empty());
    host.send(command::PING, b"?");
    assert!(host.is_answer(&host.heard()[0], command::PING, b"?"));
}

#[test]
fn while_it_works_for_one_host_it_is_busy_for_the_others() {
    let (dongle, ticks) = slow();
    let (host, other) = (Wire::new(&dongle), Wire::new(&dongle));
    host.heard();
    self_test(&host);
    other.send(command::PING, b"?");
    assert_eq!(other.heard(), [error_report(other.channel, ChannelBusy)]);
    other.connection.write(&init_request([1; 8])).unwrap();
    assert_eq!(other.heard(), [error_report(BROADCAST, ChannelBusy)]);
    // A second request of the same host neither: there is one answer due.
    host.send(command::PING, b"?");
    other.send(command::CANCEL, &[]);
    ticks.pass(SIGN_MS);
    let heard = host.heard();
    let answers = heard
        .iter()
        .filter(|r| host.is_answer(r, Command::SelfTest.code(), &[Status::Ok.code()]));
    assert_eq!(answers.count(), 1, "another's CANCEL does nothing");
    other.send(command::PING, b"?");
    assert!(other.is_answer(other.heard().last().unwrap(), command::PING, b"?"));
}

#[test]
fn cancel_takes_back_what_has_not_been_done() {
    let (dongle, ticks) = slow();
    let host = Wire::new(&dongle);
    self_test(&host);
    ticks.pass(SIGN_MS - 1);
    host.send(command::CANCEL, &[]);
    let heard = host.heard();
    let last = heard.last().unwrap();
    assert!(host.is_answer(last, Command::SelfTest.code(), &[Status::Cancelled.code()]));
    ticks.pass(1_000);
    assert_eq!(host.heard(), [] as [Report; 0]);
    host.send(command::CANCEL, &[]);
    assert_eq!(
        host.heard(),
        [] as [Report; 0],
        "nothing to cancel, no answer"
    );
    self_test(&host);
    ticks.pass(SIGN_MS);
    assert_eq!(host.heard().len(), 2, "a sign of life, an answer");
}

#[test]
fn init_on_its_channel_drops_a_request_and_unplugging_too() {
    let (dongle, ticks) = slow();
    let host = Wire::new(&dongle);
    self_test(&host);
    host.send(command::INIT, &[7; 8]);
    assert!(host.is_answer(&host.heard()[0], command::INIT, &[7; 8]));
    ticks.pass(1_000);
    assert_eq!(host.heard(), [] as [Report; 0]);
    self_test(&host);
    dongle.replug().unwrap();
    let host = Wire::new(&dongle);
    ticks.pass(1_000);
    assert_eq!(host.heard(), [] as [Report; 0]);
}

/// The first commit ever begins a bank of 20 sectors, which takes longer than a host waits in silence.
#[test]
fn a_change_of_bank_is_accompanied_by_a_keepalive_every_100_ms() {
    let ticks = Ticks::default();
    let dongle = plug(SimFlash::blank(chip_id(SERIAL)), &ticks);
    dongle.set_erase_time(90);
    let host = Wire::new(&dongle);
    host.send(Command::MakeKey.code(), b"\xA1\x01\x50nonce of station");
    let alive = keepalive_report(host.channel, keepalive::PROCESSING);
    let mut waited = 0;
    let answer = loop {
        let heard = host.heard();
        if heard.contains(&alive) {
            assert_eq!(waited % 100, 0);
        }
        if let Some(answer) = heard.into_iter().find(|report| *report != alive) {
            break answer;
        }
        ticks.pass(10);
        waited += 10;
        assert!(waited <= 3_000, "it has an end");
    };
    assert!(host.is_answer(&answer, Command::MakeKey.code(), &[Status::Ok.code()]));
    assert_eq!(waited, 20 * 90);
    assert_eq!(dongle.counted(Counter::SlowErasures), 20);
    // The next one goes into the log.
    host.send(Command::MakeKey.code(), b"\xA1\x01\x50nonce of station");
    assert!(!host.heard().is_empty());
}

#[test]
fn a_change_of_bank_that_is_cancelled_has_changed_nothing_and_is_used_later() {
    let ticks = Ticks::default();
    let dongle = plug(SimFlash::blank(chip_id(SERIAL)), &ticks);
    dongle.set_erase_time(90);
    let host = Wire::new(&dongle);
    let make_key = b"\xA1\x01\x50nonce of station";
    host.send(Command::MakeKey.code(), make_key);
    for _ in 0..5 {
        ticks.pass(90);
        host.heard();
    }
    host.send(command::CANCEL, &[]);
    let heard = host.heard();
    let last = heard.last().unwrap();
    assert!(host.is_answer(last, Command::MakeKey.code(), &[Status::Cancelled.code()]));
    assert_eq!(writes(&dongle), 5, "sectors erased");
    host.send(Command::MakeKey.code(), make_key);
    for _ in 0..15 {
        assert!(host.heard().iter().all(|report| report[4] == 0xBB));
        ticks.pass(90);
    }
    let heard = host.heard();
    let last = heard.iter().find(|report| report[4] != 0xBB);
    assert!(last.is_some(), "it goes on where it was");
}

#[test]
fn a_session_on_a_slow_part_works_in_real_time() {
    let dongle = SimDongle::plug(tallykey_sim::platform::SimPlatform::new(
        SimFlash::copy_of(&contents(&provisioned(SERIAL).0)),
        tallykey_sim::platform::Clock::real(),
    ))
    .unwrap();
    dongle.set_sign_time(SIGN_MS);
    let begin = std::time::Instant::now();
    facts(&mut open(&dongle));
    assert!(
        begin.elapsed() >= Duration::from_millis(2 * SIGN_MS),
        "open and prove"
    );
}

#[test]
fn a_lock_keeps_the_others_out_for_as_long_as_it_says() {
    let (dongle, ticks) = provisioned(SERIAL);
    let (host, other) = (Wire::new(&dongle), Wire::new(&dongle));
    host.heard();
    host.send(command::LOCK, &[10]);
    assert!(host.is_answer(&host.heard()[0], command::LOCK, &[]));
    let busy = [error_report(other.channel, ChannelBusy)];
    other.heard();
    for (pass, is_busy) in [(0, true), (9_999, true), (1, false)] {
        ticks.pass(pass);
        other.send(command::PING, b"?");
        assert_eq!(other.heard() == busy, is_busy, "{pass}");
        host.heard();
        host.send(command::PING, b"!");
        assert!(host.is_answer(&host.heard()[0], command::PING, b"!"));
        other.heard();
    }
    host.send(command::LOCK, &[5]);
    host.send(command::LOCK, &[0]);
    host.heard();
    other.heard();
    other.send(command::PING, b"?");
    assert!(other.is_answer(&other.heard()[0], command::PING, b"?"));
    for (payload, why) in [
        (&[11][..], InvalidParameter),
        (&[], InvalidLength),
        (&[1, 1], InvalidLength),
    ] {
        host.heard();
        host.send(command::LOCK, payload);
        assert_eq!(host.heard(), [error_report(host.channel, why)]);
    }
}

#[test]
fn a17_a_lock_cannot_starve_the_host_that_has_the_lease() {
    let (dongle, _) = provisioned(SERIAL);
    let session = open(&dongle);
    let stranger = Wire::new(&dongle);
    stranger.send(command::LOCK, &[10]);
    assert_eq!(
        stranger.heard(),
        [error_report(stranger.channel, ChannelBusy)]
    );
    session.close().unwrap();
    stranger.heard();
    stranger.send(command::LOCK, &[10]);
    assert!(stranger.is_answer(&stranger.heard()[0], command::LOCK, &[]));
    // A bus reset ends a lock as it ends everything.
    dongle.bus_reset();
    let answer = channel(&dongle).ask(Command::SelfTest, &Empty).unwrap();
    assert_eq!(answer.status, Status::Ok);
}
