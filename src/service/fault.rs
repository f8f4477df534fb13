//! Every way in which the service can break while it answers.

use std::error::Error as StdError;
use std::sync::Arc;

use thiserror::Error;

use crate::licence::Refusal;

use super::ports::StoreError;
use super::state::ReplayError;

/// Something broke. The request may be sent again: allocations are idempotent by device and
/// feature, so a repeated request never takes a second channel.
#[derive(Debug, Clone, Error)]
pub enum Fault {
    /// The state could not be written or read.
    #[error("the state could not be stored: {source}")]
    StoreUnavailable {
        /// What the store found.
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The stored history does not verify any more.
    #[error("the stored history is damaged: {source}")]
    HistoryDamaged {
        /// What the check found.
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The random source of the machine gave nothing.
    #[error("the machine's random source failed: {source}")]
    NoRandomness {
        /// What it said.
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The host key did not sign.
    #[error("{source}")]
    HostKeyFailed {
        /// What its keeper said.
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// A dongle did not do what it was asked.
    #[error("the dongle {serial} did not answer: {source}")]
    DongleFailed {
        /// Its serial.
        serial: String,
        /// What is wrong with it.
        source: Arc<crate::dongle::Fault>,
    },
    /// A dongle has not answered, and may still do what it was asked.
    #[error("the dongle {serial} has not answered yet")]
    DongleSlow {
        /// Its serial.
        serial: String,
    },
    /// It is not known whether a dongle gave what it was asked for; it tells by itself when it is back.
    #[error(
        "the dongle {serial} went away, or gave no answer, while it was asked to give channels away"
    )]
    Interrupted {
        /// Its serial.
        serial: String,
    },
    /// The service is stopping or has stopped.
    #[error("the service is stopping")]
    Stopping,
}

impl Fault {
    /// The stable code a program matches on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::StoreUnavailable { .. } => "store-unavailable",
            Self::HistoryDamaged { .. } => "history-damaged",
            Self::NoRandomness { .. } => "no-randomness",
            Self::HostKeyFailed { .. } => "host-key-failed",
            Self::DongleFailed { .. } => "dongle-failed",
            Self::DongleSlow { .. } => "dongle-slow",
            Self::Interrupted { .. } => "conversion-interrupted",
            Self::Stopping => "service-stopping",
        }
    }

    /// What to do next, as one sentence to a person.
    #[must_use]
    pub fn next(&self) -> &'static str {
        match self {
            Self::StoreUnavailable { .. } => {
                "look for a full or read-only disk under the state folder, then ask again"
            }
            Self::HistoryDamaged { .. } => {
                "stop the service and start it again: it says what the check found and the way out"
            }
            Self::NoRandomness { .. } => "ask again; if it stays, look at the kernel log",
            Self::HostKeyFailed { .. } => {
                "ask again; if it stays, look at the service's log and at whatever keeps the host key"
            }
            Self::DongleFailed { source, .. } => source.next(),
            Self::DongleSlow { .. } => {
                "import the file again: what the dongle has taken meanwhile is told as such"
            }
            Self::Interrupted { .. } => {
                "nothing is lost: plug the dongle in again; if it had given them, it is finished by itself, else ask for the same again"
            }
            Self::Stopping => "ask again when the service has started",
        }
    }
}

/// Why a request was not done.
#[derive(Debug, Clone, Error)]
pub enum ServiceError {
    /// A rule said no; nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something broke; the request may be sent again.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl ServiceError {
    /// The stable code a program matches on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Fault(fault) => fault.code(),
        }
    }

    /// What to do next, as one sentence to a person.
    #[must_use]
    pub fn next(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.next(),
            Self::Fault(fault) => fault.next().to_owned(),
        }
    }
}

/// Why a batch was not done. Nothing of it was changed.
#[derive(Debug, Clone, Error)]
#[error("{error}")]
pub struct BatchError {
    /// The place in the batch (from 0) of the first request that was refused; none if the fault
    /// lies with no single request.
    pub index: Option<usize>,
    /// What is wrong.
    #[source]
    pub error: Box<ServiceError>,
}

impl BatchError {
    /// The request at a place (from 0) was refused, or the batch as a whole.
    pub(super) fn refused(index: Option<usize>, refusal: Refusal) -> Self {
        Self {
            index,
            error: Box::new(refusal.into()),
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let damaged = matches!(error, StoreError::Damaged { .. });
        let source = Arc::new(error);
        if damaged {
            Self::HistoryDamaged { source }
        } else {
            Self::StoreUnavailable { source }
        }
    }
}

impl From<ReplayError> for Fault {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Store(error) => error.into(),
            ReplayError::Damage(damage) => Self::HistoryDamaged {
                source: Arc::new(damage),
            },
        }
    }
}

impl From<Fault> for BatchError {
    fn from(fault: Fault) -> Self {
        Self {
            index: None,
            error: Box::new(fault.into()),
        }
    }
}
