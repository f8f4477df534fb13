//! Any history of changes, power cuts and boots is that of the model.

use super::model::{Change, Model, change};
use super::nor::{Cut, Nor};
use super::*;
use proptest::prelude::*;

fn cut(writes: usize) -> impl Strategy<Value = Cut> {
    let seed = prop_oneof![Just(0), Just(u64::MAX), any::<u64>()];
    (0..writes, seed).prop_map(|(left, seed)| Cut { left, seed })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Any of the changes is interrupted anywhere, and so is the boot after it: what is found in the end is
    /// always what the model holds, before or after the interrupted change.
    #[test]
    fn a24_any_history_of_changes_and_cuts_is_that_of_the_model(
        history in proptest::collection::vec(
            (change(), proptest::option::weighted(0.4, cut(900)), proptest::option::of(cut(2))),
            1..40,
        ),
    ) {
        let mut flash = Nor::new();
        let mut model = Model::blank();
        for (change, cut, cut_in_boot) in history {
            let mut store = flash.boot();
            prop_assert_eq!(&Model::of(&store, &mut flash), &model);
            flash.cut = cut;
            let done = change.commit(&mut store, &mut flash);
            flash.cut = cut_in_boot;
            let first = Store::boot(&mut flash).map(|store| Model::of(&store, &mut flash));
            flash.cut = None;
            let mut after = model.clone();
            after.apply(&change);
            let found = Model::found(&mut flash);
            match first {
                Ok(first) => prop_assert_eq!(&found, &first, "what one boot finds, the next finds"),
                Err(fault) => prop_assert_eq!(fault, BootFault::Flash(FlashFault)),
            }
            match done {
                Ok(()) => {
                    prop_assert_eq!(&Model::of(&store, &mut flash), &after, "in RAM");
                    prop_assert_eq!(&found, &after);
                }
                Err(FlashFault) => prop_assert!(found == model || found == after, "neither state"),
            }
            model = found;
        }
    }
}

/// Every write of a commit into the log and of one into the other bank, cut in its middle.
#[test]
fn a24_every_write_of_both_kinds_of_commit_may_be_the_last() {
    let mut flash = Nor::new();
    let mut store = flash.boot();
    Change::Key([1; KEPT_MAX])
        .commit(&mut store, &mut flash)
        .unwrap();
    let mut full = flash.clone();
    let mut store = full.boot();
    while FLASH_LEN - store.active.unwrap().tail.unwrap() > GRANT_MAX as u32 {
        let filler = Change::greatest_grant(0);
        filler.commit(&mut store, &mut full).unwrap();
    }
    let change = Change::Grant {
        place: 0,
        head: std::vec![3; 90],
        record: std::vec![4; GRANT_MAX],
        issued_at: 7,
        evict: 0,
    };
    let mut kinds = [0; 2];
    for (kind, before) in [flash, full].into_iter().enumerate() {
        let old = Model::found(&mut before.clone());
        let mut new = old.clone();
        new.apply(&change);
        for left in 0.. {
            let mut found = [0; 2];
            for seed in [0, u64::MAX, 1, 0xDEAD_BEEF] {
                let mut flash = before.clone();
                let mut store = flash.boot();
                flash.cut = Some(Cut { left, seed });
                let done = change.commit(&mut store, &mut flash).is_ok();
                flash.cut = None;
                let state = Model::found(&mut flash);
                assert!(state == old || state == new, "write {left}, seed {seed}");
                assert!(!done || state == new, "a commit that was answered is lost");
                // And it goes on from there.
                let mut store = flash.boot();
                Change::Serial.commit(&mut store, &mut flash).unwrap();
                assert_eq!(Model::found(&mut flash).counter, state.counter + 1);
                found[usize::from(done)] += 1;
            }
            if found[1] > 0 {
                kinds[kind] = left;
                break;
            }
        }
    }
    assert!(
        kinds[0] > GRANT_MAX / PROGRAM_UNIT && kinds[1] > kinds[0],
        "{kinds:?}: one goes into the log, the other erases a bank"
    );
}

#[test]
fn the_counter_and_the_time_floor_only_rise() {
    let mut flash = Nor::new();
    let mut store = flash.boot();
    for (n, (issued_at, floor)) in [(100, 100), (50, 100), (101, 101)].into_iter().enumerate() {
        let change = Change::Grant {
            place: 0,
            head: std::vec![1; 30],
            record: std::vec![1; 60],
            issued_at,
            evict: 0,
        };
        change.commit(&mut store, &mut flash).unwrap();
        let meta = store.meta();
        assert_eq!((meta.counter, meta.time_floor), (n as u64 + 1, floor));
    }
    Change::Key([7; KEPT_MAX])
        .commit(&mut store, &mut flash)
        .unwrap();
    let meta = store.meta();
    assert_eq!(
        (meta.counter, meta.time_floor),
        (4, 101),
        "a new key is no new life"
    );
}
