//! What this host remembers of each dongle: the highest counter and revisions it saw.

use std::collections::{BTreeMap, HashMap};

use thiserror::Error;

use super::event::{Event, GrantMark, SeenBefore};

/// The high-water marks, by serial and key. A new key in the same stick is another dongle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks(HashMap<(String, String), Mark>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Mark {
    counter: u64,
    revisions: BTreeMap<String, u64>,
}

/// A dongle shows an older state than it showed before: its memory was set back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RolledBack {
    /// The counter, which only ever rises, is lower.
    #[error("its counter is {found} and was {highest} before")]
    Counter {
        /// The counter it shows.
        found: u64,
        /// The highest one seen.
        highest: u64,
    },
    /// A grant is of a lower revision, or gone.
    #[error("its grant for {product} is revision {found} and was {highest} before")]
    Revision {
        /// The product.
        product: String,
        /// The revision it shows; 0 if it holds none.
        found: u64,
        /// The highest one seen.
        highest: u64,
    },
}

/// The highest that this host saw of one dongle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen<'m> {
    /// Its serial.
    pub serial: &'m str,
    /// Thumbprint of its key, hex.
    pub thumbprint: &'m str,
    /// Its counter.
    pub counter: u64,
    /// Revisions of its grants, by product.
    pub revisions: &'m BTreeMap<String, u64>,
}

impl Marks {
    /// All of them, in no order.
    pub fn all(&self) -> impl Iterator<Item = Seen<'_>> {
        self.0.iter().map(|((serial, thumbprint), mark)| Seen {
            serial,
            thumbprint,
            counter: mark.counter,
            revisions: &mark.revisions,
        })
    }

    /// Compares a dongle with what is remembered of it: `thumbprint` is hex.
    ///
    /// # Errors
    /// [`RolledBack`] if it is behind. One that is ahead is believed.
    pub fn judge(
        &self,
        serial: &str,
        thumbprint: &str,
        counter: u64,
        grants: &[GrantMark],
    ) -> Result<SeenBefore, RolledBack> {
        let Some(mark) = self.0.get(&(serial.to_owned(), thumbprint.to_owned())) else {
            return Ok(SeenBefore::Never);
        };
        if counter < mark.counter {
            return Err(RolledBack::Counter {
                found: counter,
                highest: mark.counter,
            });
        }
        for (product, highest) in &mark.revisions {
            let held = grants.iter().find(|grant| grant.product == *product);
            let found = held.map_or(0, |grant| grant.revision);
            if found < *highest {
                let (product, highest) = (product.clone(), *highest);
                return Err(RolledBack::Revision {
                    product,
                    found,
                    highest,
                });
            }
        }
        let same = counter == mark.counter
            && grants
                .iter()
                .all(|one| mark.revisions.get(&one.product) == Some(&one.revision));
        Ok(if same {
            SeenBefore::Same
        } else {
            SeenBefore::Ahead
        })
    }

    /// Raises the marks to what an entry tells. Marks never fall, whatever it tells.
    pub fn apply(&mut self, event: &Event) {
        let (serial, thumbprint, counter, grants): (_, _, _, &[GrantMark]) = match event {
            Event::DongleOpened {
                serial,
                thumbprint,
                counter,
                grants,
                ..
            } => (serial, thumbprint, *counter, grants),
            // The dongle gave at this counter, whether or not it was here since.
            Event::ReceiptKept(kept) => (&kept.serial, &kept.thumbprint, kept.counter, &[]),
            _ => return,
        };
        let mark = self
            .0
            .entry((serial.clone(), thumbprint.clone()))
            .or_default();
        mark.counter = mark.counter.max(counter);
        for grant in grants {
            let revision = mark.revisions.entry(grant.product.clone()).or_default();
            *revision = grant.revision.max(*revision);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(revisions: &[(&str, u64)]) -> Vec<GrantMark> {
        let grant = |(product, revision): &(&str, u64)| GrantMark {
            product: (*product).into(),
            revision: *revision,
        };
        revisions.iter().map(grant).collect()
    }

    #[test]
    fn a13_a_dongle_below_its_marks_is_rolled_back() {
        let mut marks = Marks::default();
        marks.apply(&Event::DongleOpened {
            serial: "TK-1".into(),
            thumbprint: "aa".into(),
            counter: 7,
            grants: grants(&[("vms", 3)]),
            seen: SeenBefore::Never,
            shown: None,
        });
        let behind = RolledBack::Counter {
            found: 6,
            highest: 7,
        };
        let older = |found| RolledBack::Revision {
            product: "vms".into(),
            found,
            highest: 3,
        };
        type Case<'a> = (
            &'a str,
            &'a str,
            u64,
            &'a [(&'a str, u64)],
            Result<SeenBefore, RolledBack>,
        );
        let table: [Case<'_>; 8] = [
            ("TK-1", "aa", 7, &[("vms", 3)], Ok(SeenBefore::Same)),
            ("TK-1", "aa", 8, &[("vms", 3)], Ok(SeenBefore::Ahead)),
            ("TK-1", "aa", 8, &[("vms", 4)], Ok(SeenBefore::Ahead)),
            (
                "TK-1",
                "aa",
                8,
                &[("vms", 3), ("other", 1)],
                Ok(SeenBefore::Ahead),
            ),
            ("TK-1", "aa", 6, &[("vms", 3)], Err(behind)),
            ("TK-1", "aa", 9, &[("vms", 2)], Err(older(2))),
            ("TK-1", "aa", 9, &[], Err(older(0))),
            ("TK-1", "bb", 1, &[("vms", 1)], Ok(SeenBefore::Never)),
        ];
        for (serial, thumbprint, counter, held, expected) in table {
            let found = marks.judge(serial, thumbprint, counter, &grants(held));
            assert_eq!(found, expected, "{serial} {thumbprint} {counter} {held:?}");
        }
    }

    #[test]
    fn marks_never_fall() {
        let mut marks = Marks::default();
        for (counter, revision) in [(7, 3), (5, 2)] {
            marks.apply(&Event::DongleOpened {
                serial: "TK-1".into(),
                thumbprint: "aa".into(),
                counter,
                grants: grants(&[("vms", revision)]),
                seen: SeenBefore::Never,
                shown: None,
            });
        }
        assert_eq!(
            marks.judge("TK-1", "aa", 7, &grants(&[("vms", 3)])),
            Ok(SeenBefore::Same)
        );
    }
}
