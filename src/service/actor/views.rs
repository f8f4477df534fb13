//! Allocations as callers see them.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::ledger::{self, Balance, Ledger, Supply};

use super::super::request::{Allocation, AllocationState};

/// A reader of the ledger. Where devices are suspended, the balance of a feature costs a walk over
/// all of them, so it is taken once.
pub(super) struct Views<'a> {
    ledger: &'a Ledger,
    supply: &'a Supply,
    balances: HashMap<&'a str, Option<Balance>>,
}

impl<'a> Views<'a> {
    pub(super) fn of(ledger: &'a Ledger, supply: &'a Supply) -> Self {
        Self {
            ledger,
            supply,
            balances: HashMap::new(),
        }
    }

    pub(super) fn of_id(&mut self, id: Uuid) -> Allocation {
        let held = self.ledger.allocation(id);
        self.view(held.expect("what was decided is in the ledger"))
    }

    pub(super) fn view(&mut self, held: &'a ledger::Allocation) -> Allocation {
        let balance = self.balance(&held.feature);
        let licensed = balance.is_some_and(|balance| balance.licenses(held));
        Allocation {
            id: held.id,
            device: held.device.to_string(),
            feature: held.feature.clone(),
            model: held.model.clone(),
            weight: held.weight,
            priority: held.priority,
            state: if licensed {
                AllocationState::Licensed
            } else {
                AllocationState::Suspended
            },
            created_at: held.created_at,
        }
    }

    /// Ids of the allocations of a feature that do not count, in order.
    pub(super) fn suspended(&mut self, feature: &'a str) -> Vec<Uuid> {
        let Some(balance) = self.balance(feature) else {
            return Vec::new();
        };
        let suspended = self.ledger.suspended(&balance, feature);
        suspended.map(|held| held.id).collect()
    }

    /// Those of `these` that are not among `others`.
    pub(super) fn only_in(&mut self, these: &[Uuid], others: &[Uuid]) -> Vec<Allocation> {
        let others: HashSet<&Uuid> = others.iter().collect();
        let only = these.iter().filter(|id| !others.contains(id));
        only.map(|id| self.of_id(*id)).collect()
    }

    fn balance(&mut self, feature: &'a str) -> Option<Balance> {
        let (ledger, supply) = (self.ledger, self.supply);
        *self
            .balances
            .entry(feature)
            // A feature that the profile does not have any more licenses nothing.
            .or_insert_with(|| ledger.balance(supply, feature).ok())
    }
}
