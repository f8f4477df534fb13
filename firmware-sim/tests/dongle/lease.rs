//! One host at a time, for as long as it is heard. Time moves only when a test says so.

use crate::support::*;
use tallykey_protocol::command::{Command, Decode, Empty, certificate, heartbeat, open};
use tallykey_protocol::limits::LEASE_MS;
use tallykey_protocol::status::Status;
use tallykey_sim::host::{Session, TalkError};

const BEAT: heartbeat::Request = heartbeat::Request { nonce: [1; 16] };

fn is_busy(error: Option<TalkError>) -> bool {
    matches!(
        error,
        Some(TalkError::Refused {
            command: Command::Open,
            status: Status::Busy
        })
    )
}

#[test]
fn a17_a_second_host_is_busy_whatever_id_it_claims() {
    let (dongle, ticks) = provisioned(SERIAL);
    let mut first = open(&dongle);
    ticks.pass(4_000);
    assert_eq!(status(&mut first, Command::Heartbeat, &BEAT), Status::Ok);
    ticks.pass(1_500);
    for host_id in [*b"the test's host ", [0; 16]] {
        let mut second = channel(&dongle);
        second.hello().unwrap();
        let request = open::Request {
            nonce: [0; 32],
            ephemeral: [4; 65],
            host_id,
        };
        let answer = second.ask(Command::Open, &request).unwrap();
        assert_eq!(answer.status, Status::Busy);
        assert_eq!(
            open::Busy::decode(&answer.body).unwrap().age_ms,
            5_500,
            "age of the lease, not of the heartbeat"
        );
    }
    assert_eq!(
        status(&mut first, Command::Heartbeat, &BEAT),
        Status::Ok,
        "the first host noticed nothing"
    );
}

#[test]
fn a_second_open_on_the_same_channel_is_busy_too() {
    let (dongle, _) = provisioned(SERIAL);
    let channel = open(&dongle).abandon();
    assert!(is_busy(Session::open(channel, [0; 16]).err()));
}

#[test]
fn the_lease_ends_15_seconds_after_the_last_heartbeat() {
    let (dongle, ticks) = provisioned(SERIAL);
    let mut first = open(&dongle);
    ticks.pass(LEASE_MS - 1);
    assert_eq!(status(&mut first, Command::Heartbeat, &BEAT), Status::Ok);
    ticks.pass(LEASE_MS - 1);
    assert!(is_busy(try_open(&dongle).err()), "the heartbeat renewed it");
    ticks.pass(1);
    let mut second = open(&dongle);
    assert_eq!(
        status(&mut first, Command::Heartbeat, &BEAT),
        Status::NoSession
    );
    assert_eq!(status(&mut second, Command::Heartbeat, &BEAT), Status::Ok);
}

#[test]
fn only_a_valid_heartbeat_renews_the_lease() {
    let (dongle, ticks) = provisioned(SERIAL);
    let mut session = open(&dongle);
    ticks.pass(LEASE_MS - 1);
    facts(&mut session);
    let mut wrong = session.sealed(Command::Heartbeat, &BEAT);
    wrong[30] ^= 1;
    assert_eq!(
        session.deliver(Command::Heartbeat, &wrong).unwrap().status,
        Status::MacInvalid
    );
    assert_eq!(
        status(&mut session, Command::Heartbeat, &Empty),
        Status::Malformed
    );
    ticks.pass(1);
    assert_eq!(
        status(&mut session, Command::Heartbeat, &BEAT),
        Status::NoSession
    );
}

#[test]
fn a_bus_reset_and_a_replug_end_the_lease() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    dongle.bus_reset();
    let lost = session.ask(Command::Heartbeat, &BEAT).err();
    assert!(
        matches!(lost, Some(TalkError::Frame(_))),
        "the channel went with the reset"
    );
    let session = open(&dongle);
    dongle.replug().unwrap();
    assert!(matches!(session.abandon().hello(), Err(TalkError::Gone(_))));
    open(&dongle);
}

#[test]
fn others_may_look_while_one_host_has_it() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let mut other = channel(&dongle);
    assert_eq!(other.hello().unwrap().status, Status::Ok);
    let shown = other
        .ask(Command::Certificate, &certificate::Request { known: None })
        .unwrap();
    assert_eq!(shown.status, Status::Ok);
    assert_eq!(status(&mut session, Command::Heartbeat, &BEAT), Status::Ok);
}
