//! Which line pays for which allocation.
//!
//! Derived from the order, the lines and what the user decided about them, and never stored: a line that ends takes
//! its channels with it, and the next reading says who pays instead. Who is licensed never depends on it.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::licence::Refusal;

use super::balance::Part;
use super::supply::{Stock, Supply};
use super::{Allocation, Ledger};

/// What one line pays for one allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Id of the line.
    pub line: String,
    /// Channels.
    pub channels: u64,
}

/// Who pays for what, of one feature.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attribution {
    allocations: HashMap<Uuid, Vec<Payment>>,
    lines: BTreeMap<String, u64>,
}

impl Attribution {
    /// The lines that pay for an allocation; none if it is suspended.
    #[must_use]
    pub fn of(&self, allocation: Uuid) -> &[Payment] {
        self.allocations.get(&allocation).map_or(&[], Vec::as_slice)
    }

    /// Channels that a line pays for.
    #[must_use]
    pub fn used(&self, line: &str) -> u64 {
        self.lines.get(line).copied().unwrap_or(0)
    }

    fn pay(&mut self, allocation: &Allocation, line: &str, channels: u64) {
        if channels == 0 {
            return;
        }
        *self.lines.entry(line.to_owned()).or_default() += channels;
        let payments = self.allocations.entry(allocation.id).or_default();
        if let Some(known) = payments.iter_mut().find(|payment| payment.line == line) {
            known.channels += channels;
        } else {
            let line = line.to_owned();
            payments.push(Payment { line, channels });
        }
    }
}

impl Ledger {
    /// Says which line pays for each allocation of a feature that counts.
    ///
    /// Lines for listed devices pay first, for nobody else can use them; then the line that the
    /// user named, as far as it reaches; then the free channels; then the open lines by policy; what is left is growth.
    /// Among equals the order of the allocations decides.
    ///
    /// # Errors
    /// [`Refusal::UnknownFeature`].
    pub fn attribute(&self, supply: &Supply, feature: &str) -> Result<Attribution, Refusal> {
        let stock = supply.of(feature)?;
        let mut paid = Attribution::default();
        let Some(held) = self.features.get(feature) else {
            return Ok(paid);
        };
        let mut parts = Vec::new();
        let mut fill = held.fill(stock, |part| parts.push(part));
        for part in &parts {
            let Some(group) = part.group else { continue };
            let named = named(stock.listed.iter().map(|share| &share.id), part.allocation);
            let mut rest = part.listed;
            for line in named.into_iter().chain(0..stock.listed.len()) {
                let channels = fill.listed.name(group, line, rest);
                paid.pay(part.allocation, &stock.listed[line].id, channels);
                rest -= channels;
            }
        }
        paid.by_common(stock, &mut parts);
        Ok(paid)
    }
}

impl Attribution {
    /// What named lines, free channels and open lines pay.
    fn by_common(&mut self, stock: &Stock, parts: &mut [Part<'_>]) {
        let mut left: Vec<u64> = stock.open.iter().map(|share| share.channels).collect();
        for part in &mut *parts {
            let ids = stock.open.iter().map(|share| &share.id);
            if let Some(line) = named(ids, part.allocation) {
                let channels = part.common.min(left[line]);
                left[line] -= channels;
                part.common -= channels;
                self.pay(part.allocation, &stock.open[line].id, channels);
            }
        }
        let open = stock.open.iter().zip(left);
        let mut sources = std::iter::once((stock.free_id.as_str(), stock.free))
            .chain(open.map(|(share, left)| (share.id.as_str(), left)))
            .filter(|(_, left)| *left > 0)
            // What nothing pays for is growth: it is to be bought at the next renewal.
            .chain([(stock.growth_id.as_str(), u64::MAX)]);
        let mut source = sources.next();
        for part in parts {
            while part.common > 0
                && let Some((line, left)) = source.as_mut()
            {
                let channels = part.common.min(*left);
                self.pay(part.allocation, line, channels);
                part.common -= channels;
                *left -= channels;
                if *left == 0 {
                    source = sources.next();
                }
            }
        }
    }
}

/// The place of the line that the user named for an allocation.
fn named<'a>(mut ids: impl Iterator<Item = &'a String>, allocation: &Allocation) -> Option<usize> {
    let line = allocation.line.as_ref()?;
    ids.position(|id| id == line)
}

#[cfg(test)]
#[path = "attribution/tests.rs"]
mod tests;
