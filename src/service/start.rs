//! From a stored history to a running service.

use thiserror::Error;
use tokio::sync::mpsc;

use crate::arbiter::Takeover;
use crate::licence::machine_binding::Facts;
use crate::licence::{Profile, Trust};

use super::Service;
use super::actor::{Core, Inputs};
use super::fault::Fault;
use super::ports::{HostKey, Store, StoreError, Watcher};
use super::pulse::Pulse;
use super::state::{ReplayError, State};
use super::watch::DongleEvent;

/// Requests that may wait; who comes later waits to be let in.
const QUEUE: usize = 1_024;

/// What the service is set up with.
pub struct Settings {
    /// The vendor whose grants count.
    pub trust: Trust,
    /// The product it serves.
    pub profile: Profile,
    /// What people call this host.
    pub host: String,
    /// Whether everything here is simulated, or of a test vendor.
    pub simulated: bool,
    /// What happens when the active kind of source leaves for good while the other one is held.
    pub takeover: Takeover,
    /// The key of this host: licences name it.
    pub host_key: Box<dyn HostKey>,
    /// Reads what this machine shows of itself now.
    pub machine: Box<dyn Fn() -> Facts + Send>,
    /// The time.
    pub clock: Box<dyn Fn() -> Moment + Send>,
}

/// A moment, as the host knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What its clock says, Unix time in milliseconds. It may be wrong, and may be set.
    pub wall_ms: i64,
    /// How long it has been running, milliseconds from any beginning. It never goes back.
    pub running_ms: u64,
}

/// Why the service did not start. Nothing was changed.
#[derive(Debug, Error)]
pub enum StartError {
    /// The history cannot be read or written.
    #[error("the history at {place} cannot be used: {source}")]
    Store {
        /// Where it is.
        place: String,
        /// What failed.
        source: StoreError,
    },
    /// The history is not what was written.
    #[error("the history at {place} is damaged: {found}; nothing was changed")]
    Damaged {
        /// Where it is.
        place: String,
        /// What the check found.
        found: String,
    },
    /// The start could not be written down.
    #[error("the history at {place} cannot be written: {source}")]
    Write {
        /// Where it is.
        place: String,
        /// What failed.
        source: Fault,
    },
}

impl StartError {
    fn of(place: String, error: ReplayError) -> Self {
        match error {
            ReplayError::Store(StoreError::Damaged { found }) => Self::Damaged { place, found },
            ReplayError::Store(source) => Self::Store { place, source },
            ReplayError::Damage(damage) => Self::Damaged {
                place,
                found: damage.to_string(),
            },
        }
    }
}

impl StartError {
    /// The stable code a program matches on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Store { .. } | Self::Write { .. } => "store-unavailable",
            Self::Damaged { .. } => "history-damaged",
        }
    }

    /// What to do next, as one sentence to a person.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Store { .. } | Self::Write { .. } => {
                "look for a full or read-only disk under the state folder, then start it again"
            }
            Self::Damaged { .. } => {
                "put a copy of the state folder back, or move the folder aside to start with an empty one: dongles count again by themselves, and every device has to be allocated again"
            }
        }
    }
}

impl Service {
    /// Checks and replays the history, and starts to answer. Does not wait for any dongle: free
    /// channels work at once. `events` tells what happens to dongles.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start<S: Store>(
        settings: Settings,
        mut store: S,
        events: mpsc::Receiver<DongleEvent>,
        watcher: Box<dyn Watcher>,
    ) -> Result<Self, StartError> {
        let place = store.place();
        let state = match State::replay(&mut store).await {
            Ok(state) => state,
            Err(error) => {
                // What it says about closing matters to nobody now.
                drop(store.close().await);
                return Err(StartError::of(place, error));
            }
        };

        let kept = match store.pulse().await {
            Ok(kept) => kept,
            Err(source) => {
                drop(store.close().await);
                return Err(StartError::Store { place, source });
            }
        };
        let pulse = kept.as_deref().and_then(Pulse::read);

        let (requests, asked) = mpsc::channel(QUEUE);
        let inputs = Inputs {
            requests: asked,
            events,
            watcher,
        };
        let (mut core, (published, tokens)) = Core::new(settings, (state, pulse), store, inputs);
        core.begin()
            .await
            .map_err(|source| StartError::Write { place, source })?;
        tokio::spawn(core.run());
        Ok(Self {
            requests,
            published,
            tokens,
        })
    }
}
