//! Who gets a channel.

use std::collections::HashMap;

use uuid::Uuid;

use crate::licence::{Profile, Refusal};

use super::device::shown;
use super::{Balance, DeviceId, Event, Ledger, Supply};

/// One request for channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// A MAC address in any usual notation, or another stable id.
    pub device: String,
    /// The feature; without it the profile decides by OUI and model.
    pub feature: Option<String>,
    /// The device's model; the profile decides by it what the device costs. Without it a device
    /// that holds an allocation costs what it cost.
    pub model: Option<String>,
}

/// Channels that were found for a device: only [`Ledger::decide`] makes one, and what it says is
/// true once its [`Channel::event`] is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    id: Uuid,
    device: DeviceId,
    feature: String,
    model: Option<String>,
    weight: u32,
}

impl Channel {
    /// What the history will tell.
    #[must_use]
    pub fn event(&self) -> Event {
        Event::Allocated {
            id: self.id,
            device: self.device.as_str().to_owned(),
            feature: self.feature.clone(),
            model: self.model.clone(),
            weight: self.weight,
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
}

/// Longest model name, characters.
const MODEL_MAX: usize = 64;

impl Ledger {
    /// Decides about every request of a batch, each as if those before it were done: all of them
    /// or none. `new_id` gives the id of each new allocation.
    ///
    /// # Errors
    /// The place (from 0) of the first request that is wrong in itself, or else of the first that finds no
    /// channel left, and why.
    pub fn decide(
        &self,
        profile: &Profile,
        supply: &Supply,
        asks: &[Ask],
        mut new_id: impl FnMut() -> Uuid,
    ) -> Result<Vec<Decision>, (usize, Refusal)> {
        let mut draft = Draft {
            ledger: self,
            profile,
            supply,
            features: HashMap::new(),
            new: HashMap::new(),
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
        Ok(Event::Released {
            id,
            device: held.device.as_str().to_owned(),
            feature: held.feature.clone(),
            weight: held.weight,
        })
    }
}

/// A ledger with a batch half decided on top of it.
struct Draft<'a> {
    ledger: &'a Ledger,
    profile: &'a Profile,
    supply: &'a Supply,
    /// What each feature asked for had before this batch, and how much of it the batch takes.
    features: HashMap<String, (Balance, u64)>,
    /// Allocations that this batch makes: id and weight.
    new: HashMap<(DeviceId, String), (Uuid, u32)>,
}

impl Draft<'_> {
    fn decide(&mut self, ask: &Ask, new_id: impl FnOnce() -> Uuid) -> Result<Decision, Refusal> {
        let device = DeviceId::parse(&ask.device)?;
        let model = ask.model.as_deref().map(check_model).transpose()?;
        let feature = match &ask.feature {
            Some(feature) => feature.as_str(),
            None => self.profile.feature_of(device.oui(), model),
        };
        let (balance, before) = self.balance(feature)?;
        let weight = self.profile.weight(model);

        let key = (device, feature.to_owned());
        if let Some((id, was)) = self.held(&key) {
            if model.is_some() && was != weight {
                let (device, feature) = (key.0.to_string(), key.1);
                return Err(Refusal::WeightChanged {
                    device,
                    feature,
                    allocation: id,
                    was,
                    now: weight,
                });
            }
            return Ok(Decision { id, new: None });
        }

        let with = before + u64::from(weight);
        if with > balance.available {
            return Err(Refusal::NoChannelLeft {
                device: key.0.to_string(),
                feature: key.1,
                needed: weight,
                owned: balance.total,
                free: balance.free,
                free_used: balance.free_used,
                used: balance.used,
                available: balance.available,
                suspended: balance.suspended,
                before,
            });
        }
        let id = new_id();
        self.features.insert(feature.to_owned(), (balance, with));
        self.new.insert(key.clone(), (id, weight));
        let (device, feature) = key;
        let model = model.map(ToOwned::to_owned);
        Ok(Decision {
            id,
            new: Some(Channel {
                id,
                device,
                feature,
                model,
                weight,
            }),
        })
    }

    /// Looked up once per batch: where devices are suspended it costs a walk over all of them.
    fn balance(&mut self, feature: &str) -> Result<(Balance, u64), Refusal> {
        if let Some(known) = self.features.get(feature) {
            return Ok(*known);
        }
        let found = (self.ledger.balance(self.supply, feature)?, 0);
        self.features.insert(feature.to_owned(), found);
        Ok(found)
    }

    /// What a device holds of a feature: before this batch, or by it.
    fn held(&self, key: &(DeviceId, String)) -> Option<(Uuid, u32)> {
        let before = self
            .ledger
            .held_by(&key.0, &key.1)
            .map(|held| (held.id, held.weight));
        before.or_else(|| self.new.get(key).copied())
    }
}

fn check_model(model: &str) -> Result<&str, Refusal> {
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
