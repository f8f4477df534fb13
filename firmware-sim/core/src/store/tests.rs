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
    Grant(usize, Vec<u8>, u64, u16),
    Receipt(usize, usize, Vec<u8>),
    Acknowledged(usize),
    Try,
    Crl(Vec<u8>),
    Time(u64),
    Recycle,
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
            Self::Receipt(grant, place, bytes) => {
                let (given, rest) = bytes.split_at(bytes.len() / 3);
                let (head, record) = rest.split_at(rest.len() / 2);
                let item = Item::Receipt {
                    grant: *grant,
                    given,
                    place: *place,
                    head,
                    record,
                };
                store.commit(flash, lifecycle, &item)
            }
            Self::Acknowledged(place) => {
                store.commit(flash, lifecycle, &Item::Acknowledged(*place))
            }
            Self::Try => store.commit(flash, lifecycle, &Item::Try),
            Self::Crl(list) => store.commit(flash, lifecycle, &Item::Crl(list)),
            Self::Time(now) => store.commit(flash, lifecycle, &Item::Time(*now)),
            Self::Recycle => store.commit(flash, Lifecycle::Blank, &Item::Recycle),
            Self::Grant(place, bytes, issued_at, evict) => {
                let (head, record) = bytes.split_at(bytes.len() / 3);
                let item = Item::Grant {
                    place: *place,
                    head,
                    record,
                    issued_at: *issued_at,
                    evict: *evict,
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
        4 => (0..GRANTS_MAX, bytes(GRANT_MAX), any::<u64>(), any::<u16>())
            .prop_map(|(place, bytes, at, evict)| Change::Grant(place, bytes, at, evict)),
        4 => (0..GRANTS_MAX, 0..RECEIPTS_MAX, bytes(RECEIPT_MAX))
            .prop_map(|(grant, place, bytes)| Change::Receipt(grant, place, bytes)),
        2 => (0..RECEIPTS_MAX).prop_map(Change::Acknowledged),
        2 => Just(Change::Try),
        1 => bytes(CRL_MAX).prop_map(Change::Crl),
        1 => any::<u64>().prop_map(Change::Time),
        1 => Just(Change::Recycle),
    ]
}

/// Everything that a store remembers.
#[derive(Clone, Debug, PartialEq)]
struct Model {
    counter: u64,
    time_floor: u64,
    secret: Option<[u8; 32]>,
    verifier: Option<[u8; 32]>,
    tries: u8,
    acknowledged: u16,
    places: Vec<Vec<u8>>,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            counter: 0,
            time_floor: 0,
            secret: None,
            verifier: None,
            tries: 0,
            acknowledged: 0,
            places: std::vec![Vec::new(); PLACES],
        }
    }
}

impl Model {
    fn of(store: &Store, flash: &mut Nor) -> Self {
        let meta = store.meta();
        let mut read = |place| {
            let mut bytes = std::vec![0; GRANT_MAX];
            store
                .read(flash, place, &mut bytes)
                .unwrap()
                .map_or(Vec::new(), <[u8]>::to_vec)
        };
        let mut places = std::vec![Vec::new(); PLACES];
        let all = [Place::Leaf, Place::Ca, Place::Anchor, Place::Crl]
            .into_iter()
            .chain((0..GRANTS_MAX).flat_map(|n| [Place::Head(n), Place::Grant(n)]))
            .chain((0..RECEIPTS_MAX).flat_map(|n| [Place::ReceiptHead(n), Place::Receipt(n)]));
        all.for_each(|place| places[place.index()] = read(place));
        Self {
            counter: meta.counter,
            time_floor: meta.time_floor,
            secret: meta.secret.as_ref().map(|secret| **secret),
            verifier: meta.verifier,
            tries: meta.tries,
            acknowledged: meta.acknowledged,
            places,
        }
    }

    fn apply(&mut self, change: &Change) {
        if let Change::Try = change {
            self.tries = (self.tries + 1).min(8);
            return;
        }
        self.counter += 1;
        match change {
            Change::Key(_) | Change::Recycle => {
                *self = Self {
                    counter: self.counter,
                    time_floor: self.time_floor,
                    ..Self::default()
                };
                if let Change::Key(secret) = change {
                    self.secret = Some(*secret);
                }
            }
            Change::Chain(leaf, ca, anchor) => {
                self.places[..3].clone_from_slice(&[leaf.clone(), ca.clone(), anchor.clone()]);
            }
            Change::Code(verifier) => (self.verifier, self.tries) = (Some(*verifier), 0),
            Change::Grant(place, bytes, issued_at, evict) => {
                let (head, record) = bytes.split_at(bytes.len() / 3);
                self.put(Place::Head(*place), head);
                self.put(Place::Grant(*place), record);
                for n in (0..RECEIPTS_MAX).filter(|n| evict & 1 << n != 0) {
                    self.put(Place::ReceiptHead(n), &[]);
                    self.put(Place::Receipt(n), &[]);
                }
                self.acknowledged &= !evict;
                self.time_floor = self.time_floor.max(*issued_at);
            }
            Change::Receipt(grant, place, bytes) => {
                let (given, rest) = bytes.split_at(bytes.len() / 3);
                let (head, record) = rest.split_at(rest.len() / 2);
                self.put(Place::Head(*grant), given);
                self.put(Place::ReceiptHead(*place), head);
                self.put(Place::Receipt(*place), record);
                self.tries = 0;
                self.acknowledged &= !(1 << place);
            }
            Change::Acknowledged(place) => self.acknowledged |= 1 << place,
            Change::Crl(list) => self.put(Place::Crl, list),
            Change::Time(now) => self.time_floor = self.time_floor.max(*now),
            Change::Try => {}
        }
    }

    fn put(&mut self, place: Place, bytes: &[u8]) {
        self.places[place.index()] = bytes.to_vec();
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
        Change::Grant(0, std::vec![1; 90], issued_at, 0)
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
