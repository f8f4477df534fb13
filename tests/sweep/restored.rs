//! The host's disk is put back to any earlier moment of a conversion or a return; the dongle is as it is at the end.

use std::sync::Arc;

use tallykey::ledger::{Event, SeenBefore};
use tallykey::service::{Actor, ConvertAsk, Gift, GiftWish, Goal, Part};
use tallykey_protocol::limits::RECEIPTS_MAX;

use super::case::{CASES, Case, FREE, Factory, HAS};
use super::check;
use super::disk::Disk;
use super::life::{Host, Lived, live, run};
use super::stage::{Moment, Stage, World};
use super::tree::each;

/// The disk as it was before everything, and after each commit.
fn images(lived: &Lived) -> Vec<Disk> {
    let committed = |moment: &Moment| matches!(moment, Moment::Committed(_));
    let after = lived.seen.iter().filter(|seen| committed(&seen.moment));
    let after = after.map(|seen| seen.world.disk.clone());
    std::iter::once(Disk::default()).chain(after).collect()
}

#[test]
fn a16_a_disk_from_any_moment_finds_the_same_receipt_and_never_counts_it_and_the_dongle() {
    let factory = Factory::new();
    let found = each(&CASES, |case| {
        let whole = live(&factory, case, factory.start.clone(), &[]);
        let images = images(&whole);
        for disk in &images {
            for away in [false, true] {
                back(&factory, case, &whole, disk.clone(), away);
            }
        }
        images.len()
    });
    println!(
        "{} disks, each with the dongle there and away",
        found.iter().sum::<usize>()
    );
}

/// Starts over an old disk: with the dongle, or first without it.
fn back(factory: &Factory, case: &Case, whole: &Lived, disk: Disk, away: bool) {
    let flash = Arc::clone(&whole.end.flash);
    run(async {
        let host = Host::start_restored(factory, case, World { disk, flash }).await;
        if away {
            host.settle().await;
            check::one_kind(&host.service, case).await;
        }
        let (done, asked) = host.finish(factory, case).await;
        assert_eq!(asked, 0, "{}: it is there", case.name);
        assert_eq!(done.receipt, whole.done.receipt, "{}", case.name);
        assert_eq!(
            done.licence, whole.done.licence,
            "{}: byte for byte",
            case.name
        );
    });
}

/// The dongle keeps its last receipts only. A host that is older than they reach says that the dongle has gone on
/// without it, and counts what the dongle has now: what it gave before is nowhere here.
#[test]
fn a16_a_disk_from_before_the_receipts_that_the_dongle_still_has_counts_nothing_of_them() {
    let factory = Factory::new();
    let case = CASES[0];
    assert_eq!(case.goal, Goal::ThisMachine);
    let whole = live(&factory, &case, factory.start.clone(), &[]);
    // Its vendor sells as many once more, and they go back one by one.
    let gone_on = gone_on(&factory, &case, whole.end.clone());
    let left = HAS[0] - RECEIPTS_MAX as u64;
    let older = images(&whole)
        .into_iter()
        .filter(|disk| check::kept(disk).is_empty());
    let mut said = 0;
    for disk in older {
        let known = disk
            .events()
            .iter()
            .any(|event| matches!(event, Event::DongleOpened { .. }));
        let flash = Arc::clone(&gone_on.flash);
        run(async {
            let host = Host::start_restored(&factory, &case, World { disk, flash }).await;
            assert!(host.plug_uncounted(&factory).await);
            host.settle().await;
            check::one_kind(&host.service, &case).await;
            let snapshot = host.service.snapshot();
            assert_eq!(check::totals(&snapshot), [FREE + left, 0]);
            let conversions = host.conversions().await;
            assert_eq!(
                conversions
                    .iter()
                    .filter(|one| one.receipt.is_some())
                    .count(),
                RECEIPTS_MAX
            );
            assert!(
                conversions.iter().all(|one| one.licence.is_none()),
                "no licence comes of it"
            );
            let ahead = host.stage.disk().events().into_iter().any(|event| {
                matches!(
                    event,
                    Event::DongleOpened {
                        seen: SeenBefore::Ahead,
                        ..
                    }
                )
            });
            assert_eq!(ahead, known, "it says that the dongle has gone on");
            said += u32::from(ahead);
        });
    }
    assert!(said > 0);
}

/// As many more receipts as the dongle keeps, each acknowledged.
fn gone_on(factory: &Factory, case: &Case, end: World) -> World {
    let world = World {
        flash: factory.raise(&end.flash, [2 * HAS[0], HAS[1]]),
        ..end
    };
    run(async {
        let host = Host::start(factory, case, Stage::set(world, &[])).await;
        assert!(host.plug_uncounted(factory).await);
        host.settle().await;
        for _ in 0..RECEIPTS_MAX {
            let one = Part {
                of: "camera".into(),
                count: 1,
            };
            let ask = ConvertAsk {
                wish: GiftWish {
                    gift: Gift::Retire,
                    parts: vec![one],
                },
                ..factory.ask(case)
            };
            host.service
                .convert(&Actor::user(1_000), ask)
                .await
                .expect("it has some");
            host.settle().await;
        }
        host.stage.world()
    })
}
