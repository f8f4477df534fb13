//! What use costs the flash.

use crate::support::*;
use tallykey_core::platform::Platform;
use tallykey_protocol::command::{Command, grant as read_grant, heartbeat, update};
use tallykey_protocol::status::Status;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::host::Session;

fn next_update(session: &Session) -> Vec<u8> {
    let key = *session.key();
    let claims = grant(SERIAL, &key, 2, &lines(64));
    VENDOR.sign_grant(&claims).expect("a grant")
}

fn wear(dongle: &SimDongle) -> Vec<u32> {
    dongle.with_platform(|platform| platform.flash().wear().to_vec())
}

/// Every 5 s a heartbeat, every 10 minutes a proof, and now and then the dongle moves to another host.
#[test]
fn a_simulated_day_of_heartbeats_and_proofs_writes_nothing() {
    let (dongle, ticks) = provisioned(SERIAL);
    let (before, held) = (writes(&dongle), contents(&dongle));
    let (mut beats, mut proofs) = (0, 0);
    for _move in 0..6 {
        let mut session = open(&dongle);
        for _proof in 0..24 {
            for _beat in 0..120 {
                ticks.pass(5_000);
                let beat = heartbeat::Request { nonce: [1; 16] };
                assert_eq!(status(&mut session, Command::Heartbeat, &beat), Status::Ok);
                beats += 1;
            }
            facts(&mut session);
            proofs += 1;
        }
        let first = read_grant::Request::Index(0);
        assert_eq!(status(&mut session, Command::Grant, &first), Status::Ok);
        session.close().unwrap();
        dongle.replug().unwrap();
    }
    assert_eq!(
        (beats, proofs),
        (24 * 3600 / 5, 24 * 6),
        "that is a whole day"
    );
    assert_eq!(writes(&dongle), before);
    assert_eq!(contents(&dongle), held);

    let mut session = open(&dongle);
    let record = next_update(&session);
    let request = update::Request { record: &record };
    assert_eq!(status(&mut session, Command::Update, &request), Status::Ok);
    assert!(writes(&dongle) > before, "the count would have shown it");
}

/// An update writes what changed: no erasure, and little more than the record.
#[test]
fn an_update_writes_no_more_than_what_it_changes() {
    let (dongle, _) = provisioned(SERIAL);
    let (before, worn) = (writes(&dongle), wear(&dongle));
    let mut session = open(&dongle);
    let record = next_update(&session);
    let request = update::Request { record: &record };
    assert_eq!(status(&mut session, Command::Update, &request), Status::Ok);
    let written = (writes(&dongle) - before) as usize * 8;
    assert!(
        (record.len()..record.len() + 320).contains(&written),
        "{written} bytes for a record of {}",
        record.len()
    );
    assert_eq!(wear(&dongle), worn, "nothing was erased");
}
