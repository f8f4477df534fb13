//! Returns and repairs from end to end: a server's own requests, answered by the vendor's program.
#![cfg(unix)]

#[path = "returns/desk.rs"]
mod desk;
#[path = "support/programs.rs"]
mod programs;
#[path = "returns/server.rs"]
mod server;

use std::time::Duration;

use tallykey::licence::machine_binding::Standing;
use tallykey::service::{Purpose, Returning};

use desk::Desk;
use server::Server;

/// Channels that the product gives to everybody.
const FREE: u64 = 4;

/// Longer than the grace of a machine that changed.
const GRACE: Duration = Duration::from_secs(15 * 86_400);

/// A server that the vendor sold 64 cameras, and the file they came in.
async fn sold(desk: &Desk) -> (Server, String) {
    let server = Server::start(desk, "server").await;
    let request = server.request(None).await;
    assert_eq!(request.purpose, Purpose::New);
    let licence = desk.issue(&request, "camera=64", "sold");
    assert_eq!(server.import(&licence).await, ["imported"]);
    assert_eq!(server.cameras(), FREE + 64);
    (server, licence)
}

#[tokio::test]
async fn a22_a_return_is_credited_once_to_the_server_that_gave_it_up() {
    let desk = Desk::open();
    let (server, sold) = sold(&desk).await;

    // The first phase: lower counts, and nothing credited.
    let request = server.request(None).await;
    assert_eq!((request.purpose, request.chosen), (Purpose::Update, true));
    let too_early = server.try_request(Some(Purpose::ReturnConfirmation)).await;
    assert_eq!(
        too_early.expect_err("nothing to confirm"),
        "nothing-to-confirm"
    );
    let lowered = desk.issue(&request, "camera=40", "lowered");
    // The server that does not take it cannot confirm it, and gets nothing else.
    let kept = server.request(None).await;
    desk.refuses(&["confirm-return"], &kept, "wrong-purpose");
    desk.refuses(&["issue", "--channels", "camera=80"], &kept, "return-open");

    assert_eq!(server.import(&lowered).await, ["imported"]);
    assert_eq!(server.cameras(), FREE + 40);
    assert_eq!(server.returning(), Some(Returning::WaitingConfirm));
    assert_eq!(server.import(&sold).await, ["licence-absorbed"]);
    assert_eq!(desk.credited(), 0);

    // A copy of its machine that has another host key shows the same.
    let other = Server::start(&desk, "server").await;
    assert_eq!(other.import(&lowered).await, ["imported"]);
    let others = other.request(Some(Purpose::ReturnConfirmation)).await;
    desk.refuses(&["confirm-return"], &others, "other-server");

    // The second phase.
    let confirmation = server.request(None).await;
    assert_eq!(confirmation.purpose, Purpose::ReturnConfirmation);
    assert!(
        confirmation
            .name
            .contains("_return-confirmation_camera-40_")
    );
    let second = server.request(Some(Purpose::ReturnConfirmation)).await;
    assert_eq!(desk.credited(), 0);
    desk.confirm(&confirmation);
    assert_eq!(desk.credited(), 1);
    desk.refuses(&["confirm-return"], &confirmation, "request-answered");
    desk.refuses(&["confirm-return"], &second, "stale-confirmation");
    assert_eq!(desk.credited(), 1);

    // The server hears of it with the next licence, and what was given up never comes back.
    let server = server.restart("server").await;
    assert!(matches!(
        server.returning(),
        Some(Returning::ConfirmationSent { .. })
    ));
    let request = server.request(None).await;
    assert_eq!(request.purpose, Purpose::Update);
    let next = desk.issue(&request, "camera=48", "next");
    assert_eq!(server.import(&next).await, ["imported"]);
    assert_eq!((server.cameras(), server.returning()), (FREE + 48, None));
    server.remove_all().await;
    assert_eq!(server.cameras(), FREE);
    for old in [&sold, &lowered] {
        assert_eq!(server.import(old).await, ["licence-absorbed"]);
    }
    assert_eq!(server.import(&next).await, ["imported"]);
}

#[tokio::test]
async fn a_machine_that_changed_counts_on_until_the_desk_has_repaired_it() {
    let desk = Desk::open();
    let (server, sold) = sold(&desk).await;
    for number in 0..10 {
        server.allocate(&format!("SN-{number}")).await;
    }

    let server = server.restart("nuc").await;
    let [standing] = server.standings().await[..] else {
        panic!("one licence is there")
    };
    assert!(matches!(standing, Standing::InGrace { .. }), "{standing:?}");
    assert_eq!((server.cameras(), server.suspended()), (FREE + 64, 0));
    let request = server.request(None).await;
    assert_eq!((request.purpose, request.chosen), (Purpose::Repair, true));

    // The answer is lost on the way; the desk makes the same one again.
    let repaired = desk.answer(&["issue"], &request, "repaired");
    let again = desk.reissue("again");
    assert_eq!(repaired, again);
    assert_eq!(server.import(&again).await, ["imported"]);
    assert_eq!(server.import(&repaired).await, ["already"]);
    assert_eq!(server.import(&sold).await, ["licence-absorbed"]);

    // It holds for good, and asks for no repair any more.
    server.pass(GRACE).await;
    assert_eq!(server.standings().await, [Standing::Holds]);
    assert_eq!((server.cameras(), server.suspended()), (FREE + 64, 0));
    assert_eq!(server.request(None).await.purpose, Purpose::Update);
}

#[tokio::test]
async fn a_machine_that_is_not_repaired_in_time_counts_for_nothing() {
    let desk = Desk::open();
    let (server, _) = sold(&desk).await;
    for number in 0..10 {
        server.allocate(&format!("SN-{number}")).await;
    }
    let server = server.restart("nuc").await;
    server.pass(GRACE).await;
    assert_eq!(server.standings().await, [Standing::Out]);
    assert_eq!((server.cameras(), server.suspended()), (FREE, 6));
    // It is not too late.
    let request = server.request(None).await;
    assert_eq!(request.purpose, Purpose::Repair);
    let repaired = desk.answer(&["issue"], &request, "repaired");
    assert_eq!(server.import(&repaired).await, ["imported"]);
    assert_eq!((server.cameras(), server.suspended()), (FREE + 64, 0));
}
