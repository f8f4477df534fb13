//! What this host asked of the vendor's desk, and what waits for an answer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sha2::{Digest, Sha256};

use super::Event;

/// Requests that are remembered as open: the newest. A courier brings no more answers than that at once, and an older
/// one can be asked again.
const OPEN_MAX: usize = 16;

/// The requests of this host: those that nobody answered yet, and the returns that it confirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// What names each open request, the newest last.
    open: VecDeque<String>,
    /// By what names the desk's nonce.
    confirmed: BTreeMap<String, Confirmed>,
    /// Identities of the receipts that were in any request, hex.
    carried: BTreeSet<String>,
}

/// A return that this host confirmed, as far as it can know: the desk does not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// When, Unix time in milliseconds.
    pub at: i64,
    /// Name of the request's file, as it was proposed.
    pub file: String,
}

impl Asked {
    /// What the history knows a nonce by: SHA-256, hex.
    #[must_use]
    pub fn name_of(nonce: &[u8; 32]) -> String {
        let digest = Sha256::digest(nonce);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether a request with this nonce was made here and waits for its answer: what answers it is fresh, and for
    /// this host.
    #[must_use]
    pub fn is_outstanding(&self, nonce: &[u8; 32]) -> bool {
        self.open.contains(&Self::name_of(nonce))
    }

    /// The request that confirmed the return with this nonce of the desk.
    #[must_use]
    pub fn confirmed(&self, desk_nonce: &[u8; 32]) -> Option<&Confirmed> {
        self.confirmed.get(&Self::name_of(desk_nonce))
    }

    /// Whether the receipt of this identity (hex) was in a request already.
    #[must_use]
    pub fn has_carried(&self, receipt: &str) -> bool {
        self.carried.contains(receipt)
    }

    /// Makes it what it is after an entry, made at `at` (Unix time in milliseconds). Entries that are about no request
    /// change nothing.
    pub fn apply(&mut self, at: i64, event: &Event) {
        match event {
            Event::RequestMade {
                nonce,
                file,
                receipts,
                desk_nonce,
                ..
            } => {
                self.carried.extend(receipts.iter().cloned());
                if self.open.len() == OPEN_MAX {
                    self.open.pop_front();
                }
                self.open.push_back(nonce.clone());
                if let Some(desk_nonce) = desk_nonce {
                    let file = file.clone();
                    self.confirmed
                        .insert(desk_nonce.clone(), Confirmed { at, file });
                }
            }
            Event::RequestAnswered { nonce, .. } => self.open.retain(|open| open != nonce),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn made(nonce: &[u8; 32], desk_nonce: Option<&[u8; 32]>) -> Event {
        Event::RequestMade {
            nonce: Asked::name_of(nonce),
            digest: "00".into(),
            purpose: "new".into(),
            file: "nvr-3_new.tkr".into(),
            wanted: BTreeMap::new(),
            licences: Vec::new(),
            dongles: Vec::new(),
            receipts: vec!["aa".into()],
            desk_nonce: desk_nonce.map(Asked::name_of),
        }
    }

    #[test]
    fn the_newest_requests_are_open_until_they_are_answered() {
        let mut asked = Asked::default();
        let nonce = |number: u8| [number; 32];
        for number in 0..=16 {
            asked.apply(0, &made(&nonce(number), None));
        }
        assert!(!asked.is_outstanding(&nonce(0)), "the oldest of 17");
        assert!((1..=16).all(|number| asked.is_outstanding(&nonce(number))));
        let answered = |number| Event::RequestAnswered {
            nonce: Asked::name_of(&nonce(number)),
            with: "licence".into(),
        };
        asked.apply(0, &answered(7));
        assert!(!asked.is_outstanding(&nonce(7)));
        assert!(asked.is_outstanding(&nonce(8)));
        asked.apply(0, &answered(99));
        assert_eq!(asked.open.len(), 15);
    }

    #[test]
    fn the_last_confirmation_of_a_return_is_remembered_and_every_receipt_that_left() {
        let mut asked = Asked::default();
        let desk_nonce = [9; 32];
        assert_eq!(asked.confirmed(&desk_nonce), None);
        asked.apply(5, &made(&[1; 32], None));
        assert_eq!(asked.confirmed(&desk_nonce), None);
        assert!(asked.has_carried("aa") && !asked.has_carried("bb"));
        asked.apply(6, &made(&[2; 32], Some(&desk_nonce)));
        asked.apply(7, &made(&[3; 32], Some(&desk_nonce)));
        let file = "nvr-3_new.tkr".to_owned();
        assert_eq!(
            asked.confirmed(&desk_nonce),
            Some(&Confirmed { at: 7, file })
        );
    }
}
