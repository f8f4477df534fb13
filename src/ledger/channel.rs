//! Who gets a channel.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use uuid::Uuid;

use crate::licence::{Profile, Refusal};

use super::balance::Room;
use super::device::shown;
use super::{Allocation, DeviceId, Event, Ledger, Supply, Why, Wish, lease};

/// One request for channels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask {
    /// A MAC address in any usual notation, or another stable id.
    pub device: String,
    /// The feature; without it the profile decides by OUI and model.
    pub feature: Option<String>,
    /// The device's model; the profile decides by it what the device costs. Without it a device
    /// that holds an allocation costs what it cost.
    pub model: Option<String>,
    /// What else the allocation is to be, also one that the device holds already.
    pub wish: Wish,
    /// For how long, seconds; without it until it is released. One that the device holds is renewed, but one that
    /// is not for a time stays so.
    pub ttl: Option<u32>,
}

/// Channels that were found for a device: only [`Ledger::decide`] makes one, and what it says is
/// true once its [`Channel::event`] is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel(Allocation);

impl Channel {
    /// What the history will tell.
    #[must_use]
    pub fn event(&self) -> Event {
        let Self(new) = self.clone();
        Event::Allocated {
            id: new.id,
            device: new.device.as_str().to_owned(),
            feature: new.feature,
            model: new.model,
            weight: new.weight,
            priority: new.priority,
            line: new.line,
            until: new.until,
        }
    }
}

/// What the ledger says to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Id of the allocation that the device holds, or will hold.
    pub id: Uuid,
    /// The channels it takes; none if it held them before.
    pub new: Option<Channel>,
    /// What else the history will tell: how one that was held before is to be from now on.
    pub changes: Vec<Event>,
}

/// Longest model name, characters.
const MODEL_MAX: usize = 64;

impl Ledger {
    /// Decides about every request of a batch, each as if those before it were done: all of them
    /// or none. `now` is Unix time in seconds; `new_id` gives the id of each new allocation.
    ///
    /// # Errors
    /// The place (from 0) of the first request that is wrong in itself, or else of the first that finds no
    /// channel left, and why.
    pub fn decide(
        &self,
        profile: &Profile,
        (supply, now): (&Supply, u64),
        asks: &[Ask],
        mut new_id: impl FnMut() -> Uuid,
    ) -> Result<Vec<Decision>, (usize, Refusal)> {
        let mut draft = Draft {
            ledger: self,
            profile,
            supply,
            now,
            rooms: HashMap::new(),
            drafted: HashMap::new(),
        };
        let mut decided = Vec::with_capacity(asks.len());
        let mut full = None;
        for (index, ask) in asks.iter().enumerate() {
            match draft.decide(ask, &mut new_id) {
                Ok(decision) => decided.push(decision),
                // Buying channels mends no typing error: what is wrong in itself is told first.
                Err(refusal @ Refusal::NoChannelLeft { .. }) => {
                    full.get_or_insert((index, refusal));
                }
                Err(refusal) => return Err((index, refusal)),
            }
        }
        full.map_or(Ok(decided), Err)
    }

    /// What the history will tell when an allocation is released.
    ///
    /// # Errors
    /// [`Refusal::NoSuchAllocation`].
    pub fn release(&self, id: Uuid) -> Result<Event, Refusal> {
        let held = self
            .allocation(id)
            .ok_or(Refusal::NoSuchAllocation { id })?;
        Ok(held.released(Why::Asked))
    }
}

/// A ledger with a batch half decided on top of it.
struct Draft<'a> {
    ledger: &'a Ledger,
    profile: &'a Profile,
    supply: &'a Supply,
    now: u64,
    /// What each feature asked for had before this batch, and how much of it the batch takes.
    rooms: HashMap<String, (Room<'a>, u64)>,
    /// Allocations as this batch makes or changes them.
    drafted: HashMap<(DeviceId, String), Allocation>,
}

impl Draft<'_> {
    fn decide(&mut self, ask: &Ask, new_id: impl FnOnce() -> Uuid) -> Result<Decision, Refusal> {
        let device = DeviceId::parse(&ask.device)?;
        let model = ask.model.as_deref().map(check_model).transpose()?;
        let feature = match &ask.feature {
            Some(feature) => feature.as_str(),
            None => self.profile.feature_of(device.oui(), model),
        };
        self.supply.of(feature)?;
        let weight = self.profile.weight(model);

        ask.wish.check(self.supply, &device, feature)?;
        let until = ask.ttl.map(|ttl| lease::until(self.now, ttl)).transpose()?;
        let key = (device, feature.to_owned());
        if let Some(held) = self.held(&key) {
            if model.is_some() && held.weight != weight {
                return Err(Refusal::WeightChanged {
                    device: held.device.to_string(),
                    feature: held.feature.clone(),
                    allocation: held.id,
                    was: held.weight,
                    now: weight,
                });
            }
            let (id, mut changes) = (held.id, ask.wish.events(held));
            // Asked for without an end, it has none from now on: nobody is promised less than he asks for.
            if held.until.is_some() && held.until != until {
                changes.push(held.renewed(until));
            }
            if !changes.is_empty() {
                let mut changed = held.clone();
                ask.wish.grant(&mut changed);
                changed.until = held.until.and(until);
                self.drafted.insert(key, changed);
            }
            let new = None;
            return Ok(Decision { id, new, changes });
        }

        self.take(&key.0, feature, weight)?;
        let mut new = Allocation {
            id: new_id(),
            device: key.0.clone(),
            feature: feature.to_owned(),
            model: model.map(ToOwned::to_owned),
            weight,
            // Both are those of the entry, once it is written.
            created_at: 0,
            order: 0,
            priority: 0,
            line: None,
            until,
        };
        ask.wish.grant(&mut new);
        self.drafted.insert(key, new.clone());
        Ok(Decision {
            id: new.id,
            new: Some(Channel(new)),
            changes: Vec::new(),
        })
    }

    /// Takes the channels that a new device costs: first of lines that list it, then of what any
    /// device may have.
    fn take(&mut self, device: &DeviceId, feature: &str, weight: u32) -> Result<(), Refusal> {
        let (room, taken) = match self.rooms.entry(feature.to_owned()) {
            Entry::Occupied(known) => known.into_mut(),
            // Once per batch: where devices are suspended it costs a walk over all of them.
            Entry::Vacant(new) => new.insert((self.ledger.room(self.supply, feature)?, 0)),
        };
        let group = room.listed.group(device);
        let listed = room.listed.pay(group, weight.into());
        let with = *taken + u64::from(weight) - listed;
        if with > room.balance.available {
            room.listed.take_back(group, listed);
            return Err(room.balance.refuse(device, feature, weight, *taken));
        }
        *taken = with;
        Ok(())
    }

    /// What a device holds of a feature: by this batch, or before it.
    fn held(&self, key: &(DeviceId, String)) -> Option<&Allocation> {
        let drafted = self.drafted.get(key);
        drafted.or_else(|| self.ledger.held_by(&key.0, &key.1))
    }
}

pub(super) fn check_model(model: &str) -> Result<&str, Refusal> {
    let trimmed = model.trim();
    let fits = (1..=MODEL_MAX).contains(&trimmed.chars().count());
    if fits && !trimmed.contains(char::is_control) {
        Ok(trimmed)
    } else {
        Err(Refusal::BadModel {
            value: shown(model),
        })
    }
}

#[cfg(test)]
#[path = "channel/tests.rs"]
mod tests;
