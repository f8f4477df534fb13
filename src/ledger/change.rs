//! What a user changes of an allocation that is there: its priority, the line that pays, its device.

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
    /// It is for a time, and lasts so many seconds from now.
    Renew(u32),
}

/// What is wanted of an allocation; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// The priority.
    pub priority: Option<i32>,
    /// The line that is to pay; an inner none leaves that to the policy.
    pub line: Option<Option<String>>,
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
    /// What the history will tell of a change at `now` (Unix time in seconds); nothing if all is so
    /// already.
    ///
    /// # Errors
    /// [`Refusal::NoSuchAllocation`], and what a device, model or line may be refused for;
    /// [`Refusal::DeviceHolds`] if the other device has an allocation of the feature;
    /// [`Refusal::NotForATime`] or [`Refusal::BadTtl`] if it cannot be renewed so;
    /// [`Refusal::NoChannelLeft`] if the move needs channels that are not there.
    pub fn change(
        &self,
        profile: &Profile,
        (supply, now): (&Supply, u64),
        id: Uuid,
        change: &Change,
    ) -> Result<Vec<Event>, Refusal> {
        let held = self
            .allocation(id)
            .ok_or(Refusal::NoSuchAllocation { id })?;
        match change {
            Change::Set(wish) => {
                wish.check(supply, &held.device, &held.feature)?;
                Ok(wish.events(held))
            }
            Change::Renew(ttl) => Ok(vec![Self::renew(held, now, *ttl)?]),
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
        let moved = Event::Moved {
            id: held.id,
            feature: held.feature.clone(),
            was: held.device.as_str().to_owned(),
            now: device.as_str().to_owned(),
            model,
            weight,
        };
        if self.costs_a_channel(supply, held, &moved)? {
            let balance = self.balance(supply, &held.feature)?;
            return Err(balance.refuse(&device, &held.feature, weight, 0));
        }
        Ok(Some(moved))
    }

    /// Whether after a move of `held` it, or another device, would be licensed no more: it may need more channels
    /// than before, or be on no line's list.
    fn costs_a_channel(
        &self,
        supply: &Supply,
        held: &Allocation,
        moved: &Event,
    ) -> Result<bool, Refusal> {
        let was = self.balance(supply, &held.feature)?;
        let mut ledger = self.clone();
        let at = held.created_at;
        let applied = ledger.apply(held.order, at, moved);
        applied.expect("a move to a device without an allocation is possible");
        let now = ledger.balance(supply, &held.feature)?;
        let lost = was.licenses(held) && !now.licenses(held);
        Ok(lost || now.suspended > was.suspended)
    }
}

impl Wish {
    /// What has to happen to `held` so that the wish is met.
    pub(super) fn events(&self, held: &Allocation) -> Vec<Event> {
        let device = || held.device.as_str().to_owned();
        let priority = self.priority.filter(|now| *now != held.priority);
        let priority = priority.map(|now| Event::PrioritySet {
            id: held.id,
            device: device(),
            feature: held.feature.clone(),
            was: held.priority,
            now,
        });
        let line = self.line.as_ref().filter(|line| **line != held.line);
        let line = line.map(|line| Event::LineNamed {
            id: held.id,
            device: device(),
            feature: held.feature.clone(),
            line: line.clone(),
        });
        priority.into_iter().chain(line).collect()
    }

    /// Whether it can be met for a device.
    ///
    /// # Errors
    /// [`Refusal::FreeChannels`], [`Refusal::NoSuchLine`] or [`Refusal::LineCannotPay`].
    pub(super) fn check(
        &self,
        supply: &Supply,
        device: &DeviceId,
        feature: &str,
    ) -> Result<(), Refusal> {
        match &self.line {
            Some(Some(line)) => supply.check(line, device, feature),
            _ => Ok(()),
        }
    }

    /// Makes `allocation` what is wanted.
    pub(super) fn grant(&self, allocation: &mut Allocation) {
        if let Some(priority) = self.priority {
            allocation.priority = priority;
        }
        if let Some(line) = &self.line {
            allocation.line.clone_from(line);
        }
    }
}

#[cfg(test)]
#[path = "change/tests.rs"]
mod tests;
