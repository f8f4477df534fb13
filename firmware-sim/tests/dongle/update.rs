//! Grants: what a dongle takes, and each reason for which it does not.

use crate::support::*;
use tallykey_protocol::command::{Command, update};
use tallykey_protocol::grant::{Grant, Line, Plan};
use tallykey_protocol::status::Status;
use tallykey_signing::Vendor;
use tallykey_sim::host::Session;

fn apply(session: &mut Session, record: &[u8]) -> Status {
    status(session, Command::Update, &update::Request { record })
}

/// Offers `record`, which must be refused with `expected` and change nothing.
fn refused(session: &mut Session, record: &[u8], expected: Status) {
    let before = facts(session);
    assert_eq!(apply(session, record), expected);
    assert_eq!(facts(session), before);
}

fn signed(vendor: &Vendor, grant: &Grant<'_>) -> Vec<u8> {
    vendor.sign_grant(grant).expect("a signed grant")
}

#[test]
fn a12_record_copied_to_another_stick_is_refused() {
    let (first, _) = provisioned("SIM-0001");
    let (second, _) = provisioned("SIM-0002");
    let key = *open(&first).key();
    let record = signed(&VENDOR, &grant("SIM-0001", &key, 2, &lines(100)));
    let mut session = open(&second);
    refused(&mut session, &record, Status::WrongHolder);

    // The serial alone, or the key alone, is not the holder either.
    let own = *session.key();
    refused(
        &mut session,
        &signed(&VENDOR, &grant("SIM-0002", &key, 2, &lines(100))),
        Status::WrongHolder,
    );
    refused(
        &mut session,
        &signed(&VENDOR, &grant("SIM-0001", &own, 2, &lines(100))),
        Status::WrongHolder,
    );
}

#[test]
fn a13_an_older_larger_record_written_back_is_refused() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let key = *session.key();
    let second = signed(&VENDOR, &grant(SERIAL, &key, 2, &lines(500)));
    let third = signed(&VENDOR, &grant(SERIAL, &key, 3, &lines(500)));
    assert_eq!(apply(&mut session, &second), Status::Ok);
    assert_eq!(apply(&mut session, &third), Status::Ok);
    refused(&mut session, &second, Status::RevisionHeld);
    refused(
        &mut session,
        &signed(&VENDOR, &grant(SERIAL, &key, 1, &lines(900))),
        Status::RevisionHeld,
    );
}

#[test]
fn a14_updates_skipped_replayed_or_foreign_each_have_their_status() {
    let (dongle, _) = provisioned(SERIAL);
    let (other, _) = provisioned("SIM-0002");
    let mut session = open(&dongle);
    let key = *session.key();
    let second = signed(&VENDOR, &grant(SERIAL, &key, 2, &lines(65)));
    let third = signed(&VENDOR, &grant(SERIAL, &key, 3, &lines(66)));
    let foreign = signed(
        &VENDOR,
        &grant("SIM-0002", open(&other).key(), 2, &lines(65)),
    );

    refused(&mut session, &third, Status::WrongRevision);
    refused(&mut session, &foreign, Status::WrongHolder);
    assert_eq!(apply(&mut session, &second), Status::Ok);
    refused(&mut session, &second, Status::RevisionHeld);
    assert_eq!(
        apply(&mut session, &third),
        Status::Ok,
        "a file of several goes on where it stopped"
    );
}

#[test]
fn a14_of_two_answers_to_two_open_requests_one_is_taken() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let key = *session.key();
    let one = signed(&VENDOR, &grant(SERIAL, &key, 2, &lines(100)));
    let two = signed(&VENDOR, &grant(SERIAL, &key, 2, &lines(200)));
    assert_eq!(apply(&mut session, &one), Status::Ok);
    refused(&mut session, &two, Status::RevisionHeld);
}

#[test]
fn a03_other_vendors_grant_is_refused() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let key = *session.key();
    let record = signed(&other_vendor(), &grant(SERIAL, &key, 2, &lines(100)));
    refused(&mut session, &record, Status::ChainInvalid);
}

#[test]
fn a03_every_changed_bit_of_a_grant_is_refused() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let key = *session.key();
    let record = signed(&VENDOR, &grant(SERIAL, &key, 2, &lines(100)));
    for byte in 0..record.len() {
        let mut bad = record.clone();
        bad[byte] ^= 1 << (byte % 8);
        let status = apply(&mut session, &bad);
        let why = [
            Status::RecordInvalid,
            Status::SignatureInvalid,
            Status::ChainInvalid,
            Status::RoleNotAllowed,
        ];
        assert!(why.contains(&status), "byte {byte}: {status:?}");
    }
    for length in [0, 1, record.len() - 1] {
        refused(&mut session, &record[..length], Status::RecordInvalid);
    }
    refused(
        &mut session,
        &[&record[..], &[0]].concat(),
        Status::RecordInvalid,
    );
    assert_eq!(apply(&mut session, &record), Status::Ok);
}

#[test]
fn a_record_of_another_kind_is_no_grant() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let profile = VENDOR.sign_profile(&PROFILE).unwrap();
    let profile = &profile[..profile.len().min(4096)];
    refused(&mut session, profile, Status::RecordInvalid);
    let opening = session.opening().to_vec();
    refused(&mut session, &opening, Status::RecordInvalid);
}

#[test]
fn counts_and_lines_follow_the_rules() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let key = *session.key();
    let mut offer = |revision, lines: &[Line<'_>]| {
        let record = signed(&VENDOR, &grant(SERIAL, &key, revision, lines));
        apply(&mut session, &record)
    };
    assert_eq!(
        offer(2, &lines(63)),
        Status::BelowGivenAway,
        "a count falls"
    );
    assert_eq!(
        offer(2, &lines(64)[..1]),
        Status::BelowGivenAway,
        "a line is left out"
    );
    let over = Line {
        plan: Plan::FixedTerm,
        valid_from: NOW - 9,
        valid_to: Some(NOW),
        ..line(5, "pos", 3)
    };
    assert_eq!(offer(2, &[&lines(64)[..], &[over]].concat()), Status::Ok);
    assert_eq!(offer(3, &lines(64)), Status::Ok, "what is over may go");
    assert_eq!(
        offer(4, &[&lines(64)[..], &[line(5, "pos", 3)]].concat()),
        Status::LineIdReused
    );
    assert_eq!(
        offer(4, &[line(1, "vca", 64), line(2, "vca", 8)]),
        Status::LineIdReused,
        "another feature"
    );
    assert_eq!(
        offer(4, &[&lines(64)[..], &[line(6, "pos", 3)]].concat()),
        Status::Ok
    );
}

#[test]
fn a_dongle_holds_grants_of_eight_products_and_says_when_it_is_full() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let key = *session.key();
    let names: Vec<String> = (1..=8).map(|n| format!("product-{n}")).collect();
    for (n, product) in names.iter().enumerate() {
        let record = signed(
            &VENDOR,
            &Grant {
                product,
                ..grant(SERIAL, &key, 1, &lines(n as u64))
            },
        );
        let expected = if n < 7 { Status::Ok } else { Status::NoRoom };
        assert_eq!(apply(&mut session, &record), expected, "{product}");
    }
    let facts = facts(&mut session);
    assert_eq!(facts.grants.len(), 8);
    dongle.replug().unwrap();
    assert_eq!(crate::support::facts(&mut open(&dongle)), facts);
}

#[test]
fn the_fullest_dongle_still_fits_a_proof_and_a_message() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let key = *session.key();
    let features: Vec<String> = (0..32).map(|n| format!("feature-{n:040}")).collect();
    let most: Vec<Line<'_>> = (0..32)
        .map(|n| {
            line(
                u32::MAX - 31 + n,
                &features[n as usize],
                tallykey_protocol::limits::COUNT_MAX,
            )
        })
        .collect();
    let names: Vec<String> = (1..8).map(|n| format!("product-{n:040}")).collect();
    for product in &names {
        let grant = Grant {
            product,
            ..grant(SERIAL, &key, 1, &most)
        };
        let record = signed(&VENDOR, &grant);
        assert_eq!(
            apply(&mut session, &record),
            Status::Ok,
            "{} bytes",
            record.len()
        );
    }
    let facts = facts(&mut session);
    assert!(
        facts
            .grants
            .iter()
            .skip(1)
            .all(|(_, _, _, given)| given.len() == 32)
    );
    session.close().unwrap();
    open(&dongle);
}
