//! The two lines of the control socket.

use super::{Action, Refused};
use crate::dongle::Status;
use crate::fault::Counter;
use serde::{Deserialize, Serialize};

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Serial of the dongle; may be left out where there is only one.
    #[serde(default)]
    pub dongle: Option<String>,
    /// What about it.
    pub ask: Ask,
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ask {
    /// Tell how it is; without a serial, how all are.
    Status,
    /// Do this.
    Do(Action),
    /// Wait until a counter is at least so much.
    Wait {
        /// Which.
        counter: Counter,
        /// How much.
        least: u64,
        /// How long, in ms; the server bounds it.
        timeout_ms: u64,
    },
}

/// What the simulator answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// How they are.
    Dongles(Vec<Status>),
    /// It is done, to the dongle of this name.
    Done {
        /// Its serial.
        dongle: String,
    },
    /// The counter is there.
    Reached {
        /// Serial of the dongle.
        dongle: String,
        /// Which.
        counter: Counter,
        /// What it is.
        value: u64,
    },
    /// It cannot be.
    Refused(Refused),
}
