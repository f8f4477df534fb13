//! What is needed: now, and in the coming subscription years.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Answer of `GET /v1/need`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// Every feature of the product.
    pub features: Vec<Need>,
}

/// What one feature needs. All numbers are channels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// Stable id, such as `camera`.
    pub feature: String,
    /// Name to show.
    pub name: String,
    /// Channels by which a subscription lets it grow beyond what is owned, until it is renewed.
    pub growth: u64,
    /// The part of them in use.
    pub growth_used: u64,
    /// Until the next renewal.
    pub now: Period,
    /// The subscription years after it; none if nothing that is owned ever ends.
    pub years: Vec<Period>,
}

/// What is needed for a time, if devices stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// When it begins.
    pub from: Option<Timestamp>,
    /// When it ends; none if nothing changes any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Channels that all devices cost, also those that are suspended.
    pub needed: u64,
    /// Channels that are paid for, parked ones too, at the moment when most are missing.
    pub owned: u64,
    /// Channels that have to be bought.
    pub short: u64,
}
