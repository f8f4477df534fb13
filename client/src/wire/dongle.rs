//! Dongles, as the service sees them.

use serde::{Deserialize, Serialize};

/// One plugged dongle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dongle {
    /// Serial of its certificate, else what it says over USB; none if it could not be asked.
    pub serial: Option<String>,
    /// `open`, or the code of what is wrong, such as `wrong-vendor`.
    pub state: String,
    /// What is wrong and what to do, unless it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<DongleFault>,
    /// Firmware version, as the dongle reports it.
    pub firmware: Option<String>,
    /// Its monotonic counter.
    pub counter: Option<u64>,
    /// `blank`, `personalised`, `sealed` or `retired`.
    pub lifecycle: Option<String>,
    /// Whether it is simulated; unknown until it has answered.
    pub simulated: Option<bool>,
    /// RFC 9679 thumbprint of its key, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_thumbprint: Option<String>,
    /// The grants it holds.
    pub grants: Vec<HeldGrant>,
}

/// Why a dongle does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DongleFault {
    /// Stable kebab-case code, the same as the dongle's `state`.
    pub code: String,
    /// What was found.
    pub detail: String,
    /// What to do about it.
    pub next: String,
}

/// A grant on a dongle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldGrant {
    /// Product id the grant is for.
    pub product: String,
    /// Its revision; only ever rises.
    pub revision: u64,
    /// Whether it is of the service's product and counts here.
    pub counts: bool,
}

/// Answer of `GET /v1/dongles`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dongles {
    /// Every dongle that is plugged in.
    pub dongles: Vec<Dongle>,
}
