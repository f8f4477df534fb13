//! What dongles gave away: what is meant to be given, and every receipt of what was.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Bytes, Event, Goal, Impossible, ReceiptKept};

/// Conversions that are under way, and the receipts of those that were done. Receipts are never deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gifts {
    meant: BTreeMap<Uuid, Meant>,
    /// By identity, hex.
    kept: BTreeMap<String, ReceiptKept>,
    /// Which of them answers a request.
    answers: BTreeMap<Uuid, String>,
}

/// What a dongle is to be asked for, or has been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    /// The dongle's serial.
    pub serial: String,
    /// Thumbprint of its key, hex.
    pub thumbprint: String,
    /// Where the channels go.
    pub goal: Goal,
    /// The name of that machine, if it is another one.
    pub host: Option<String>,
    /// The order, as the dongle takes it: whenever it is asked again, it is asked for exactly this.
    pub order: Bytes,
}

impl Gifts {
    /// What is under way, by its id.
    pub fn meant(&self) -> impl Iterator<Item = (Uuid, &Meant)> {
        self.meant.iter().map(|(id, meant)| (*id, meant))
    }

    /// What is under way under an id.
    #[must_use]
    pub fn under_way(&self, id: Uuid) -> Option<&Meant> {
        self.meant.get(&id)
    }

    /// Every receipt, by its identity in hex.
    pub fn receipts(&self) -> impl Iterator<Item = &ReceiptKept> {
        self.kept.values()
    }

    /// The receipt of that identity, hex.
    #[must_use]
    pub fn receipt(&self, id: &str) -> Option<&ReceiptKept> {
        self.kept.get(id)
    }

    /// The receipt that answers a request.
    #[must_use]
    pub fn answer(&self, request: Uuid) -> Option<&ReceiptKept> {
        self.kept.get(self.answers.get(&request)?)
    }

    /// What the receipts here say was given away of a line at least. `thumbprint` is hex.
    #[must_use]
    pub fn given(&self, thumbprint: &str, product: &str, line: u32) -> u64 {
        let of_dongle = self
            .kept
            .values()
            .filter(|kept| kept.thumbprint == thumbprint && kept.product == product);
        let given = of_dongle.flat_map(|kept| &kept.given);
        let of_line = given.filter(|given| given.line == line);
        of_line.map(|given| given.after).max().unwrap_or(0)
    }

    /// Makes it what it is after an entry. Events that are not of gifts change nothing.
    ///
    /// # Errors
    /// [`Impossible`] if it contradicts the entries before it; nothing is changed then.
    pub fn apply(&mut self, event: &Event) -> Result<(), Impossible> {
        match event {
            Event::ConversionMeant {
                id,
                serial,
                thumbprint,
                goal,
                host,
                order,
                ..
            } => {
                let (serial, thumbprint) = (serial.clone(), thumbprint.clone());
                let meant = Meant {
                    serial,
                    thumbprint,
                    goal: *goal,
                    host: host.clone(),
                    order: order.clone(),
                };
                if self.answers.contains_key(id) || self.meant.contains_key(id) {
                    return Err(Impossible);
                }
                self.meant.insert(*id, meant);
                Ok(())
            }
            Event::ConversionEnded { id, .. } => self.meant.remove(id).map(drop).ok_or(Impossible),
            Event::ReceiptKept(kept) => {
                if self.kept.contains_key(&kept.id) {
                    return Err(Impossible);
                }
                self.meant.remove(&kept.request);
                self.answers.insert(kept.request, kept.id.clone());
                self.kept.insert(kept.id.clone(), (**kept).clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Given;

    fn meant(id: u128) -> Event {
        Event::ConversionMeant {
            id: Uuid::from_u128(id),
            serial: "TK-1".into(),
            thumbprint: "aa".into(),
            gift: "convert-offline".into(),
            goal: Goal::ThisMachine,
            host: None,
            order: Bytes(vec![1]),
        }
    }

    fn kept(id: &str, request: u128, after: u64) -> Event {
        Event::ReceiptKept(Box::new(ReceiptKept {
            id: id.into(),
            request: Uuid::from_u128(request),
            serial: "TK-1".into(),
            thumbprint: "aa".into(),
            gift: "convert-offline".into(),
            counter: after,
            product: "vms".into(),
            given: vec![Given {
                line: 1,
                feature: "camera".into(),
                before: 0,
                after,
            }],
            goal: Goal::ThisMachine,
            host: None,
            ours: true,
            receipt: Bytes(vec![2]),
            grant: Bytes(vec![3]),
            chain: [Bytes(vec![4]), Bytes(vec![5])],
        }))
    }

    #[test]
    fn a_receipt_ends_what_was_meant_and_comes_once() {
        let mut gifts = Gifts::default();
        gifts.apply(&meant(1)).expect("new");
        assert_eq!(gifts.apply(&meant(1)), Err(Impossible));
        gifts.apply(&kept("r1", 1, 16)).expect("it was meant");
        assert_eq!(gifts.meant().count(), 0);
        assert_eq!(gifts.apply(&kept("r1", 1, 16)), Err(Impossible));
        assert_eq!(gifts.apply(&meant(1)), Err(Impossible), "its id is used");
        let ended = Event::ConversionEnded {
            id: Uuid::from_u128(1),
            because: "cancelled".into(),
        };
        assert_eq!(gifts.apply(&ended), Err(Impossible), "it was done");
        // One that nobody here meant: another host asked for it, or this one was restored.
        gifts.apply(&kept("r2", 2, 24)).expect("new");
        let answer = gifts.answer(Uuid::from_u128(2));
        assert_eq!(answer.map(|kept| kept.id.as_str()), Some("r2"));
        assert_eq!(gifts.given("aa", "vms", 1), 24, "the highest, not the sum");
        assert_eq!(gifts.given("aa", "vms", 2), 0);
        assert_eq!(gifts.given("bb", "vms", 1), 0);
    }
}
