//! What time the vendor told this host that it is: each token is believed once.

use std::collections::BTreeSet;

use super::Event;
use crate::licence::IssuedRefusal;

/// Every time token that this host took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times {
    /// Digests of the tokens, hex.
    used: BTreeSet<String>,
    /// The nonces that were answered, hex.
    answered: BTreeSet<String>,
    last: Option<Told>,
}

/// One token that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its digest, hex.
    pub digest: String,
    /// The time from which on is counted, Unix time in seconds.
    pub at: u64,
    /// Whether it answered this host, and so may have lowered its time.
    pub answers: bool,
}

impl Times {
    /// Whether a token may be taken. `nonce` is what it answers, hex, and whether this host asked with it.
    ///
    /// # Errors
    /// [`IssuedRefusal::TimeTokenUsed`] or [`IssuedRefusal::TimeTokenUnasked`].
    pub fn judge(&self, digest: &str, nonce: Option<(&str, bool)>) -> Result<(), IssuedRefusal> {
        let answered = nonce.is_some_and(|(nonce, _)| self.answered.contains(nonce));
        if answered || self.used.contains(digest) {
            return Err(IssuedRefusal::TimeTokenUsed);
        }
        match nonce {
            Some((_, false)) => Err(IssuedRefusal::TimeTokenUnasked),
            _ => Ok(()),
        }
    }

    /// The last one that was taken.
    #[must_use]
    pub const fn last(&self) -> Option<&Told> {
        self.last.as_ref()
    }

    /// Makes it what it is after an entry. Events that are no time tokens change nothing.
    pub fn apply(&mut self, event: &Event) {
        if let Event::TimeTokenTaken { at, nonce, digest } = event {
            self.used.insert(digest.clone());
            self.answered.extend(nonce.clone());
            self.last = Some(Told {
                digest: digest.clone(),
                at: *at,
                answers: nonce.is_some(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a15_a_time_token_is_believed_once_and_only_by_the_host_that_asked() {
        let mut times = Times::default();
        assert_eq!(times.judge("a", None), Ok(()));
        assert_eq!(times.judge("a", Some(("n", true))), Ok(()));
        let unasked = Err(IssuedRefusal::TimeTokenUnasked);
        assert_eq!(times.judge("a", Some(("n", false))), unasked);
        times.apply(&Event::TimeTokenTaken {
            at: 7,
            nonce: Some("n".into()),
            digest: "a".into(),
        });
        let used = Err(IssuedRefusal::TimeTokenUsed);
        assert_eq!(times.judge("a", Some(("n", true))), used, "the same again");
        assert_eq!(times.judge("b", Some(("n", true))), used, "its nonce again");
        assert_eq!(times.judge("b", Some(("m", true))), Ok(()));
        assert_eq!(times.judge("b", None), Ok(()));
        assert_eq!(times.last().map(|told| told.at), Some(7));
    }
}
