//! The channels a device has given out.

use super::BROADCAST;
use crate::limits::CHANNELS_MAX;

/// The latest [`CHANNELS_MAX`] channels. A full table forgets the one that matters least: one that
/// never carried a message before one that did, then the one unused for longest. So a program
/// that only asks for channels cannot push out a host that is at work.
pub(super) struct Channels {
    slots: [Slot; CHANNELS_MAX],
    clock: u64,
}

#[derive(Clone, Copy)]
struct Slot {
    /// 0, which is reserved, marks a free place.
    id: u32,
    /// Ordered so that the least is the one to forget.
    worth: (bool, u64),
}

const FREE: Slot = Slot {
    id: 0,
    worth: (false, 0),
};

impl Channels {
    pub(super) const fn new() -> Self {
        Self {
            slots: [FREE; CHANNELS_MAX],
            clock: 0,
        }
    }

    pub(super) fn knows(&self, id: u32) -> bool {
        id != 0 && self.slots.iter().any(|slot| slot.id == id)
    }

    /// Gives out a channel: `random`, or the first after it that is neither reserved nor taken.
    pub(super) fn give(&mut self, random: u32) -> u32 {
        let mut id = random;
        while id == 0 || id == BROADCAST || self.knows(id) {
            id = id.wrapping_add(1);
        }
        self.clock += 1;
        let worth = (false, self.clock);
        if let Some(slot) = self.slots.iter_mut().min_by_key(|slot| slot.worth) {
            *slot = Slot { id, worth };
        }
        id
    }

    /// Notes that `id` carried a message.
    pub(super) fn used(&mut self, id: u32) {
        self.clock += 1;
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.id == id) {
            slot.worth = (true, self.clock);
        }
    }
}
