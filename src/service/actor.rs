//! The one owner of all state.
//!
//! Each turn takes everything that waits, decides it request by request against the state in
//! memory, makes it durable in one commit, publishes and answers. While a commit is under way the
//! next requests queue up: the slower the disk, the larger the groups.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval};

use crate::arbiter::{self, Active};
use crate::ledger::{Event, Row, Supply};

use super::batch::Batch;
use super::dongles::Dongles;
use super::fault::Fault;
use super::ports::Store;
use super::request::{Actor, HistoryEntry, HistoryReply, Request};
use super::snapshot::Snapshot;
use super::state::{ReplayError, State};
use super::token::Tokens;
use super::{HISTORY_PAGE_MAX, ServiceError, Settings};

/// Requests that may wait; who comes later waits to be let in.
pub(super) const QUEUE: usize = 1_024;

/// How often the state is confirmed, and what time alone changes is looked at.
const TICK: Duration = Duration::from_secs(1);

/// Entries after which a turn takes no further request: bounds the time to the first answer.
const GROUP_MAX: usize = 512;

/// State, its store, and where it is published.
pub(super) struct Core<S> {
    pub(super) settings: Settings,
    pub(super) state: State,
    pub(super) dongles: Dongles,
    pub(super) supply: Supply,
    active: Active,
    store: S,
    requests: mpsc::Receiver<Request>,
    published: watch::Sender<Arc<Snapshot>>,
    tokens: watch::Sender<Arc<Tokens>>,
    /// What the service itself saw happen and could not write down yet.
    owed: Vec<Event>,
    /// Why the state in memory may not be what is stored.
    broken: Option<Fault>,
}
