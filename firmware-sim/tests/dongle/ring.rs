//! The ring of receipts, and the grants that they name.

use crate::giving::*;
use crate::support::*;
use tallykey_protocol::command::{Command, acknowledge, grant as grant_command, receipt};
use tallykey_protocol::grant::{Convert, Grant};
use tallykey_protocol::limits::RECEIPTS_MAX;
use tallykey_protocol::receipt::{Kind, Receipt};
use tallykey_protocol::status::Status;
use tallykey_sim::host::Session;

const KIND: Kind = Kind::ConvertOffline;

fn one(session: &mut Session, verifier: &Verifier) -> Vec<u8> {
    let order = next(session, KIND, &[(1, 1)]);
    given(session, verifier, &order)
}

#[test]
fn sixteen_receipts_fit_and_none_that_is_not_acknowledged_is_evicted() {
    let (dongle, _, verifier) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let records: Vec<_> = (0..RECEIPTS_MAX)
        .map(|_| one(&mut session, &verifier))
        .collect();
    let before = contents(&dongle);
    let order = next(&mut session, KIND, &[(1, 1)]);
    assert_eq!(
        give(&mut session, &verifier, &order).status,
        Status::ReceiptsFull
    );
    assert!(
        contents(&dongle) == before,
        "nothing was lowered, no try was taken"
    );
    assert_eq!(facts(&mut session).grants[0].3[0], (1, 16));

    // The newest is acknowledged first: it is the one that goes.
    assert_eq!(acknowledge(&mut session, KIND, &records[15]), Status::Ok);
    one(&mut session, &verifier);
    let order = next(&mut session, KIND, &[(1, 1)]);
    assert_eq!(
        give(&mut session, &verifier, &order).status,
        Status::ReceiptsFull
    );
    let mut session = replugged(&dongle);
    let entries = receipts(&mut session);
    assert!(entries.is_sorted_by_key(|entry| entry.counter) && entries.len() == 16);
    assert!(
        entries
            .iter()
            .all(|entry| !entry.acknowledged && entry.kind == KIND)
    );
    for (entry, record) in entries.iter().zip(&records[..15]) {
        assert_eq!(read_receipt(&mut session, entry.counter), *record);
    }
    // Of several acknowledged ones the oldest goes.
    for record in [&records[7], &records[3], &records[9]] {
        assert_eq!(acknowledge(&mut session, KIND, record), Status::Ok);
    }
    one(&mut session, &verifier);
    let left = receipts(&mut session);
    assert!(!left.contains(&entries[3]) && left.iter().any(|e| e.counter == entries[7].counter));
}

#[test]
fn only_who_has_read_a_receipt_can_acknowledge_it() {
    let (dongle, _, verifier) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let record = one(&mut session, &verifier);
    let (receipt, digest) = Receipt::verify(&record, KIND, session.key()).unwrap();
    let flash = contents(&dongle);
    for (counter, digest) in [(receipt.counter, [0; 32]), (receipt.counter + 1, digest)] {
        let request = acknowledge::Request { counter, digest };
        assert_eq!(
            status(&mut session, Command::Acknowledge, &request),
            Status::NoSuchItem
        );
    }
    let missing = receipt::Request::Read { counter: 1 };
    assert_eq!(
        status(&mut session, Command::Receipt, &missing),
        Status::NoSuchItem
    );
    assert!(contents(&dongle) == flash);
    assert_eq!(acknowledge(&mut session, KIND, &record), Status::Ok);
    let flash = contents(&dongle);
    assert_eq!(
        acknowledge(&mut session, KIND, &record),
        Status::Ok,
        "again is no mistake"
    );
    assert!(contents(&dongle) == flash);
    assert!(receipts(&mut session)[0].acknowledged);
}

fn read_grant(session: &mut Session, digest: [u8; 32]) -> Option<Vec<u8>> {
    let request = grant_command::Request::Digest(digest);
    let answer = session.ask(Command::Grant, &request).unwrap();
    answer
        .read_ok::<grant_command::Reply<'_>>()
        .ok()
        .map(|reply| reply.record.to_vec())
}

#[test]
fn a_grant_that_a_receipt_names_is_kept_beside_the_one_that_follows() {
    let (dongle, _, verifier) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let key = *session.key();
    let second = facts(&mut session).grants[0].2;
    let record = read_grant(&mut session, second).unwrap();
    one(&mut session, &verifier);
    let third = convertible(&key, 3, 70, Convert::Offline);
    assert_eq!(apply(&mut session, &third), Status::Ok);
    let fourth = convertible(&key, 4, 80, Convert::Offline);
    assert_eq!(apply(&mut session, &fourth), Status::Ok);

    let mut session = replugged(&dongle);
    let now = facts(&mut session);
    assert_eq!(now.grants.len(), 1, "proofs show what is live");
    assert_eq!((now.grants[0].1, now.grants[0].3[0]), (4, (1, 1)));
    let live = read_grant(&mut session, now.grants[0].2);
    assert_eq!(live.as_ref(), Some(&fourth));
    assert_eq!(read_grant(&mut session, second), Some(record));
    let index = grant_command::Request::Index(1);
    assert_eq!(
        status(&mut session, Command::Grant, &index),
        Status::NoSuchItem
    );
    assert_eq!(apply(&mut session, &third), Status::RevisionHeld);
}

#[test]
fn an_update_that_would_push_out_a_named_grant_is_refused_until_the_receipt_is_acknowledged() {
    let (dongle, _, verifier) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let key = *session.key();
    for n in 1..8 {
        let product = format!("product-{n}");
        let grant = Grant {
            product: &product,
            ..grant(SERIAL, &key, 1, &lines(1))
        };
        assert_eq!(
            apply(&mut session, &VENDOR.sign_grant(&grant).unwrap()),
            Status::Ok
        );
    }
    let named = facts(&mut session).grants[0].2;
    let record = one(&mut session, &verifier);
    let third = convertible(&key, 3, 70, Convert::Offline);
    let flash = contents(&dongle);
    assert_eq!(apply(&mut session, &third), Status::ReceiptsOpen);
    assert!(contents(&dongle) == flash);

    assert_eq!(acknowledge(&mut session, KIND, &record), Status::Ok);
    assert_eq!(apply(&mut session, &third), Status::Ok);
    let mut session = replugged(&dongle);
    assert_eq!(read_grant(&mut session, named), None);
    assert_eq!(receipts(&mut session), [], "it went with its grant");
    assert_eq!(facts(&mut session).grants.len(), 8);
}
