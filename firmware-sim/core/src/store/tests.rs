//! The store alone, against a model, with a flash of a few lines. Power cuts inside a unit, and cuts in every
//! command, are swept in `firmware-sim/tests/power_loss.rs`.

use super::*;
use proptest::prelude::*;
use std::vec::Vec;

/// NOR flash that loses power after some writes.
#[derive(Clone)]
struct Nor {
    bytes: Vec<u8>,
    left: Option<usize>,
}

impl Nor {
    fn new() -> Self {
        Self {
            bytes: std::vec![0xFF; FLASH_LEN as usize],
            left: None,
        }
    }

    fn write(&mut self) -> Result<(), FlashFault> {
        match &mut self.left {
            Some(0) => Err(FlashFault),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Flash for Nor {
    const SECTOR: u32 = 4096;

    fn read(&mut self, at: u32, into: &mut [u8]) -> Result<(), FlashFault> {
        into.copy_from_slice(&self.bytes[at as usize..][..into.len()]);
        Ok(())
    }

    fn program(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashFault> {
        assert!(
            (at as usize).is_multiple_of(PROGRAM_UNIT) && bytes.len().is_multiple_of(PROGRAM_UNIT)
        );
        for (n, unit) in bytes.chunks(PROGRAM_UNIT).enumerate() {
            self.write()?;
            let place = &mut self.bytes[at as usize + n * PROGRAM_UNIT..][..PROGRAM_UNIT];
            assert!(place.iter().all(|byte| *byte == 0xFF), "programmed twice");
            place.copy_from_slice(unit);
        }
        Ok(())
    }

    fn erase(&mut self, at: u32) -> Result<(), FlashFault> {
        self.write()?;
        self.bytes[at as usize..][..Self::SECTOR as usize].fill(0xFF);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), FlashFault> {
        Ok(())
    }
}

/// A change that a test makes, owning its bytes.
#[derive(Clone, Debug)]
enum Change {
    Key([u8; 32]),
    Chain(Vec<u8>, Vec<u8>, Vec<u8>),
    Code([u8; 32]),
    Grant(usize, Vec<u8>, u64),
}

impl Change {
    fn commit(&self, store: &mut Store, flash: &mut Nor) -> Result<(), FlashFault> {
        let lifecycle = store.meta().lifecycle;
        match self {
            Self::Key(secret) => store.commit(flash, lifecycle, &Item::Key(&(*secret).into())),
            Self::Chain(leaf, ca, anchor) => {
                store.commit(flash, lifecycle, &Item::Chain { leaf, ca, anchor })
            }
            Self::Code(verifier) => store.commit(
                flash,
                Lifecycle::Sealed,
                &Item::OwnerCode {
                    verifier: *verifier,
                },
            ),
            Self::Grant(place, bytes, issued_at) => {
                let (head, record) = bytes.split_at(bytes.len() / 3);
                let item = Item::Grant {
                    place: *place,
                    head,
                    record,
                    issued_at: *issued_at,
                };
                store.commit(flash, lifecycle, &item)
            }
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let bytes = |max| proptest::collection::vec(any::<u8>(), 1..max);
    prop_oneof![
        1 => any::<[u8; 32]>().prop_map(Change::Key),
        1 => (bytes(CERT_MAX), bytes(CERT_MAX), bytes(CERT_MAX)).prop_map(|(a, b, c)| Change::Chain(a, b, c)),
        1 => any::<[u8; 32]>().prop_map(Change::Code),
        4 => (0..GRANTS_MAX, bytes(crate::grants::ENTRY_MAX), any::<u64>())
            .prop_map(|(place, bytes, at)| Change::Grant(place, bytes, at)),
    ]
}

/// Everything that a store remembers.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    counter: u64,
    time_floor: u64,
    secret: Option<[u8; 32]>,
    verifier: Option<[u8; 32]>,
    places: [Vec<u8>; PLACES],
}

impl Model {
    fn of(store: &Store, flash: &mut Nor) -> Self {
        let meta = store.meta();
        let mut read = |place| {
            let mut bytes = std::vec![0; crate::grants::ENTRY_MAX];
            store
                .read(flash, place, 0, &mut bytes)
                .unwrap()
                .map_or(Vec::new(), <[u8]>::to_vec)
        };
        let mut places: [Vec<u8>; PLACES] = Default::default();
        let all = [Place::Leaf, Place::Ca, Place::Anchor]
            .into_iter()
            .chain((0..GRANTS_MAX).map(Place::Grant));
        all.for_each(|place| places[place.index()] = read(place));
        Self {
            counter: meta.counter,
            time_floor: meta.time_floor,
            secret: meta.secret.as_ref().map(|secret| **secret),
            verifier: meta.verifier,
            places,
        }
    }

    fn apply(&mut self, change: &Change) {
        self.counter += 1;
        match change {
            Change::Key(secret) => {
                self.secret = Some(*secret);
                self.verifier = None;
                self.places = Default::default();
            }
            Change::Chain(leaf, ca, anchor) => {
                self.places[..3].clone_from_slice(&[leaf.clone(), ca.clone(), anchor.clone()]);
            }
            Change::Code(verifier) => self.verifier = Some(*verifier),
            Change::Grant(place, bytes, issued_at) => {
                self.places[3 + place].clone_from(bytes);
                self.time_floor = self.time_floor.max(*issued_at);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Any changes, any of them interrupted anywhere, each followed by a boot: what is found is always what
    /// the model holds, before or after the interrupted change.
    #[test]
    fn a24_any_history_of_changes_and_cuts_is_that_of_the_model(
        history in proptest::collection::vec((change(), proptest::option::of(0..2_000_usize)), 1..12),
    ) {
        let mut flash = Nor::new();
        let mut model = Model::default();
        for (change, cut) in history {
            let mut store = Store::boot(&mut flash).unwrap();
            prop_assert_eq!(&Model::of(&store, &mut flash), &model);
            flash.left = cut;
            let done = change.commit(&mut store, &mut flash);
            flash.left = None;
            let mut after = model.clone();
            after.apply(&change);
            let found = Model::of(&Store::boot(&mut flash).unwrap(), &mut flash);
            match done {
                Ok(()) => {
                    prop_assert_eq!(&Model::of(&store, &mut flash), &after, "in RAM");
                    prop_assert_eq!(&found, &after);
                }
                Err(FlashFault) => prop_assert_eq!(&found, &model),
            }
            model = found;
        }
    }
}

/// Every bit of the newest slot, one at a time: the state is refused, or at worst the older one is found;
/// never one that was not committed.
#[test]
fn damage_is_never_taken_for_a_state() {
    let mut flash = Nor::new();
    let mut store = Store::boot(&mut flash).unwrap();
    let mut states = std::vec![];
    for n in 0..2_u8 {
        Change::Key([n; 32]).commit(&mut store, &mut flash).unwrap();
        states.push(Model::of(&store, &mut flash));
    }
    let newest = 0;
    let used = HEADER_LEN + META_LEN + 2 * PLACES;
    let (mut refused, mut older) = (0, 0);
    for bit in 0..used * 8 {
        let mut flash = flash.clone();
        flash.bytes[newest + bit / 8] ^= 1 << (bit % 8);
        match Store::boot(&mut flash) {
            Err(fault) => {
                assert_eq!(fault, BootFault::Damaged);
                assert!(
                    bit / 8 >= HEADER_LEN,
                    "a damaged header cannot be told from a torn one"
                );
                refused += 1;
            }
            Ok(store) => {
                let found = Model::of(&store, &mut flash);
                // The last 8 bytes of the header say nothing.
                let expected = if (56..HEADER_LEN).contains(&(bit / 8)) {
                    &states[1]
                } else {
                    &states[0]
                };
                assert_eq!(&found, expected, "bit {bit}");
                older += 1;
            }
        }
    }
    assert_eq!((refused, older), ((used - HEADER_LEN) * 8, HEADER_LEN * 8));
}

#[test]
fn both_slots_damaged_is_no_blank_dongle() {
    let mut flash = Nor::new();
    let mut store = Store::boot(&mut flash).unwrap();
    for n in 0..2 {
        Change::Key([n; 32]).commit(&mut store, &mut flash).unwrap();
    }
    flash.bytes[0] ^= 1;
    flash.bytes[SLOT_LEN as usize] ^= 1;
    assert_eq!(Store::boot(&mut flash).err(), Some(BootFault::Damaged));
}

#[test]
fn the_counter_and_the_time_floor_only_rise() {
    let mut flash = Nor::new();
    let mut store = Store::boot(&mut flash).unwrap();
    for (n, (issued_at, floor)) in [(100, 100), (50, 100), (101, 101)].into_iter().enumerate() {
        Change::Grant(0, std::vec![1; 90], issued_at)
            .commit(&mut store, &mut flash)
            .unwrap();
        assert_eq!(
            (store.meta().counter, store.meta().time_floor),
            (n as u64 + 1, floor)
        );
    }
    Change::Key([7; 32]).commit(&mut store, &mut flash).unwrap();
    assert_eq!(
        (store.meta().counter, store.meta().time_floor),
        (4, 101),
        "a new key is no new life"
    );
}
