//! `convert` and `retire`: what they do, and each reason for which they do nothing.

use crate::giving::*;
use crate::support::*;
use tallykey_protocol::command::order::{Order, Request};
use tallykey_protocol::command::{Command, hello};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::receipt::{GivenAway, Kind, Receipt};
use tallykey_protocol::status::Status;
use tallykey_sim::host::Session;

/// Offers `order`, which must be refused with `expected` and write nothing.
fn refused(
    dongle: &tallykey_sim::dongle::SimDongle,
    session: &mut Session,
    verifier: &Verifier,
    order: &Order<'_>,
    expected: Status,
) {
    let before = contents(dongle);
    assert_eq!(give(session, verifier, order).status, expected, "{order:?}");
    assert!(
        contents(dongle) == before,
        "{expected:?}: something was written"
    );
}

#[test]
fn convert_raises_given_and_signs_for_it() {
    let (dongle, _, verifier) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let before = facts(&mut session);
    let order = asking(Kind::ConvertOffline, 1, before.counter, &[(1, 60), (2, 8)]);
    let record = given(&mut session, &verifier, &order);
    let (receipt, _) = Receipt::verify(&record, order.kind, session.key()).unwrap();
    let away = |line, after| GivenAway {
        line,
        before: 0,
        after,
    };
    assert_eq!(receipt.given[..], [away(1, 60), away(2, 8)]);
    assert_eq!(
        (
            receipt.serial,
            receipt.product,
            receipt.revision,
            receipt.grant
        ),
        (SERIAL, PROFILE.product, 2, before.grants[0].2)
    );
    assert_eq!(
        (receipt.request_id, receipt.target, receipt.counter),
        ([1; 16], Some(target()), before.counter + 1)
    );
    let after = facts(&mut session);
    assert_eq!(after.counter, before.counter + 1);
    assert_eq!(after.grants[0].3, [(1, 60), (2, 8)]);
    let mut session = replugged(&dongle);
    assert_eq!(facts(&mut session), after);
    assert_eq!(read_receipt(&mut session, receipt.counter), record);

    let more = next(&mut session, Kind::ConvertDesk, &[(1, 4)]);
    let record = given(&mut session, &verifier, &more);
    let (receipt, _) = Receipt::verify(&record, Kind::ConvertDesk, session.key()).unwrap();
    assert_eq!((receipt.given[0].before, receipt.given[0].after), (60, 64));
}

#[test]
fn the_same_order_again_gives_the_same_receipt_and_lowers_nothing() {
    let (dongle, _, verifier) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let order = next(&mut session, Kind::ConvertOffline, &[(1, 10)]);
    let record = given(&mut session, &verifier, &order);
    let after = contents(&dongle);
    assert_eq!(given(&mut session, &verifier, &order), record);
    let mut session = replugged(&dongle);
    assert_eq!(given(&mut session, &verifier, &order), record);
    // It shows what any session may read, so it costs no try either.
    assert_eq!(given(&mut session, &[0; 32], &order), record);
    assert!(contents(&dongle) == after);

    let more = Order {
        shares: asking(order.kind, 0, 0, &[(1, 11)]).shares,
        ..order
    };
    let elsewhere = Order {
        target: Some(tallykey_protocol::target::Target {
            salt: [9; 16],
            ..target()
        }),
        ..order
    };
    let another_way = Order {
        kind: Kind::ConvertDesk,
        ..order
    };
    let returned = Order {
        target: None,
        kind: Kind::Retire,
        ..order
    };
    let later = Order {
        counter: order.counter + 1,
        ..order
    };
    for other in [more, elsewhere, another_way, returned, later] {
        refused(
            &dongle,
            &mut session,
            &verifier,
            &other,
            Status::RequestReused,
        );
    }
    let kind = order.kind;
    assert_eq!(acknowledge(&mut session, kind, &record), Status::Ok);
    assert_eq!(
        given(&mut session, &verifier, &order),
        record,
        "acknowledged, and still there"
    );
}

#[test]
fn every_order_that_cannot_be_done_is_refused_and_costs_nothing() {
    let (dongle, _, verifier) = owned(Convert::Desk);
    let mut session = open(&dongle);
    let counter = facts(&mut session).counter;
    let good = asking(Kind::ConvertDesk, 1, counter, &[(1, 64)]);
    let mut is =
        |order: &Order<'_>, status| refused(&dongle, &mut session, &verifier, order, status);
    for counter in [counter - 1, counter + 1, 0, u64::MAX] {
        is(&Order { counter, ..good }, Status::Stale);
    }
    is(
        &asking(Kind::ConvertOffline, 1, counter, &[(1, 1)]),
        Status::ConvertNotAllowed,
    );
    is(
        &asking(good.kind, 1, counter, &[(1, 65)]),
        Status::NotEnough,
    );
    is(
        &asking(good.kind, 1, counter, &[(1, 1), (2, 9)]),
        Status::NotEnough,
    );
    is(
        &asking(good.kind, 1, counter, &[(3, 1)]),
        Status::NoSuchItem,
    );
    is(&asking(good.kind, 1, counter, &[]), Status::Malformed);
    is(&asking(good.kind, 1, counter, &[(1, 0)]), Status::Malformed);
    is(
        &asking(good.kind, 1, counter, &[(2, 1), (1, 1)]),
        Status::Malformed,
    );
    is(
        &asking(good.kind, 1, counter, &[(1, 1), (1, 1)]),
        Status::Malformed,
    );
    is(
        &Order {
            target: None,
            ..good
        },
        Status::Malformed,
    );
    is(
        &Order {
            product: "other",
            ..good
        },
        Status::NoSuchItem,
    );
    is(
        &Order {
            target: Some(target()),
            ..asking(Kind::Retire, 1, counter, &[(1, 1)])
        },
        Status::Malformed,
    );
    // A conversion through `retire`, and the other way round.
    let order = encoded(&good);
    let request = Request {
        order: &order,
        proof: [0; 32],
    };
    assert_eq!(
        status(&mut session, Command::Retire, &request),
        Status::Malformed
    );
    given(&mut session, &verifier, &good);
}

#[test]
fn a_later_grant_keeps_what_was_given_and_never_falls_below_it() {
    let (dongle, _, verifier) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let key = *session.key();
    let order = next(&mut session, Kind::ConvertOffline, &[(1, 40)]);
    given(&mut session, &verifier, &order);
    let fewer = convertible(&key, 3, 63, Convert::Offline);
    assert_eq!(apply(&mut session, &fewer), Status::BelowGivenAway);
    let more = convertible(&key, 3, 100, Convert::Offline);
    assert_eq!(apply(&mut session, &more), Status::Ok);
    assert_eq!(facts(&mut session).grants[0].3, [(1, 40), (2, 0)]);
    let rest = next(&mut session, Kind::ConvertOffline, &[(1, 61)]);
    refused(&dongle, &mut session, &verifier, &rest, Status::NotEnough);
    let rest = next(&mut session, Kind::ConvertOffline, &[(1, 60)]);
    given(&mut session, &verifier, &rest);
}

#[test]
fn when_the_last_channel_is_returned_the_dongle_is_retired() {
    let (dongle, _, verifier) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let part = next(&mut session, Kind::ConvertOffline, &[(1, 60), (2, 8)]);
    given(&mut session, &verifier, &part);
    let some = next(&mut session, Kind::Retire, &[(1, 3)]);
    given(&mut session, &verifier, &some);
    assert_eq!(lifecycle(&dongle), Lifecycle::Sealed);
    let last = next(&mut session, Kind::Retire, &[(1, 1)]);
    let record = given(&mut session, &verifier, &last);
    assert_eq!(lifecycle(&dongle), Lifecycle::Retired);

    let mut session = replugged(&dongle);
    let key = *session.key();
    let update = convertible(&key, 3, 100, Convert::Offline);
    assert_eq!(apply(&mut session, &update), Status::WrongLifecycle);
    for kind in [Kind::ConvertOffline, Kind::Retire] {
        let order = next(&mut session, kind, &[(1, 1)]);
        refused(
            &dongle,
            &mut session,
            &verifier,
            &order,
            Status::WrongLifecycle,
        );
    }
    assert_eq!(receipts(&mut session).len(), 3);
    assert_eq!(read_receipt(&mut session, last.counter + 1), record);
    assert_eq!(acknowledge(&mut session, Kind::Retire, &record), Status::Ok);
}

#[test]
fn a_dongle_that_gave_all_to_software_is_empty_and_not_retired() {
    let (dongle, _, verifier) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let all = next(&mut session, Kind::ConvertOffline, &[(1, 64), (2, 8)]);
    given(&mut session, &verifier, &all);
    assert_eq!(lifecycle(&dongle), Lifecycle::Sealed);
    let key = *session.key();
    let more = convertible(&key, 3, 65, Convert::Offline);
    assert_eq!(
        apply(&mut session, &more),
        Status::Ok,
        "it can be filled again"
    );
}

fn lifecycle(dongle: &tallykey_sim::dongle::SimDongle) -> Lifecycle {
    let hello = channel(dongle).hello().unwrap();
    hello.read_ok::<hello::Reply<'_>>().unwrap().lifecycle
}
