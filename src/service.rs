//! ORDER: one actor owns all state; everything else asks it through [`Service`].
//!
//! Requests queue up, the actor decides each one against the state in memory, makes all of them
//! durable in one commit and answers only then. Readers take the published [`Snapshot`].

mod actor;
mod asking;
mod batch;
mod conversion;
mod dongles;
mod fault;
mod licences;
mod name;
pub mod ports;
mod pulse;
mod request;
mod snapshot;
mod start;
mod state;
mod token;
pub mod watch;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use request::Request;
use token::Tokens;

pub use crate::arbiter::{AuthenticationType, Kind};
pub use crate::dongle::OwnerCode;
pub use crate::ledger::clock::Suspicion;
pub use crate::ledger::{Ask, Change, Need, Payment, Period, PoolChange, Relocation, Wish};
pub use crate::ledger::{Given, Goal};
pub use crate::licence::Policy;
pub use crate::licence::conversion::{Gift, GiftWish, Part};
pub use asking::{CarriedLicence, LeftOut, Purpose, RequestAsk, RequestFile};
pub use conversion::{Conversion, ConvertAsk, Converted, ConvertedLine};
pub use fault::{BatchError, Fault, ServiceError};
pub use licences::{LicenceStatus, Returning};
pub use request::{
    Actor, Allocated, Allocation, AllocationState, Changed, HistoryEntry, ImportItem, Imported,
    Licences, NewOwnerCode, NewToken, PoolChanged, Principal, Resolution, Role, Standpoint,
    TermsStatus, Token, UsedLine,
};
pub use snapshot::{
    AwayDongle, AwayPhase, DongleFacts, DongleProblem, DongleStatus, FeatureCounts, GrantStatus,
    Held, LicenceLine, LineSource, Product, Snapshot,
};
pub use start::{Moment, Settings, StartError};

/// A handle to the running service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Service {
    requests: mpsc::Sender<Request>,
    published: tokio::sync::watch::Receiver<Arc<Snapshot>>,
    tokens: tokio::sync::watch::Receiver<Arc<Tokens>>,
}

impl Service {
    /// The state as last published. Never waits.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.published.borrow())
    }

    /// Waits until a newly published state meets `wanted`, starting with the present one.
    ///
    /// # Errors
    /// [`Fault::Stopping`] when the service ends first.
    pub async fn wait_for(
        &self,
        mut wanted: impl FnMut(&Snapshot) -> bool,
    ) -> Result<Arc<Snapshot>, Fault> {
        let mut published = self.published.clone();
        let met = published.wait_for(|snapshot| wanted(snapshot)).await;
        met.map(|snapshot| Arc::clone(&snapshot))
            .map_err(|_| Fault::Stopping)
    }

    /// Gives a device the channels it costs, or answers with those it holds. Durable before it
    /// answers.
    ///
    /// # Errors
    /// A refusal of the rules, or a fault after which the same may be asked again.
    pub async fn allocate(&self, actor: &Actor, ask: Ask) -> Result<Allocated, ServiceError> {
        let mut done = self
            .allocate_all(actor, vec![ask])
            .await
            .map_err(|batch| *batch.error)?;
        done.pop().ok_or(ServiceError::Fault(Fault::Stopping))
    }

    /// Does the same for many devices in one durable step: all of them or none.
    ///
    /// # Errors
    /// Names the first request that was refused; nothing was changed.
    pub async fn allocate_all(
        &self,
        actor: &Actor,
        asks: Vec<Ask>,
    ) -> Result<Vec<Allocated>, BatchError> {
        let actor = actor.clone();
        self.ask(|reply| Request::Allocate { actor, asks, reply })
            .await?
    }

    /// Takes an allocation away; its channels are free at once. Answers with what it was.
    ///
    /// # Errors
    /// [`crate::licence::Refusal::NoSuchAllocation`], or a fault.
    pub async fn release(&self, actor: &Actor, id: Uuid) -> Result<Allocation, ServiceError> {
        let actor = actor.clone();
        self.ask(|reply| Request::Release { actor, id, reply })
            .await?
    }

    /// Changes an allocation, whole or not at all. With `dry_run` nothing is changed; the answer
    /// is what it would be.
    ///
    /// # Errors
    /// A refusal of the rules, or a fault.
    pub async fn change(
        &self,
        actor: &Actor,
        id: Uuid,
        change: Change,
        dry_run: bool,
    ) -> Result<Changed, ServiceError> {
        let actor = actor.clone();
        self.ask(|reply| Request::Change {
            actor,
            id,
            change,
            dry_run,
            reply,
        })
        .await?
    }

    /// The lines that give channels, and what each pays for.
    ///
    /// # Errors
    /// A fault.
    pub async fn licences(&self) -> Result<Licences, ServiceError> {
        self.ask(|reply| Request::Licences { reply }).await?
    }

    /// The terms of the product, if it has any.
    ///
    /// # Errors
    /// A fault.
    pub async fn terms(&self) -> Result<Option<TermsStatus>, ServiceError> {
        let accepting = None;
        self.ask(|reply| Request::Terms { accepting, reply })
            .await?
    }

    /// Accepts the terms of the product, if it has any: without that no licence is imported.
    ///
    /// # Errors
    /// A fault.
    pub async fn accept_terms(&self, actor: &Actor) -> Result<Option<TermsStatus>, ServiceError> {
        let accepting = Some(actor.clone());
        self.ask(|reply| Request::Terms { accepting, reply })
            .await?
    }

    /// Imports what the vendor's desk sent in a file, whatever its name; tells of each object what came of it. What is
    /// for a dongle is handed to it first. At most [`IMPORT_MAX`] bytes.
    ///
    /// # Errors
    /// A fault. What is refused is told of each object by itself.
    pub async fn import(
        &self,
        actor: &Actor,
        content: Vec<u8>,
    ) -> Result<Vec<ImportItem>, ServiceError> {
        let actor = actor.clone();
        self.ask(|reply| Request::Import {
            actor,
            content,
            reply,
        })
        .await?
    }

    /// Takes a software licence away.
    ///
    /// # Errors
    /// [`crate::licence::Refusal::NoSuchLicence`], or a fault.
    pub async fn remove_licence(&self, actor: &Actor, id: &str) -> Result<(), ServiceError> {
        let (actor, id) = (actor.clone(), id.to_owned());
        self.ask(|reply| Request::RemoveLicence { actor, id, reply })
            .await?
    }

    /// Makes one kind of source count and holds the other. With `dry_run` nothing is changed; the answer is what
    /// would be so.
    ///
    /// # Errors
    /// [`crate::licence::Refusal::NothingToKeep`], or a fault.
    pub async fn resolve(
        &self,
        actor: &Actor,
        keep: Kind,
        dry_run: bool,
    ) -> Result<Resolution, ServiceError> {
        let actor = actor.clone();
        self.ask(|reply| Request::Resolve {
            actor,
            keep,
            dry_run,
            reply,
        })
        .await?
    }

    /// Has a dongle give channels away: to a software licence of this machine or of another, or back to the vendor.
    /// With a dry run nothing is changed; the answer is what would be so. Comes back when the receipt is kept, at
    /// most about a minute later: a dongle may wait for a person at its button.
    ///
    /// # Errors
    /// A refusal, and nothing was lowered; or [`Fault::Interrupted`], and nothing is lost.
    pub async fn convert(&self, actor: &Actor, ask: ConvertAsk) -> Result<Converted, ServiceError> {
        let (actor, ask) = (actor.clone(), Box::new(ask));
        self.ask(|reply| Request::Convert { actor, ask, reply })
            .await?
    }

    /// Every conversion that is under way, and every receipt that is kept.
    ///
    /// # Errors
    /// A fault.
    pub async fn conversions(&self) -> Result<Vec<Conversion>, ServiceError> {
        self.ask(|reply| Request::Conversions { reply }).await?
    }

    /// Gives a conversion up that the dongle has not done. Should it turn out that it had, its receipt is kept all the
    /// same.
    ///
    /// # Errors
    /// [`crate::licence::conversion::ConversionRefusal::NoSuch`] or
    /// [`crate::licence::conversion::ConversionRefusal::Done`], or a fault.
    pub async fn cancel_conversion(&self, actor: &Actor, id: Uuid) -> Result<(), ServiceError> {
        let actor = actor.clone();
        self.ask(|reply| Request::CancelConversion { actor, id, reply })
            .await?
    }

    /// Tells the dongle that a receipt is kept here which another host asked for, so that it may let it go.
    ///
    /// # Errors
    /// [`crate::licence::conversion::ConversionRefusal::NoSuch`], [`crate::licence::Refusal::NoSuchDongle`], or a
    /// fault.
    pub async fn acknowledge_receipt(&self, actor: &Actor, id: Uuid) -> Result<(), ServiceError> {
        let actor = actor.clone();
        self.ask(|reply| Request::AcknowledgeReceipt { actor, id, reply })
            .await?
    }

    /// What every feature needs, now and in the coming subscription years.
    ///
    /// # Errors
    /// A fault.
    pub async fn need(&self) -> Result<Vec<Need>, ServiceError> {
        self.ask(|reply| Request::Need { reply }).await?
    }

    /// Changes which lines pay, and which first. With `dry_run` nothing is changed; the answer is
    /// what it would be.
    ///
    /// # Errors
    /// [`crate::licence::Refusal::FreeChannels`] or [`crate::licence::Refusal::NoSuchLine`], or a
    /// fault.
    pub async fn change_pool(
        &self,
        actor: &Actor,
        change: PoolChange,
        dry_run: bool,
    ) -> Result<PoolChanged, ServiceError> {
        let actor = actor.clone();
        self.ask(|reply| Request::ChangePool {
            actor,
            change,
            dry_run,
            reply,
        })
        .await?
    }

    /// One allocation.
    ///
    /// # Errors
    /// [`crate::licence::Refusal::NoSuchAllocation`], or a fault.
    pub async fn allocation(&self, id: Uuid) -> Result<Allocation, ServiceError> {
        self.ask(|reply| Request::Allocation { id, reply }).await?
    }

    /// Every allocation, oldest first.
    ///
    /// # Errors
    /// A fault.
    pub async fn allocations(&self) -> Result<Vec<Allocation>, ServiceError> {
        self.ask(|reply| Request::Allocations { reply }).await?
    }

    /// Up to `limit` history entries (at most [`HISTORY_PAGE_MAX`]) after number `after`, in
    /// order; 0 starts at the beginning.
    ///
    /// # Errors
    /// A fault.
    pub async fn history(&self, after: u64, limit: u32) -> Result<Vec<HistoryEntry>, ServiceError> {
        self.ask(|reply| Request::History {
            after,
            limit,
            reply,
        })
        .await?
    }

    /// Makes the dongle of that serial blink.
    ///
    /// # Errors
    /// [`crate::licence::Refusal::NoSuchDongle`] or
    /// [`crate::licence::Refusal::DongleNotOpen`], or a fault.
    pub async fn wink(&self, actor: &Actor, serial: &str) -> Result<(), ServiceError> {
        let (actor, serial) = (actor.clone(), serial.to_owned());
        self.ask(|reply| Request::Wink {
            actor,
            serial,
            reply,
        })
        .await?
    }

    /// Makes a bearer token. Its secret is told here and never kept.
    ///
    /// # Errors
    /// [`crate::licence::Refusal::BadLabel`], or a fault.
    pub async fn create_token(
        &self,
        actor: &Actor,
        role: Role,
        label: String,
    ) -> Result<NewToken, ServiceError> {
        let actor = actor.clone();
        self.ask(|reply| Request::CreateToken {
            actor,
            role,
            label,
            reply,
        })
        .await?
    }

    /// Takes a token back; it is void from the answer on.
    ///
    /// # Errors
    /// [`crate::licence::Refusal::NoSuchToken`], or a fault.
    pub async fn revoke_token(&self, actor: &Actor, id: Uuid) -> Result<Token, ServiceError> {
        let actor = actor.clone();
        self.ask(|reply| Request::RevokeToken { actor, id, reply })
            .await?
    }

    /// Every token that is not revoked, oldest first.
    #[must_use]
    pub fn tokens(&self) -> Vec<Token> {
        self.tokens.borrow().list()
    }

    /// Who a secret stands for, if it is of a token that is not revoked. Never waits.
    #[must_use]
    pub fn authenticate(&self, secret: &str) -> Option<Principal> {
        self.tokens.borrow().authenticate(secret)
    }

    /// Answers what was asked before, ends the sessions with the dongles, closes the history and
    /// comes back when all that is done. Every later request is answered [`Fault::Stopping`].
    pub async fn stop(&self) {
        let (reply, done) = oneshot::channel();
        if self.requests.send(Request::Stop { reply }).await.is_ok() {
            // An actor that is gone has stopped.
            drop(done.await);
        }
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        self.requests
            .send(request(reply))
            .await
            .map_err(|_| Fault::Stopping)?;
        answer.await.map_err(|_| Fault::Stopping)
    }
}

/// Most history entries of one answer: about 300 kB.
pub const HISTORY_PAGE_MAX: u32 = 1_000;

/// Most bytes of a file that is imported: some dozens of the largest licences.
pub const IMPORT_MAX: usize = 1024 * 1024;

/// Most devices of one batch: one commit of about 3 MB.
pub const BATCH_MAX: usize = 10_000;
