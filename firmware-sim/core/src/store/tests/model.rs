//! What a store must remember, as a map, and the changes that a test makes.

use super::nor::Nor;
use super::*;
use crate::grants::HEAD_MAX;
use crate::receipts::HEAD_LEN;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;
use tallykey_protocol::limits::OWNER_TRIES;

/// A change, owning its bytes.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Key([u8; KEPT_MAX]),
    Chain(Vec<u8>, Vec<u8>, Vec<u8>),
    Code([u8; KEPT_MAX]),
    Serial,
    Grant {
        place: usize,
        head: Vec<u8>,
        record: Vec<u8>,
        issued_at: u64,
        evict: u16,
    },
    Receipt {
        grant: usize,
        given: Vec<u8>,
        place: usize,
        head: Vec<u8>,
        record: Vec<u8>,
    },
    Acknowledged(usize),
    Try,
    Crl(Vec<u8>),
    Time(u64),
    Recycle,
}

impl Change {
    /// A grant with its head, both as long as they may be.
    pub(super) fn greatest_grant(place: usize) -> Self {
        Self::Grant {
            place,
            head: std::vec![0x5A; HEAD_MAX],
            record: std::vec![place as u8; GRANT_MAX],
            issued_at: 1,
            evict: 0,
        }
    }

    /// A receipt for what the grant at `place` gave, as long as it may be.
    pub(super) fn greatest_receipt(place: usize) -> Self {
        Self::Receipt {
            grant: place % GRANTS_MAX,
            given: std::vec![0x3C; HEAD_MAX],
            place,
            head: std::vec![0x77; HEAD_LEN],
            record: std::vec![place as u8; RECEIPT_MAX],
        }
    }

    pub(super) fn commit(
        &self,
        store: &mut Store,
        flash: &mut impl Flash,
    ) -> Result<(), FlashFault> {
        let lifecycle = store.meta().lifecycle;
        match self {
            Self::Key(secret) => store.commit(flash, lifecycle, &Item::Key(secret)),
            Self::Chain(leaf, ca, anchor) => {
                store.commit(flash, lifecycle, &Item::Chain { leaf, ca, anchor })
            }
            Self::Code(verifier) => {
                store.commit(flash, Lifecycle::Sealed, &Item::OwnerCode(verifier))
            }
            Self::Serial => store.commit(flash, Lifecycle::Personalised, &Item::Serial),
            Self::Grant {
                place,
                head,
                record,
                issued_at,
                evict,
            } => {
                let item = Item::Grant {
                    place: *place,
                    head,
                    record,
                    issued_at: *issued_at,
                    evict: *evict,
                };
                store.commit(flash, lifecycle, &item)
            }
            Self::Receipt {
                grant,
                given,
                place,
                head,
                record,
            } => {
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
        }
    }
}

fn kept() -> impl Strategy<Value = [u8; KEPT_MAX]> {
    any::<u8>().prop_map(|byte| [byte; KEPT_MAX])
}

pub(super) fn change() -> impl Strategy<Value = Change> {
    let bytes = |max| proptest::collection::vec(any::<u8>(), 1..=max);
    prop_oneof![
        1 => kept().prop_map(Change::Key),
        1 => (bytes(CERT_MAX), bytes(CERT_MAX), bytes(CERT_MAX)).prop_map(|(a, b, c)| Change::Chain(a, b, c)),
        1 => kept().prop_map(Change::Code),
        1 => Just(Change::Serial),
        6 => (0..GRANTS_MAX, bytes(HEAD_MAX), bytes(GRANT_MAX), any::<u64>(), any::<u16>())
            .prop_map(|(place, head, record, issued_at, evict)| {
                Change::Grant { place, head, record, issued_at, evict }
            }),
        6 => (0..GRANTS_MAX, bytes(HEAD_MAX), 0..RECEIPTS_MAX, bytes(HEAD_LEN), bytes(RECEIPT_MAX))
            .prop_map(|(grant, given, place, head, record)| {
                Change::Receipt { grant, given, place, head, record }
            }),
        2 => (0..RECEIPTS_MAX).prop_map(Change::Acknowledged),
        2 => Just(Change::Try),
        1 => bytes(CRL_MAX).prop_map(Change::Crl),
        1 => any::<u64>().prop_map(Change::Time),
        1 => Just(Change::Recycle),
    ]
}

/// Everything that a store remembers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Model {
    pub(super) counter: u64,
    pub(super) time_floor: u64,
    lifecycle: Lifecycle,
    tries: u8,
    acknowledged: u16,
    places: Vec<Vec<u8>>,
}

impl Model {
    /// A dongle that nothing was ever committed to.
    pub(super) fn blank() -> Self {
        Self {
            counter: 0,
            time_floor: 0,
            lifecycle: Lifecycle::Blank,
            tries: 0,
            acknowledged: 0,
            places: std::vec![Vec::new(); PLACES],
        }
    }

    /// What `store` says.
    pub(super) fn of(store: &Store, flash: &mut impl Flash) -> Self {
        let meta = store.meta();
        let mut bytes = [0; GRANT_MAX];
        let all = [Place::Leaf, Place::Ca, Place::Anchor, Place::Crl]
            .into_iter()
            .chain([Place::Secret, Place::Verifier])
            .chain((0..GRANTS_MAX).flat_map(|n| [Place::Head(n), Place::Grant(n)]))
            .chain((0..RECEIPTS_MAX).flat_map(|n| [Place::ReceiptHead(n), Place::Receipt(n)]));
        let mut places = std::vec![Vec::new(); PLACES];
        for place in all {
            let found = store.read(flash, place, &mut bytes).expect("it reads");
            places[place.index()] = found.map_or(Vec::new(), <[u8]>::to_vec);
        }
        Self {
            counter: meta.counter,
            time_floor: meta.time_floor,
            lifecycle: meta.lifecycle,
            tries: meta.tries,
            acknowledged: meta.acknowledged,
            places,
        }
    }

    /// What a boot finds.
    pub(super) fn found(flash: &mut Nor) -> Self {
        let store = flash.boot();
        Self::of(&store, flash)
    }

    pub(super) fn apply(&mut self, change: &Change) {
        if let Change::Try = change {
            self.tries = (self.tries + 1).min(OWNER_TRIES);
            return;
        }
        self.counter += 1;
        match change {
            Change::Key(secret) => {
                self.empty();
                self.put(Place::Secret, secret);
            }
            Change::Recycle => {
                self.empty();
                self.lifecycle = Lifecycle::Blank;
            }
            Change::Chain(leaf, ca, anchor) => {
                self.put(Place::Leaf, leaf);
                self.put(Place::Ca, ca);
                self.put(Place::Anchor, anchor);
            }
            Change::Code(verifier) => {
                self.put(Place::Verifier, verifier);
                self.tries = 0;
                self.lifecycle = Lifecycle::Sealed;
            }
            Change::Serial => self.lifecycle = Lifecycle::Personalised,
            Change::Grant {
                place,
                head,
                record,
                issued_at,
                evict,
            } => {
                self.put(Place::Head(*place), head);
                self.put(Place::Grant(*place), record);
                for n in (0..RECEIPTS_MAX).filter(|n| evict & 1 << n != 0) {
                    self.put(Place::ReceiptHead(n), &[]);
                    self.put(Place::Receipt(n), &[]);
                }
                self.acknowledged &= !evict;
                self.time_floor = self.time_floor.max(*issued_at);
            }
            Change::Receipt {
                grant,
                given,
                place,
                head,
                record,
            } => {
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

    /// What belongs to a key goes with it.
    fn empty(&mut self) {
        *self = Self {
            counter: self.counter,
            time_floor: self.time_floor,
            lifecycle: self.lifecycle,
            ..Self::blank()
        };
    }
}
