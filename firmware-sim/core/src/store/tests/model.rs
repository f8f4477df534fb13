//! What a store must remember, as a map, and the changes that a test makes.

use super::nor::Nor;
use super::*;
use crate::grants::HEAD_MAX;
use proptest::prelude::*;
use std::vec::Vec;

/// A change, owning its bytes.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Key([u8; 32]),
    Chain(Vec<u8>, Vec<u8>, Vec<u8>),
    Code([u8; 32]),
    Serial,
    Grant {
        place: usize,
        head: Vec<u8>,
        record: Vec<u8>,
        issued_at: u64,
    },
}

impl Change {
    /// A grant with its head, both as long as they may be.
    pub(super) fn greatest_grant(place: usize) -> Self {
        Self::Grant {
            place,
            head: std::vec![0x5A; HEAD_MAX],
            record: std::vec![place as u8; GRANT_MAX],
            issued_at: 1,
        }
    }

    pub(super) fn commit(
        &self,
        store: &mut Store,
        flash: &mut impl Flash,
    ) -> Result<(), FlashFault> {
        let lifecycle = store.meta().lifecycle;
        match self {
            Self::Key(secret) => store.commit(flash, lifecycle, &Item::Key(&(*secret).into())),
            Self::Chain(leaf, ca, anchor) => {
                store.commit(flash, lifecycle, &Item::Chain { leaf, ca, anchor })
            }
            Self::Code(verifier) => {
                let verifier = *verifier;
                store.commit(flash, Lifecycle::Sealed, &Item::OwnerCode { verifier })
            }
            Self::Serial => store.commit(flash, Lifecycle::Personalised, &Item::Serial),
            Self::Grant {
                place,
                head,
                record,
                issued_at,
            } => {
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

pub(super) fn change() -> impl Strategy<Value = Change> {
    let bytes = |max| proptest::collection::vec(any::<u8>(), 1..=max);
    prop_oneof![
        1 => any::<[u8; 32]>().prop_map(Change::Key),
        1 => (bytes(CERT_MAX), bytes(CERT_MAX), bytes(CERT_MAX)).prop_map(|(a, b, c)| Change::Chain(a, b, c)),
        1 => any::<[u8; 32]>().prop_map(Change::Code),
        1 => Just(Change::Serial),
        6 => (0..GRANTS_MAX, bytes(HEAD_MAX), bytes(GRANT_MAX), any::<u64>())
            .prop_map(|(place, head, record, issued_at)| Change::Grant { place, head, record, issued_at }),
    ]
}

/// Everything that a store remembers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Model {
    pub(super) counter: u64,
    pub(super) time_floor: u64,
    lifecycle: Lifecycle,
    secret: Option<[u8; 32]>,
    verifier: Option<[u8; 32]>,
    places: Vec<Vec<u8>>,
}

impl Model {
    /// A dongle that nothing was ever committed to.
    pub(super) fn blank() -> Self {
        Self {
            counter: 0,
            time_floor: 0,
            lifecycle: Lifecycle::Blank,
            secret: None,
            verifier: None,
            places: std::vec![Vec::new(); PLACES],
        }
    }

    /// What `store` says.
    pub(super) fn of(store: &Store, flash: &mut impl Flash) -> Self {
        let meta = store.meta();
        let mut bytes = [0; GRANT_MAX];
        let all = [Place::Leaf, Place::Ca, Place::Anchor]
            .into_iter()
            .chain((0..GRANTS_MAX).map(Place::Head))
            .chain((0..GRANTS_MAX).map(Place::Grant));
        let mut places = std::vec![Vec::new(); PLACES];
        for place in all {
            let found = store.read(flash, place, &mut bytes).expect("it reads");
            places[place.index()] = found.map_or(Vec::new(), <[u8]>::to_vec);
        }
        Self {
            counter: meta.counter,
            time_floor: meta.time_floor,
            lifecycle: meta.lifecycle,
            secret: meta.secret.as_ref().map(|secret| **secret),
            verifier: meta.verifier,
            places,
        }
    }

    /// What a boot finds.
    pub(super) fn found(flash: &mut Nor) -> Self {
        let store = flash.boot();
        Self::of(&store, flash)
    }

    pub(super) fn apply(&mut self, change: &Change) {
        self.counter += 1;
        match change {
            Change::Key(secret) => {
                self.secret = Some(*secret);
                self.verifier = None;
                self.places = Self::blank().places;
            }
            Change::Chain(leaf, ca, anchor) => {
                self.places[..3].clone_from_slice(&[leaf.clone(), ca.clone(), anchor.clone()]);
            }
            Change::Code(verifier) => {
                self.verifier = Some(*verifier);
                self.lifecycle = Lifecycle::Sealed;
            }
            Change::Serial => self.lifecycle = Lifecycle::Personalised,
            Change::Grant {
                place,
                head,
                record,
                issued_at,
            } => {
                self.places[Place::Head(*place).index()].clone_from(head);
                self.places[Place::Grant(*place).index()].clone_from(record);
                self.time_floor = self.time_floor.max(*issued_at);
            }
        }
    }
}
