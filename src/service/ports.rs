//! What the service needs of the world: adapters implement it, tests wrap it.

use std::error::Error as StdError;
use std::future::Future;

use tallykey_protocol::id::{self, PublicKey};
use thiserror::Error;

use crate::ledger::{Head, Row};

use super::watch::{Errand, Watch};

/// Who keeps the sessions with the dongles.
pub trait Watcher: Send {
    /// Runs an errand in the session with the dongle `key`. Does not wait.
    fn visit(&self, key: &str, errand: Errand);

    /// Ends every session, and waits until that is done.
    fn stop(self: Box<Self>);
}

impl Watcher for Watch {
    fn visit(&self, key: &str, errand: Errand) {
        Self::visit(self, key, errand);
    }

    fn stop(self: Box<Self>) {
        Self::stop(*self);
    }
}

/// Where the history is kept.
///
/// Nothing is written before the first [`Store::append`], so that a damaged history can be looked
/// at and left as it is.
pub trait Store: Send + 'static {
    /// Up to `limit` entries after number `after`, in order.
    ///
    /// After a failed [`Store::append`] it tells what is kept in truth.
    fn read(
        &mut self,
        after: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;

    /// The newest entry that was ever written, noted apart from the history: if the history ends
    /// before it, its tail was cut off. `None` before the first entry.
    fn newest(&mut self) -> impl Future<Output = Result<Option<Head>, StoreError>> + Send;

    /// Makes all entries durable, or none of them. After an error it is not known which: read.
    fn append(&mut self, rows: &[Row]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The last pulse that was kept, if there is one.
    fn pulse(&mut self) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;

    /// Keeps a pulse, durably, in the place of the one before. Only after the first [`Store::append`].
    fn set_pulse(&mut self, pulse: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Ends it in good order. Everything is durable before; this only saves work at the next start.
    fn close(self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Where it is, as a person would name it.
    fn place(&self) -> String;
}

/// Why the store did not do what it was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// It cannot be reached or written now.
    #[error("{what}")]
    Unavailable {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// What is stored cannot be what was written.
    #[error("{found}")]
    Damaged {
        /// What the check found.
        found: String,
    },
}

/// The key of this host, made when it was first started: requests are signed with it and licences name it. It may be
/// in a file, or in a chip that never shows it.
pub trait HostKey: Send + Sync {
    /// The public half.
    fn public_key(&self) -> PublicKey;

    /// COSE Key Thumbprint (RFC 9679) of the public half, as licences name it.
    fn thumbprint(&self) -> [u8; 32] {
        id::thumbprint(&self.public_key())
    }

    /// ECDSA over `digest`, the SHA-256 of what is signed: r‖s with low s.
    ///
    /// # Errors
    /// [`HostKeyFailed`].
    fn sign(&self, digest: &[u8; 32]) -> Result<[u8; 64], HostKeyFailed>;
}

/// The host key did not sign. Nothing is wrong with what was to be signed; it may be tried again.
#[derive(Debug, Error)]
#[error("the host key did not sign")]
pub struct HostKeyFailed {
    /// What its keeper said.
    #[source]
    pub source: Box<dyn StdError + Send + Sync>,
}
