//! Flash that loses bits, and cells that take none.

use super::model::{Change, Model};
use super::nor::Nor;
use super::*;

/// A dongle's flash after a change of bank and some commits behind it, and what it holds.
fn used() -> (Nor, Model) {
    let mut flash = Nor::new();
    let mut store = flash.boot();
    Change::Key([1; KEPT_MAX])
        .commit(&mut store, &mut flash)
        .unwrap();
    for (place, byte) in [(0, 2), (1, 3), (0, 4)] {
        let change = Change::Grant {
            place,
            head: std::vec![byte; 41],
            record: std::vec![byte; 150],
            issued_at: 5,
            evict: 0,
        };
        change.commit(&mut store, &mut flash).unwrap();
    }
    let model = Model::of(&store, &mut flash);
    (flash, model)
}

/// What became of the dongle.
#[derive(Debug, PartialEq)]
enum Fate {
    Refused,
    Same,
}

/// Boots, twice: what the first boot wrote must not change the answer.
fn fate(flash: &mut Nor, model: &Model, what: &str) -> Fate {
    let first = Store::boot(flash).map(|store| Model::of(&store, flash));
    let second = Store::boot(flash).map(|store| Model::of(&store, flash));
    assert_eq!(first, second, "{what}");
    match first {
        Err(fault) => {
            assert_eq!(fault, BootFault::Damaged, "{what}");
            Fate::Refused
        }
        Ok(found) => {
            assert_eq!(
                &found, model,
                "{what}: an older state, or none that was ever committed"
            );
            Fate::Same
        }
    }
}

/// Where bank 1, which is the active one, is used, and the header of bank 0.
fn places(flash: &Nor) -> impl Iterator<Item = usize> + use<> {
    let bank = BANK_LEN as usize;
    let used = flash.bytes[bank..].iter().rposition(|byte| *byte != 0xFF);
    (0..HEADER_LEN).chain(bank..bank + used.expect("it is used") + PROGRAM_UNIT)
}

#[test]
fn a13_no_damaged_bit_brings_back_an_older_state() {
    let (flash, model) = used();
    let (mut refused, mut same) = (0, 0);
    for bit in places(&flash).flat_map(|at| at * 8..at * 8 + 8) {
        let mut flash = flash.clone();
        flash.bytes[bit / 8] ^= 1 << (bit % 8);
        match fate(&mut flash, &model, &std::format!("bit {bit}")) {
            Fate::Refused => refused += 1,
            Fate::Same => same += 1,
        }
    }
    // Harmless: confirmations, what fills up units, the header of the bank that is not active, the first erased unit.
    assert!(same < refused / 3, "{refused} refused, {same} harmless");
}

#[test]
fn a13_no_lost_unit_brings_back_an_older_state() {
    let (flash, model) = used();
    let mut refused = 0;
    for at in places(&flash).step_by(PROGRAM_UNIT) {
        for lost in [0xFF, 0x00, 0xA5] {
            let mut flash = flash.clone();
            flash.bytes[at..at + PROGRAM_UNIT].fill(lost);
            let what = std::format!("unit {at} lost to {lost:#x}");
            refused += usize::from(fate(&mut flash, &model, &what) == Fate::Refused);
        }
    }
    assert!(refused > 100, "{refused} refused");
}

#[test]
fn a_lost_sector_is_no_older_state_and_no_blank_dongle() {
    let (mut flash, _) = used();
    let sector = Nor::SECTOR as usize;
    let header = BANK_LEN as usize;
    flash.bytes[header..header + sector].fill(0xFF);
    assert_eq!(Store::boot(&mut flash).err(), Some(BootFault::Damaged));

    let (mut flash, _) = used();
    let mut store = flash.boot();
    for place in 0..3 {
        let grant = Change::greatest_grant(place);
        grant.commit(&mut store, &mut flash).unwrap();
    }
    flash.bytes[header + sector..header + 2 * sector].fill(0xFF);
    assert_eq!(Store::boot(&mut flash).err(), Some(BootFault::Damaged));
}

/// A bank whose newer one has lost its header says so, in both directions.
#[test]
fn a_closed_bank_is_not_gone_back_to() {
    let (mut flash, _) = used();
    let mut store = flash.boot();
    while store.active.unwrap().bank == 1 {
        let grant = Change::greatest_grant(2);
        grant.commit(&mut store, &mut flash).unwrap();
    }
    flash.bytes[20] ^= 1;
    assert_eq!(Store::boot(&mut flash).err(), Some(BootFault::Damaged));
}

/// A cell that cannot be programmed: the commit says so, the old state stays, and the next commit goes elsewhere.
#[test]
fn a_commit_that_worn_cells_did_not_take_is_not_answered() {
    let (before, model) = used();
    let tail = before.clone().boot().active.unwrap().tail.unwrap() as usize;
    let change = Change::Code([0x11; KEPT_MAX]);
    let mut refused = 0;
    for bit in tail * 8..(tail + 140) * 8 {
        let mut flash = before.clone();
        flash.stuck = Some(bit);
        let mut store = flash.boot();
        let done = change.commit(&mut store, &mut flash);
        let mut after = model.clone();
        after.apply(&change);
        let found = Model::found(&mut flash);
        if done.is_ok() {
            assert_eq!(found, after, "bit {bit}");
            continue;
        }
        refused += 1;
        assert_eq!(found, model, "bit {bit}");
        let mut store = flash.boot();
        change.commit(&mut store, &mut flash).unwrap();
        assert_eq!(
            Model::found(&mut flash),
            after,
            "bit {bit}: in the other bank"
        );
    }
    assert!(refused > 300, "{refused} refused");
}
