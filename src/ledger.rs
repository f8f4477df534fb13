//! RULES: which device uses which channel.
//!
//! The append-only, hash-chained history is the durable form of the ledger: its state is what
//! [`Ledger::apply`] makes of every entry in order. Which allocations count is never stored; it
//! follows from their order and from what is owned now.

mod apply;
mod asked;
mod attribution;
mod balance;
mod bytes;
mod change;
mod channel;
pub mod clock;
mod device;
mod entry;
mod event;
mod gifts;
pub mod grace;
mod growth;
mod lease;
mod listed;
mod marks;
mod need;
mod pool;
mod shelf;
mod supply;
mod times;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

pub use apply::Impossible;
pub use asked::{Asked, Confirmed};
pub use attribution::{Attribution, Payment};
pub use balance::Balance;
pub use bytes::Bytes;
pub use change::{Change, Relocation, Wish};
pub use channel::{Ask, Channel, Decision};
pub use device::DeviceId;
pub use entry::{Damage, Head, Row};
pub use event::{Event, Given, Goal, GrantMark, Posted, ReceiptKept, SeenBefore, Shown, Why};
pub use gifts::{Gifts, Meant};
pub use lease::{TTL_MAX, TTL_MIN};
pub use marks::{Marks, RolledBack, Seen};
pub use need::{Need, Period};
pub use pool::{Pool, PoolChange};
pub use shelf::{Kept, Shelf};
pub use supply::Supply;
pub use times::{Times, Told};

/// Every allocation, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    features: BTreeMap<String, Holdings>,
    /// Where each allocation is: its feature and its place in the order.
    places: HashMap<Uuid, (String, Place)>,
    pool: Pool,
    /// When each allocation that was made for a time ends, the next one first.
    leases: BTreeSet<(u64, Uuid)>,
}

/// Allocations of one feature.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Holdings {
    /// Channels of all of them together.
    weight: u64,
    /// What that was, day by day.
    days: growth::Days,
    /// Channels of those for which the user named a line, by line.
    named: BTreeMap<String, u64>,
    in_order: BTreeMap<Place, Allocation>,
    by_device: HashMap<DeviceId, Uuid>,
}

/// Channels of one feature that one device holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// Its id.
    pub id: Uuid,
    /// The device.
    pub device: DeviceId,
    /// The feature.
    pub feature: String,
    /// The device's model, if it was given.
    pub model: Option<String>,
    /// Channels it costs.
    pub weight: u32,
    /// When it was made, Unix time in milliseconds.
    pub created_at: i64,
    /// Number of the history entry that made it: the lower one is the older one.
    pub order: u64,
    /// The user's: of two, the one with the higher number is suspended later.
    pub priority: i32,
    /// The line that the user named to pay for it.
    pub line: Option<String>,
    /// When it ends unless it is renewed, Unix time in seconds.
    pub until: Option<u64>,
}

/// Where an allocation stands in the order of its feature: the last is suspended first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    priority: Reverse<i32>,
    order: u64,
}

impl Allocation {
    const fn place(&self) -> Place {
        Place {
            priority: Reverse(self.priority),
            order: self.order,
        }
    }
}

impl Ledger {
    /// The allocation of that id.
    #[must_use]
    pub fn allocation(&self, id: Uuid) -> Option<&Allocation> {
        let (feature, place) = self.places.get(&id)?;
        self.features.get(feature)?.in_order.get(place)
    }

    /// What a device holds of a feature.
    #[must_use]
    pub fn held_by(&self, device: &DeviceId, feature: &str) -> Option<&Allocation> {
        self.allocation(*self.features.get(feature)?.by_device.get(device)?)
    }

    /// Every allocation, feature by feature; within one by priority, and then oldest first.
    pub fn allocations(&self) -> impl Iterator<Item = &Allocation> {
        self.features
            .values()
            .flat_map(|held| held.in_order.values())
    }
}
