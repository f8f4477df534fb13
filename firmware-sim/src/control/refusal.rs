//! Why a simulator did not do what it was asked.

use crate::fault::Counter;
use serde::{Deserialize, Serialize};
use tallykey_core::BootFault;

/// A no, with a stable code and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The line was no request.
    #[error("this is no request: {why}")]
    BadRequest {
        /// What is wrong with it.
        why: String,
    },
    /// Several dongles, and none was named.
    #[error("there are {} dongles here, and none was named", serials.len())]
    WhichDongle {
        /// Their serials.
        serials: Vec<String>,
    },
    /// None has that serial.
    #[error("there is no dongle {wanted} here")]
    NoSuchDongle {
        /// What was asked for.
        wanted: String,
        /// The serials that there are.
        serials: Vec<String>,
    },
    /// It has no power.
    #[error("the dongle is not plugged in")]
    NotPluggedIn,
    /// No request waits for the button.
    #[error("the dongle does not ask for its button now")]
    NotAsking,
    /// Its flash does not let it start, or lost its power while it did.
    #[error("the dongle does not start: {why}")]
    CannotStart {
        /// What the core says.
        #[source]
        why: BootFault,
    },
    /// Too many report faults are armed.
    #[error("too many faults are armed already")]
    TooManyFaults,
    /// A counter did not get there in time.
    #[error("{counter} is {value} and not {least}")]
    NotReached {
        /// Which.
        counter: Counter,
        /// What was waited for.
        least: u64,
        /// What it is.
        value: u64,
    },
    /// Too many clients at a time.
    #[error("too many clients are connected already")]
    TooManyClients,
}

impl Refusal {
    /// Stable.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadRequest { .. } => "bad-request",
            Self::WhichDongle { .. } => "which-dongle",
            Self::NoSuchDongle { .. } => "no-such-dongle",
            Self::NotPluggedIn => "not-plugged-in",
            Self::NotAsking => "not-asking",
            Self::CannotStart { .. } => "cannot-start",
            Self::TooManyFaults => "too-many-faults",
            Self::NotReached { .. } => "not-reached",
            Self::TooManyClients => "too-many-clients",
        }
    }

    /// What to do.
    #[must_use]
    pub fn next(&self) -> String {
        match self {
            Self::BadRequest { .. } => "use the `tallykey-sim ctl` of the same version".into(),
            Self::WhichDongle { serials } => {
                format!("name one with --dongle: {}", serials.join(", "))
            }
            Self::NoSuchDongle { serials, .. } => {
                format!("name one of these with --dongle: {}", serials.join(", "))
            }
            Self::NotPluggedIn => "plug it in: tallykey-sim ctl replug".into(),
            Self::NotAsking => {
                "let it ask (tallykey-sim ctl button ask), and wait until it does: tallykey-sim ctl wait asked 1".into()
            }
            Self::CannotStart { .. } => {
                "if power was cut again while it started, plug it in once more; else restore a copy of its flash file"
                    .into()
            }
            Self::TooManyFaults => "end those that are armed: tallykey-sim ctl clear".into(),
            Self::NotReached { .. } => {
                "look at what has happened so far: tallykey-sim ctl status".into()
            }
            Self::TooManyClients => "end one of them, or wait until one has ended".into(),
        }
    }
}

/// A refusal as a client reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Stable.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub next: String,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self {
            code: refusal.code().to_owned(),
            message: refusal.to_string(),
            next: refusal.next(),
        }
    }
}
