//! Allocations as callers see them.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::ledger::{self, Attribution, Balance, Ledger, Supply};

use super::super::request::{Allocation, AllocationState};

/// A reader of the ledger. What costs a walk over all allocations of a feature is taken once: who pays, and where
/// devices are suspended also the balance.
pub(super) struct Views<'a> {
    ledger: &'a Ledger,
    supply: &'a Supply,
    balances: HashMap<&'a str, Option<Balance>>,
    attributions: HashMap<&'a str, Attribution>,
}

impl<'a> Views<'a> {
    pub(super) fn of(ledger: &'a Ledger, supply: &'a Supply) -> Self {
        Self {
            ledger,
            supply,
            balances: HashMap::new(),
            attributions: HashMap::new(),
        }
    }

    /// The allocation of an id, without who pays for it.
    pub(super) fn of_id(&mut self, id: Uuid) -> Allocation {
        self.view(self.held(id))
    }

    /// The allocation of an id, with the lines that pay for it.
    pub(super) fn read_id(&mut self, id: Uuid) -> Allocation {
        self.read(self.held(id))
    }

    fn held(&self, id: Uuid) -> &'a ledger::Allocation {
        let held = self.ledger.allocation(id);
        held.expect("what was decided is in the ledger")
    }

    /// An allocation with the lines that pay for it.
    pub(super) fn read(&mut self, held: &'a ledger::Allocation) -> Allocation {
        let lines = self.attribution(&held.feature).of(held.id).to_vec();
        Allocation {
            lines: Some(lines),
            ..self.view(held)
        }
    }

    /// An allocation, without who pays for it.
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
            line: held.line.clone(),
            lines: None,
            until: held.until,
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
        let ledger = self.ledger;
        let Some(balance) = self.balance(feature) else {
            return Vec::new();
        };
        let suspended = ledger.suspended(balance, feature);
        suspended.map(|held| held.id).collect()
    }

    /// Those of `these` that are not among `others`.
    pub(super) fn only_in(&mut self, these: &[Uuid], others: &[Uuid]) -> Vec<Allocation> {
        let others: HashSet<&Uuid> = others.iter().collect();
        let only = these.iter().filter(|id| !others.contains(id));
        only.map(|id| self.of_id(*id)).collect()
    }

    /// Who pays for the allocations of a feature.
    fn attribution(&mut self, feature: &'a str) -> &Attribution {
        let (ledger, supply) = (self.ledger, self.supply);
        self.attributions
            .entry(feature)
            .or_insert_with(|| ledger.attribute(supply, feature).unwrap_or_default())
    }

    fn balance(&mut self, feature: &'a str) -> Option<&Balance> {
        let (ledger, supply) = (self.ledger, self.supply);
        self.balances
            .entry(feature)
            // A feature that the profile does not have any more licenses nothing.
            .or_insert_with(|| ledger.balance(supply, feature).ok())
            .as_ref()
    }
}
