//! Counts before and after.

use tallykey_protocol::grant::{Line, Plan};

use super::Refusal;
use crate::ledger::Change;

/// What is ordered.
pub(crate) struct Order {
    /// Channels that the holder has of a feature afterwards; features that are not named keep theirs.
    pub(crate) channels: Vec<(String, u64)>,
    /// Plan of what is added.
    pub(crate) plan: Plan,
    /// Its end, seconds since 1970.
    pub(crate) valid_to: Option<u64>,
    /// Customer, for people; nothing keeps what was.
    pub(crate) customer: Option<String>,
}

impl Order {
    /// Plan and end belong together.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        match (self.plan, self.valid_to) {
            (Plan::Perpetual, None) | (Plan::Subscription | Plan::FixedTerm, Some(_)) => Ok(()),
            (plan, _) => Err(Refusal::PlanEnd { plan: plan.name() }),
        }
    }

    /// A new line of this order.
    pub(super) fn line<'a>(&self, id: u32, feature: &'a str, count: u64, now: u64) -> Line<'a> {
        Line {
            id,
            feature,
            count,
            plan: self.plan,
            valid_from: now,
            valid_to: self.valid_to,
        }
    }

    /// Changes `lines` until each feature has what was ordered; returns what changed. Of each line `given` has
    /// already left. What is added goes onto a perpetual line, or becomes a line of its own; what is taken away comes
    /// off the newest lines.
    pub(super) fn apply<'a>(
        &'a self,
        lines: &mut Vec<Line<'a>>,
        given: impl Fn(u32) -> u64,
        now: u64,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        for (feature, after) in &self.channels {
            let ended = |line: &Line<'_>| line.valid_to.is_some_and(|end| end <= now);
            let counts = |line: &Line<'_>| line.feature == feature && !ended(line);
            let held = lines.iter().filter(|line| counts(line));
            let before = held
                .map(|line| line.count.saturating_sub(given(line.id)))
                .sum();
            if *after > before {
                let added = after - before;
                let same = |line: &&mut Line<'_>| {
                    counts(line) && (line.plan, self.plan) == (Plan::Perpetual, Plan::Perpetual)
                };
                match lines.iter_mut().find(same) {
                    Some(line) => line.count += added,
                    None => {
                        let id = lines.iter().map(|line| line.id).max().unwrap_or(0) + 1;
                        lines.push(self.line(id, feature, added, now));
                    }
                }
            }
            let mut surplus = before.saturating_sub(*after);
            for line in lines.iter_mut().rev().filter(|line| counts(line)) {
                let taken = surplus.min(line.count);
                line.count -= taken;
                surplus -= taken;
            }
            if before != *after {
                changes.push(Change {
                    feature: feature.clone(),
                    before,
                    after: *after,
                });
            }
        }
        lines.retain(|line| line.count > 0);
        changes
    }
}
