//! Allocations: channels of a feature assigned to a device.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Body of `POST /v1/allocations`, and one element of `POST /v1/allocations/batch`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// MAC address in any usual notation, or another stable id.
    pub device: String,
    /// Feature to count; without it the product profile decides by OUI and model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// Model name; decides the weight, and the feature when none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Which devices are suspended last in a shortage: those with the highest number. Without it a
    /// new allocation gets 0 and one that is held keeps its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Id of the line that is to pay, as far as it reaches; without it the policy decides, or what
    /// was named before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// For how long, seconds, unless it is renewed; without it until it is released. Asking again
    /// for what is held for a time renews it, and without a time makes it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
}

impl Ask {
    /// Asks for a device and leaves feature and weight to the product profile.
    #[must_use]
    pub fn new(device: impl Into<String>) -> Self {
        Self {
            device: device.into(),
            ..Self::default()
        }
    }
}

/// Channels of one feature that belong to one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// Names this allocation for as long as it lives.
    pub id: Uuid,
    /// Normalised device id: a MAC as `00:02:D1:1A:2B:3C`.
    pub device: String,
    /// Feature that is counted.
    pub feature: String,
    /// Model as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Channels that this device costs.
    pub weight: u32,
    /// Of two devices, the one with the higher number is suspended later.
    #[serde(default)]
    pub priority: i32,
    /// Id of the line that was named to pay; shortened for callers without the admin role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The lines that pay, where allocations are read; left out where they are made or released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<Payment>>,
    /// When it ends unless it is renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Licensed now, or kept and waiting for channels.
    pub state: AllocationState,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What one line pays for an allocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Id of the line, as in `GET /v1/licences`; shortened for callers without the admin role.
    pub id: String,
    /// Channels.
    pub channels: u64,
}

/// Whether an allocation counts now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AllocationState {
    /// The device may record.
    Licensed,
    /// Kept in order, not licensed now; resumes by itself when channels come back.
    Suspended,
}

/// Answer of [`crate::Client::allocate`]; on the wire `created` is status 201 against 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocated {
    /// The allocation, new or as it was.
    pub allocation: Allocation,
    /// Whether this request made it.
    pub created: bool,
}

/// Answer of `GET /v1/allocations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocations {
    /// Oldest first.
    pub allocations: Vec<Allocation>,
}

/// One element of a batch answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchAllocated {
    /// The allocation, new or as it was.
    #[serde(flatten)]
    pub allocation: Allocation,
    /// Whether this batch made it.
    pub created: bool,
}

/// Answer of `POST /v1/allocations/batch`: all were granted, in the order asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchAnswer {
    /// How many this batch made.
    pub created: usize,
    /// How many were there before, or appear in the batch more than once.
    pub existing: usize,
    /// One per ask.
    pub allocations: Vec<BatchAllocated>,
}
