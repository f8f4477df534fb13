//! How much is written, and where.

use super::model::{Change, Model};
use super::nor::Nor;
use super::*;

/// The state with the most bytes, reached through the log and once more through a change of bank.
#[test]
fn the_greatest_state_fits_and_can_still_change() {
    let mut flash = Nor::new();
    let mut store = flash.boot();
    let mut model = Model::blank();
    let certificate = |byte| std::vec![byte; CERT_MAX];
    let mut changes = std::vec![
        Change::Key([9; KEPT_MAX]),
        Change::Chain(certificate(1), certificate(2), certificate(3)),
        Change::Code([8; KEPT_MAX]),
        Change::Crl(std::vec![4; CRL_MAX]),
    ];
    for _ in 0..3 {
        changes.extend((0..GRANTS_MAX).map(Change::greatest_grant));
        changes.extend((0..RECEIPTS_MAX).map(Change::greatest_receipt));
    }
    let mut banks = [0; 2];
    for change in changes {
        change.commit(&mut store, &mut flash).unwrap();
        model.apply(&change);
        assert_eq!(Model::of(&store, &mut flash), model);
        assert_eq!(Model::found(&mut flash), model);
        banks[store.active.unwrap().bank as usize] += 1;
    }
    assert!(banks[0] > 0 && banks[1] > 0, "{banks:?}");
}

#[test]
fn wear_is_the_same_in_every_sector() {
    let mut flash = Nor::new();
    let mut store = flash.boot();
    for n in 0..3_000_u32 {
        let change = match n % 10 {
            0 => Change::greatest_grant(0),
            _ => Change::Code([n as u8; KEPT_MAX]),
        };
        change.commit(&mut store, &mut flash).unwrap();
        let (least, most) = (flash.wear.iter().min(), flash.wear.iter().max());
        assert!(most.unwrap() - least.unwrap() <= 1, "{:?}", flash.wear);
    }
    assert!(flash.wear[0] > 10, "{:?}", flash.wear);
}

#[test]
fn looking_writes_nothing() {
    let mut flash = Nor::new();
    let mut store = flash.boot();
    Change::greatest_grant(0)
        .commit(&mut store, &mut flash)
        .unwrap();
    let before = flash.clone();
    for _ in 0..100 {
        Model::found(&mut flash);
    }
    assert_eq!(
        (flash.programmed, flash.bytes),
        (before.programmed, before.bytes)
    );
}
