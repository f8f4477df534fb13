//! What a user changes of an allocation that is there: its priority, its device.

use uuid::Uuid;

use crate::licence::{Profile, Refusal};

use super::channel::check_model;
use super::{Allocation, DeviceId, Event, Ledger, Supply};

/// A change of one allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It stays with its device.
    Set(Wish),
    /// It goes to another device.
    Move(Relocation),
}

/// What is wanted of an allocation; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// The priority.
    pub priority: Option<i32>,
}

/// A move from one device to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relocation {
    /// The device that is to have it, as a user writes it.
    pub device: String,
    /// That device's model; without it the allocation costs what it cost.
    pub model: Option<String>,
}

impl Ledger {
    /// What the history will tell of a change; nothing if all is so already.
    ///
    /// # Errors
    /// [`Refusal::NoSuchAllocation`], and what a device or model may be refused for;
    /// [`Refusal::DeviceHolds`] if the other device has an allocation of the feature;
    /// [`Refusal::NoChannelLeft`] if the move needs channels that are not there.
    pub fn change(
        &self,
        profile: &Profile,
        supply: &Supply,
        id: Uuid,
        change: &Change,
    ) -> Result<Vec<Event>, Refusal> {
        let held = self
            .allocation(id)
            .ok_or(Refusal::NoSuchAllocation { id })?;
        match change {
            Change::Set(wish) => Ok(wish.events(held)),
            Change::Move(to) => {
                let event = self.relocate(profile, supply, held, to)?;
                Ok(event.into_iter().collect())
            }
        }
    }

    fn relocate(
        &self,
        profile: &Profile,
        supply: &Supply,
        held: &Allocation,
        to: &Relocation,
    ) -> Result<Option<Event>, Refusal> {
        let device = DeviceId::parse(&to.device)?;
        let model = to.model.as_deref().map(check_model).transpose()?;
        let (model, weight) = match model {
            Some(model) => (Some(model.to_owned()), profile.weight(Some(model))),
            None => (held.model.clone(), held.weight),
        };
        if let Some(other) = self.held_by(&device, &held.feature)
            && other.id != held.id
        {
            return Err(Refusal::DeviceHolds {
                device: device.to_string(),
                feature: held.feature.clone(),
                allocation: other.id,
            });
        }
        if (&device, &model, weight) == (&held.device, &held.model, held.weight) {
            return Ok(None);
        }
        let balance = self.balance(supply, &held.feature)?;
        let more = weight.saturating_sub(held.weight);
        if u64::from(more) > balance.available {
            return Err(balance.refuse(&device, &held.feature, more, 0));
        }
        Ok(Some(Event::Moved {
            id: held.id,
            feature: held.feature.clone(),
            was: held.device.as_str().to_owned(),
            now: device.as_str().to_owned(),
            model,
            weight,
        }))
    }
}

impl Wish {
    /// What has to happen to `held` so that the wish is met.
    pub(super) fn events(&self, held: &Allocation) -> Vec<Event> {
        let priority = self.priority.filter(|now| *now != held.priority);
        let priority = priority.map(|now| Event::PrioritySet {
            id: held.id,
            device: held.device.as_str().to_owned(),
            feature: held.feature.clone(),
            was: held.priority,
            now,
        });
        priority.into_iter().collect()
    }

    /// Makes `allocation` what is wanted.
    pub(super) fn grant(&self, allocation: &mut Allocation) {
        if let Some(priority) = self.priority {
            allocation.priority = priority;
        }
    }
}

#[cfg(test)]
#[path = "change/tests.rs"]
mod tests;
