//! A dongle's channels become a software licence: of this machine, of another, through the desk, and what can go
//! wrong on the way.

use tallykey::service::{
    AuthenticationType, Conversion, ConvertAsk, Converted, Gift, GiftWish, Goal, Imported,
    OwnerCode, Part, ServiceError,
};
use tallykey_protocol::command::Encode as _;
use tallykey_protocol::command::order::{Order, Share};
use tallykey_protocol::limits::ORDER_MAX;
use tallykey_protocol::list::List;
use tallykey_protocol::receipt::Kind;

use super::bench::{Bench, camera, operator, product};
use super::dongle::Dongle;
use super::software::{import_one, target};
use crate::bus::session;
use crate::other_machine;

pub(crate) fn ask(dongle: &Dongle, gift: Gift, parts: &[(&str, u64)]) -> ConvertAsk {
    let part = |&(of, count): &(&str, u64)| Part {
        of: of.into(),
        count,
    };
    ConvertAsk {
        serial: Some(dongle.serial().into()),
        wish: GiftWish {
            gift,
            parts: parts.iter().map(part).collect(),
        },
        to: None,
        code: Some(dongle.code()),
        dry_run: false,
    }
}

async fn convert(bench: &Bench, ask: ConvertAsk) -> Result<Converted, &'static str> {
    let done = bench.service.convert(&operator(), ask).await;
    done.map_err(|error| match error {
        ServiceError::Refused(refusal) => refusal.code(),
        ServiceError::Fault(fault) => fault.code(),
    })
}

/// The dongle is pulled before it is asked, and that is seen after.
async fn pulled(
    bench: &Bench,
    dongle: &Dongle,
    ask: ConvertAsk,
) -> Result<Converted, &'static str> {
    bench.pull(dongle);
    let seen = async {
        // Answered after what was asked before it.
        conversions(bench).await;
        bench.unplug(dongle).await;
    };
    tokio::join!(convert(bench, ask), seen).0
}

async fn conversions(bench: &Bench) -> Vec<Conversion> {
    bench.service.conversions().await.expect("it runs")
}

#[tokio::test]
async fn all_of_a_dongle_becomes_the_software_licence_of_this_machine() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 6), ("vca", 2)]);
    bench.plug(&dongle).await;
    for device in 0..10 {
        bench.ask(&format!("SN-{device}")).await.expect("a channel");
    }
    let mut dry = ask(&dongle, Gift::Convert, &[]);
    (dry.dry_run, dry.code) = (true, None);
    let told = convert(&bench, dry).await.expect("possible");
    assert_eq!(
        (told.kind, told.goal, told.done),
        (Kind::ConvertOffline, Goal::ThisMachine, None)
    );
    assert_eq!(told.lines[0].before, 6);
    assert_eq!(told.lines[0].after, 0);
    assert!(told.resolution.suspended.is_empty());
    assert_eq!(
        told.resolution.after.authentication_type,
        AuthenticationType::Software
    );
    assert_eq!(
        bench.service.snapshot().authentication_type,
        AuthenticationType::Dongle
    );

    let done = convert(&bench, ask(&dongle, Gift::Convert, &[]))
        .await
        .expect("done");
    assert_eq!(done.resolution, told.resolution, "as was foretold");
    let snapshot = bench.service.snapshot();
    assert_eq!(snapshot.authentication_type, AuthenticationType::Software);
    assert_eq!(snapshot.held, None, "an empty dongle does not count");
    assert_eq!(bench.counts("camera").total, 10);
    assert_eq!(bench.counts("camera").suspended, 0);
    assert_eq!(dongle.state_in(&snapshot), Some("empty"));

    // The dongle was told; it may let the receipt go.
    let snapshot = bench.service.wait_for(|_| true).await.expect("it runs");
    assert_eq!(snapshot.authentication_type, AuthenticationType::Software);
    assert!(
        dongle
            .again()
            .evidence()
            .receipts
            .iter()
            .all(|one| one.acknowledged)
    );

    let bench = bench.restart().await;
    assert_eq!(
        bench.counts("camera").total,
        10,
        "the licence stands by itself"
    );
    assert_eq!(
        convert(&bench, ask(&dongle, Gift::Convert, &[])).await,
        Err("no-such-dongle")
    );
    bench.tell_opened(&dongle.again(), "empty").await;
    assert_eq!(
        convert(&bench, ask(&dongle, Gift::Convert, &[])).await,
        Err("dongle-empty")
    );
    assert_eq!(bench.counts("camera").total, 10);
}

#[tokio::test]
async fn a_part_goes_to_another_machine_and_to_no_third_one() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 6), ("vca", 2)]);
    bench.plug(&dongle).await;
    assert_eq!(
        convert(&bench, ask(&dongle, Gift::Convert, &[("camera", 4)])).await,
        Err("convert-all-here")
    );
    let to_nuc = ConvertAsk {
        to: Some(other_machine::request(product().product)),
        ..ask(&dongle, Gift::Convert, &[("camera", 4)])
    };
    let done = convert(&bench, to_nuc).await.expect("done");
    assert_eq!(
        (done.goal, done.host.as_deref()),
        (Goal::OtherMachine, Some("nuc"))
    );
    assert_eq!(
        bench.service.snapshot().authentication_type,
        AuthenticationType::Dongle
    );
    assert_eq!(bench.counts("camera").total, 6);
    let licence = done.done.and_then(|done| done.licence).expect("a file");

    // Here it is another machine's; there it counts, once; on a third one it does not.
    assert_eq!(import_one(&bench, &licence).await, Err("other-machine"));
    for (tree, outcome, total) in [
        ("nuc", Ok(Imported::New), 8),
        ("vm", Err("other-machine"), 4),
    ] {
        let other = Bench::start().await;
        other.clock.become_machine(tree);
        assert_eq!(import_one(&other, &licence).await, outcome, "{tree}");
        assert_eq!(other.counts("camera").total, total, "{tree}");
        // The dongle shows the receipt; there it is the same licence, never a second one.
        other.tell_opened(&dongle.again(), "open").await;
        let had = u64::from(tree == "vm") * 2;
        assert_eq!(other.counts("camera").total, total + had, "{tree}");
    }
}

#[tokio::test]
async fn a23_a_wrong_owner_code_costs_a_try_and_lowers_nothing() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 6)]);
    bench.plug(&dongle).await;
    let without = ConvertAsk {
        code: None,
        ..ask(&dongle, Gift::Convert, &[])
    };
    assert_eq!(convert(&bench, without).await, Err("owner-code-needed"));
    let wrong = || ConvertAsk {
        code: OwnerCode::parse("AAAAAAAAAAAAAAAA"),
        ..ask(&dongle, Gift::Convert, &[])
    };
    for _ in 0..8 {
        assert_eq!(convert(&bench, wrong()).await, Err("owner-code-wrong"));
    }
    assert_eq!(
        convert(&bench, ask(&dongle, Gift::Convert, &[])).await,
        Err("owner-locked"),
        "also with the right code"
    );
    assert_eq!(conversions(&bench).await, [], "nothing is under way");
    assert_eq!(bench.counts("camera").total, 10);
}

#[tokio::test]
async fn a_conversion_waits_until_the_dongle_knows_that_the_receipt_before_it_is_kept() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 6)]);
    // The dongle gave, and nobody told it that the receipt is kept.
    let order = Order {
        kind: Kind::ConvertOffline,
        request_id: [7; 16],
        counter: dongle.evidence().counter,
        product: product().product,
        shares: List::of(&[Share { line: 1, count: 2 }]).expect("one fits"),
        target: Some(target(&bench)),
    };
    let mut bytes = [0; ORDER_MAX];
    let length = order.encode(&mut bytes).expect("it fits");
    let mut open = session(&dongle.sim()).expect("it is free");
    open.give(&bytes[..length], &dongle.code())
        .expect("it gives");
    open.close().expect("it is there");

    bench.deafen(&dongle);
    bench.tell_opened(&dongle.again(), "open").await;
    let go_on = async {
        // What is asked now would be stale when the dongle comes to it.
        assert_eq!(conversions(&bench).await.len(), 1, "nothing is under way");
        bench.listen(&dongle);
    };
    let part = ask(&dongle, Gift::Retire, &[("camera", 1)]);
    let (done, ()) = tokio::join!(convert(&bench, part), go_on);
    assert!(done.is_ok(), "{done:?}");
    assert_eq!(conversions(&bench).await.len(), 2);
}

#[tokio::test]
async fn what_goes_to_the_desk_counts_nowhere_else() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 6)]);
    bench.plug(&dongle).await;
    let retired = convert(&bench, ask(&dongle, Gift::Retire, &[("camera", 2)])).await;
    let retired = retired.expect("done").done.expect("a receipt");
    assert_eq!((retired.kind, retired.goal), (Kind::Retire, Goal::Desk));
    assert_eq!(retired.licence, None);
    assert_eq!(bench.counts("camera").total, 8);
    let all = convert(&bench, ask(&dongle, Gift::ConvertAtDesk, &[]))
        .await
        .expect("done");
    assert_eq!(all.kind, Kind::ConvertDesk);
    assert_eq!(bench.counts("camera").total, 4);
    assert_eq!(
        bench.service.snapshot().authentication_type,
        AuthenticationType::None
    );
    let given: Vec<u64> = conversions(&bench)
        .await
        .iter()
        .map(|one| one.given[0].channels())
        .collect();
    assert_eq!(given, [2, 4]);
}

#[tokio::test]
async fn a16_a_disk_from_before_the_conversion_has_the_licence_once_and_never_the_dongle_too() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 6)]);
    bench.plug(&dongle).await;
    // Answered after the turn that saw the dongle has ended, and how long it may be away is kept.
    conversions(&bench).await;
    let before = bench.image();
    convert(&bench, ask(&dongle, Gift::Convert, &[]))
        .await
        .expect("done");
    assert_eq!(bench.counts("camera").total, 10);
    drop(bench.stop().await);

    let bench = before.start().await;
    // The dongle is not here: what it proved last is what counts, and no licence beside it.
    assert_eq!(
        bench.service.snapshot().authentication_type,
        AuthenticationType::Dongle
    );
    assert_eq!(bench.counts("camera").total, 10);
    bench.tell_opened(&dongle.again(), "empty").await;
    assert_eq!(
        bench.service.snapshot().authentication_type,
        AuthenticationType::Software
    );
    assert_eq!(bench.counts("camera").total, 10);
    assert_eq!(conversions(&bench).await.len(), 1);
}

#[tokio::test]
async fn a_new_disk_of_the_same_machine_finishes_by_itself_and_another_machine_gets_nothing() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 6)]);
    bench.plug(&dongle).await;
    convert(&bench, ask(&dongle, Gift::Convert, &[]))
        .await
        .expect("done");
    let licence = conversions(&bench).await[0]
        .licence
        .clone()
        .expect("a file");

    let same = Bench::start().await;
    same.tell_opened(&dongle.again(), "empty").await;
    assert_eq!(same.counts("camera").total, 10);
    assert_eq!(
        same.service.snapshot().authentication_type,
        AuthenticationType::Software
    );

    let other = Bench::start().await;
    other.clock.become_machine("nuc");
    other.tell_opened(&dongle.again(), "empty").await;
    assert_eq!(other.counts("camera").total, 4);
    assert_eq!(import_one(&other, &licence).await, Err("other-machine"));
    let [shown] = &conversions(&other).await[..] else {
        panic!("the receipt is shown")
    };
    assert_eq!((shown.goal, shown.ours), (Goal::OtherMachine, false));
}

#[tokio::test]
async fn a_later_grant_does_not_bring_the_converted_counts_back() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 6)]);
    bench.plug(&dongle).await;
    convert(&bench, ask(&dongle, Gift::Convert, &[]))
        .await
        .expect("done");
    // The gross total rises from 6 to 8: two more are there, not eight.
    let raised = dongle.raised(&[("camera", 8)]);
    bench.tell_opened(&raised, "open").await;
    let snapshot = bench.service.snapshot();
    assert_eq!(snapshot.authentication_type, AuthenticationType::Software);
    assert_eq!(snapshot.held.map(|held| held.asks), Some(true));
    assert_eq!(bench.counts("camera").total, 10);
    let lines = bench.service.licences().await.expect("it runs").lines;
    let of_dongle = lines
        .iter()
        .find(|one| one.line.id == "TK-1/tallykey-vms/1");
    let line = &of_dongle.expect("it is shown").line;
    assert_eq!((line.count, line.given, line.active), (8, 6, false));
}

#[tokio::test]
async fn lines_that_were_named_and_parked_are_so_after_it_too() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 6), ("vca", 2)]);
    bench.plug(&dongle).await;
    let named = tallykey::service::Ask {
        wish: tallykey::service::Wish {
            line: Some(Some("TK-1/tallykey-vms/1".into())),
            ..Default::default()
        },
        ..camera("SN-1")
    };
    let named = bench
        .service
        .allocate(&operator(), named)
        .await
        .expect("it pays");
    let park = tallykey::service::PoolChange::Park("TK-1/tallykey-vms/2".into());
    bench
        .service
        .change_pool(&operator(), park, false)
        .await
        .expect("it is there");
    convert(&bench, ask(&dongle, Gift::Convert, &[]))
        .await
        .expect("done");
    assert_eq!(bench.counts("vca").total, 0, "parked");
    assert_eq!(bench.counts("vca").parked, 2);
    let lines = bench.service.licences().await.expect("it runs").lines;
    let used = lines
        .iter()
        .find(|one| one.line.feature == "camera" && one.line.active && one.line.plan != "free");
    assert_eq!(used.expect("the licence").used, 1);
    let named = bench
        .service
        .allocation(named.allocation.id)
        .await
        .expect("it is there");
    assert_eq!(named.state, tallykey::service::AllocationState::Licensed);
}

#[tokio::test]
async fn what_is_under_way_is_gone_on_with_cancelled_or_overtaken() {
    let bench = Bench::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 6)]);
    bench.plug(&dongle).await;
    let asked = || ask(&dongle, Gift::Retire, &[("camera", 2)]);
    let told = pulled(&bench, &dongle, asked()).await;
    assert_eq!(told, Err("conversion-interrupted"));
    let [open] = &conversions(&bench).await[..] else {
        panic!("it is under way")
    };
    let id = open.id;
    bench.plug(&dongle).await;
    assert_eq!(
        convert(&bench, ask(&dongle, Gift::Retire, &[("camera", 3)])).await,
        Err("conversion-under-way")
    );
    let done = convert(&bench, asked()).await.expect("goes on");
    assert_eq!(done.done.expect("done").id, id, "under the same id");
    let refused = bench.service.cancel_conversion(&operator(), id).await;
    assert!(
        matches!(refused, Err(ServiceError::Refused(refusal)) if refusal.code() == "conversion-done")
    );

    let one = ask(&dongle, Gift::Retire, &[("camera", 1)]);
    let told = pulled(&bench, &dongle, one).await;
    assert_eq!(told, Err("conversion-interrupted"));
    let open = conversions(&bench)
        .await
        .iter()
        .find(|one| one.receipt.is_none())
        .expect("under way")
        .id;
    bench
        .service
        .cancel_conversion(&operator(), open)
        .await
        .expect("it was not done");
    assert_eq!(conversions(&bench).await.len(), 1);
    assert_eq!(bench.service.snapshot().dongles.len(), 0);
}
