//! What there is to say of a simulated dongle.

use crate::fault::Counters;
use crate::platform::Button;
use serde::{Deserialize, Serialize};

/// Knobs, faults and counters of a dongle, as they are now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its USB serial: the certificate's, or the chip id while it is blank.
    pub serial: String,
    /// Its lifecycle, when it last had power.
    pub lifecycle: String,
    /// Whether it is plugged in.
    pub plugged: bool,
    /// Whether it is suspended.
    pub suspended: bool,
    /// Whether it takes reports and loses them.
    pub stalled: bool,
    /// How it is hostile.
    pub hostile: Option<String>,
    /// What a signature takes, ms.
    pub sign_time_ms: u64,
    /// What it takes to erase a sector, ms.
    pub erase_time_ms: u64,
    /// What becomes of its button.
    pub button: Button,
    /// Whether a request waits for the button.
    pub asking: bool,
    /// Whether a power cut is planned for one of its next flash writes.
    pub cut_planned: bool,
    /// Report faults that wait, in the words that arm them.
    pub armed: Vec<String>,
    /// What has happened.
    pub counters: Counters,
}

/// What only a dongle with power can tell.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) serial: String,
    pub(super) lifecycle: &'static str,
}
