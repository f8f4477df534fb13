//! What the vendor says to this host: what time it is, and which dongles it does not stand by any more.

use crate::ledger::{Bytes, Event, Told};
use crate::licence::{IssuedRefusal, Refusal, Revocations, TimeWord};

use super::super::batch::Batch;
use super::super::ports::Store;
use super::super::request::{Actor, Imported};
use super::super::token::hex;
use super::Core;

impl<S: Store> Core<S> {
    /// Believes a time token, if it is for this host and was not believed before. Without a nonce of this host's it can
    /// only raise the time; with one it can lower it, once, and not below what dongles proved.
    pub(super) fn take_time(
        &mut self,
        actor: &Actor,
        word: &TimeWord,
        batch: &mut Batch,
    ) -> Result<Imported, Refusal> {
        let digest = hex(&word.digest);
        let nonce = word.nonce.map(|nonce| hex(&nonce));
        let asked = word.nonce.is_some_and(|nonce| self.has_asked(&nonce));
        let times = &self.state.times;
        times.judge(&digest, nonce.as_deref().map(|nonce| (nonce, asked)))?;
        if nonce.is_none() && word.now <= self.now_s() {
            return Ok(Imported::Already);
        }
        let told = Told {
            at: word.now.max(self.dongles.time_floor()),
            answers: nonce.is_some(),
            digest,
        };
        let (at, digest) = (told.at, told.digest.clone());
        self.record(actor, &Event::TimeTokenTaken { at, nonce, digest }, batch);
        self.believe(&told, batch);
        Ok(Imported::New)
    }

    /// Whether this host waits for an answer to a request with this nonce. It makes no requests yet.
    const fn has_asked(&self, _nonce: &[u8; 32]) -> bool {
        false
    }

    /// Heeds a list of revoked dongles, if it is newer than the one that is heeded.
    pub(super) fn take_revocations(
        &mut self,
        actor: &Actor,
        list: &Revocations,
        batch: &mut Batch,
    ) -> Result<Imported, IssuedRefusal> {
        if !list.follows(&self.state.revocations)? {
            return Ok(Imported::Already);
        }
        let event = Event::RevocationTaken {
            epoch: list.epoch(),
            record: Bytes(list.record().to_vec()),
        };
        self.record(actor, &event, batch);
        self.state.heed(&self.settings.trust);
        self.dongles.judge_again(&self.settings, &self.state);
        Ok(Imported::New)
    }
}
