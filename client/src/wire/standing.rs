//! States that nobody may overlook: a dongle that is away, a held source, a clock that is not believed, a lost host key.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::AuthenticationType;

/// A dongle that counted here and is not plugged in now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    /// Its serial.
    pub serial: String,
    /// Where it stands.
    pub phase: AwayPhase,
    /// How long its channels still count, seconds.
    pub left_s: u64,
    /// What to do about it.
    pub next: String,
}

/// How long a dongle has been away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AwayPhase {
    /// So short that it is no alarm.
    Debounce,
    /// Its channels count for a limited time.
    Grace,
    /// Too long: its channels do not count.
    Exhausted,
}

/// Dongle and software licences at one machine: one kind counts, and the other is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The kind that counts; `none` if it is gone for good.
    pub active: AuthenticationType,
    /// The kind that is verified, shown, and counts 0.
    pub held: AuthenticationType,
    /// Whether somebody has to choose; else somebody has.
    pub asks: bool,
    /// What to do about it.
    pub next: String,
}

/// A return that the vendor's desk opened with a licence: what it lowered is credited when this host has confirmed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// Id of the licence, shortened.
    pub licence: String,
    /// `waiting-confirm`, or `confirmation-sent` once such a request left; the desk does not answer it.
    pub state: String,
    /// When the request left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Timestamp>,
    /// The name that was proposed for its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What to do about it.
    pub next: String,
}

/// The host's clock is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockSuspect {
    /// `behind` a time that this host has seen, or leapt `ahead`.
    pub wrong: String,
    /// The time that lines are judged at.
    pub believed: Timestamp,
    /// Powered-on time for which that stays so, seconds; then the later time is believed.
    pub left_s: u64,
    /// What to do about it.
    pub next: String,
}

/// Licences name another host key than this host has: they count by the machine, and wait for the vendor's repair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostKeyUnbound {
    /// How many do.
    pub licences: u64,
    /// What to do about it.
    pub next: String,
}
