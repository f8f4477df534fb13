//! Which software licences this machine holds, and which it never takes again.

use std::collections::{BTreeMap, BTreeSet};

use crate::licence::Form;
use crate::licence::machine_binding::Footing;

use super::{Bytes, Event, Impossible};

/// Every software licence that was imported and not removed, and what each one replaced. That is remembered also
/// when the one that replaced it is removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelf {
    kept: BTreeMap<String, Kept>,
    /// What was replaced, and by which.
    replaced: BTreeMap<String, String>,
    /// Digests of the terms that were accepted.
    accepted: BTreeSet<String>,
}

/// One licence, as signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// How it came to be.
    pub form: Form,
    /// Its bytes.
    pub record: Bytes,
    /// Whether it holds on this machine, and since when not.
    pub footing: Footing,
}

impl Shelf {
    /// Every licence, by its identity in hex.
    pub fn kept(&self) -> impl Iterator<Item = (&str, &Kept)> {
        self.kept.iter().map(|(id, kept)| (id.as_str(), kept))
    }

    /// The licence of that identity.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Kept> {
        self.kept.get(id)
    }

    /// The licence that replaced the one of that identity, for ever.
    #[must_use]
    pub fn replaced_by(&self, id: &str) -> Option<&str> {
        self.replaced.get(id).map(String::as_str)
    }

    /// Whether the terms with this digest, hex, were accepted here.
    #[must_use]
    pub fn has_accepted(&self, digest: &str) -> bool {
        self.accepted.contains(digest)
    }

    /// Makes it what it is after an entry. Events that are not of licences change nothing.
    ///
    /// # Errors
    /// [`Impossible`] if it contradicts the entries before it; nothing is changed then.
    pub fn apply(&mut self, event: &Event) -> Result<(), Impossible> {
        match event {
            Event::LicenceImported {
                id,
                form,
                absorbs,
                record,
                ..
            } => {
                let form = Form::from_name(form).ok_or(Impossible)?;
                if self.kept.contains_key(id) || self.replaced.contains_key(id) {
                    return Err(Impossible);
                }
                for old in absorbs {
                    self.kept.remove(old);
                    self.replaced.insert(old.clone(), id.clone());
                }
                let kept = Kept {
                    form,
                    record: record.clone(),
                    footing: Footing::Held,
                };
                self.kept.insert(id.clone(), kept);
                Ok(())
            }
            // Once is enough: nobody is asked again.
            Event::TermsAccepted { digest, .. } => {
                let new = self.accepted.insert(digest.clone());
                new.then_some(()).ok_or(Impossible)
            }
            Event::LicenceRemoved { id } => self.kept.remove(id).map(drop).ok_or(Impossible),
            Event::LicenceMachine {
                id, holds, since, ..
            } => {
                let kept = self.kept.get_mut(id).ok_or(Impossible)?;
                kept.footing = kept.footing.after(*holds, *since);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imported(id: &str, absorbs: &[&str]) -> Event {
        Event::LicenceImported {
            id: id.into(),
            form: "licence".into(),
            revision: 1,
            absorbs: absorbs.iter().map(|&old| old.to_owned()).collect(),
            record: Bytes(Vec::new()),
        }
    }

    fn removed(id: &str) -> Event {
        Event::LicenceRemoved { id: id.into() }
    }

    #[test]
    fn a14_what_was_replaced_never_comes_back_also_when_the_later_one_is_removed() {
        let mut shelf = Shelf::default();
        let history = [imported("a", &[]), imported("b", &["a", "z"]), removed("b")];
        for event in &history {
            shelf.apply(event).expect("possible");
        }
        assert_eq!(shelf.kept().count(), 0);
        assert_eq!(shelf.replaced_by("a"), Some("b"));
        assert_eq!(
            shelf.replaced_by("z"),
            Some("b"),
            "also what never was here"
        );
        assert_eq!(shelf.apply(&imported("a", &[])), Err(Impossible));
        // The one that was only removed may come back.
        assert_eq!(shelf.apply(&imported("b", &["a"])), Ok(()));
        assert_eq!(shelf.apply(&imported("b", &[])), Err(Impossible));
        assert_eq!(shelf.apply(&removed("c")), Err(Impossible));
    }
}
