//! All durable state, as replayed from the history.

use std::collections::BTreeMap;

use crate::arbiter;
use crate::ledger::{
    Asked, Bytes, Damage, Event, Gifts, Head, Impossible, Ledger, Marks, Row, Shelf, Shown, Times,
};
use crate::licence::{Matter, Revocations, Trust};

use super::ports::{Store, StoreError};
use super::token::Tokens;

/// Entries read from the store at once.
const PAGE: u32 = 4_096;

/// What the history makes.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) head: Head,
    pub(super) ledger: Ledger,
    pub(super) marks: Marks,
    pub(super) tokens: Tokens,
    pub(super) arbiter: arbiter::State,
    pub(super) shelf: Shelf,
    pub(super) asked: Asked,
    pub(super) gifts: Gifts,
    pub(super) times: Times,
    /// The newest list of revoked dongles, as signed.
    revoked: Option<Bytes>,
    /// The same, verified by [`State::heed`].
    pub(super) revocations: Revocations,
    /// What each dongle showed last, by the thumbprint of its key, hex.
    pub(super) shown: BTreeMap<String, Shown>,
}

/// Why the stored history gave no state.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReplayError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Damage(#[from] Damage),
}

impl State {
    fn empty() -> Self {
        Self {
            head: Head::genesis(),
            ledger: Ledger::default(),
            marks: Marks::default(),
            tokens: Tokens::default(),
            arbiter: arbiter::State::None,
            shelf: Shelf::default(),
            asked: Asked::default(),
            gifts: Gifts::default(),
            times: Times::default(),
            revoked: None,
            revocations: Revocations::default(),
            shown: BTreeMap::new(),
        }
    }

    /// Reads the whole history, checks its chain and its end, and applies it.
    pub(super) async fn replay(store: &mut impl Store) -> Result<Self, ReplayError> {
        let mut state = Self::empty();
        loop {
            let rows = store.read(state.head.seq, PAGE).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                state.follow(row)?;
            }
        }
        match store.newest().await? {
            Some(newest) if newest != state.head => Err(Damage::CutOff {
                expected: newest.seq,
                found: state.head.seq,
            }
            .into()),
            _ => Ok(state),
        }
    }

    /// Verifies the newest list of revoked dongles. One of another vendor than is trusted now is not heeded.
    pub(super) fn heed(&mut self, trust: &Trust) {
        let Some(record) = &self.revoked else {
            return;
        };
        match Revocations::verify(&record.0, trust) {
            Ok(list) => self.revocations = list,
            Err(refusal) => tracing::warn!("the list of revoked dongles is not heeded: {refusal}"),
        }
    }

    /// What decides whether a software licence counts: what is there, and which dongles are revoked.
    pub(super) const fn admits(&self) -> (&Shelf, &Revocations) {
        (&self.shelf, &self.revocations)
    }

    fn follow(&mut self, row: &Row) -> Result<(), Damage> {
        let event = self.head.follow(row)?;
        self.apply(row.seq, row.at, &event)
            .map_err(|Impossible| Damage::Impossible {
                seq: row.seq,
                kind: row.kind.clone(),
            })
    }

    /// Makes the next entry of what was decided, and the state what it is after it.
    ///
    /// # Panics
    /// If the rules decided something that cannot happen: better no answer than a wrong one.
    pub(super) fn record(&mut self, at: i64, actor: &str, event: &Event) -> Row {
        let row = self.head.append(at, actor, event);
        self.apply(row.seq, at, event)
            .expect("the rules decide only what can happen");
        row
    }

    fn apply(&mut self, seq: u64, at: i64, event: &Event) -> Result<(), Impossible> {
        self.ledger.apply(seq, at, event)?;
        self.tokens.apply(at, event)?;
        self.shelf.apply(event)?;
        self.gifts.apply(event)?;
        self.marks.apply(event);
        self.asked.apply(at, event);
        self.times.apply(event);
        match event {
            Event::AuthenticationType { now, .. } => {
                self.arbiter = arbiter::State::from_name(now).ok_or(Impossible)?;
            }
            Event::DongleOpened {
                thumbprint,
                shown: Some(shown),
                ..
            } => {
                self.shown.insert(thumbprint.clone(), shown.clone());
            }
            Event::RevocationTaken { record, .. } => self.revoked = Some(record.clone()),
            // Its key is no more.
            Event::RecordAnswered { sent, outcome }
                if sent.what == Matter::Recycle.name() && outcome == "taken" =>
            {
                self.shown.remove(&sent.thumbprint);
            }
            _ => {}
        }
        Ok(())
    }
}
