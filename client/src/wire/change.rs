//! Changes of what is there, and what they mean for others.

use serde::{Deserialize, Serialize};

use super::Allocation;

/// Body of `PATCH /v1/allocations/{id}`; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocationChange {
    /// Which devices are suspended last in a shortage: those with the highest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Only answer what would be so.
    #[serde(default)]
    pub dry_run: bool,
}

/// Body of `POST /v1/allocations/{id}/move`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The device that is to have the channels: MAC address in any usual notation, or another
    /// stable id.
    pub device: String,
    /// That device's model; without it the allocation costs what it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Only answer what would be so.
    #[serde(default)]
    pub dry_run: bool,
}

/// Answer to a change of an allocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Whether nothing was changed and this is what would be so.
    pub dry_run: bool,
    /// The allocation as it was.
    pub before: Allocation,
    /// The allocation as it is.
    pub after: Allocation,
    /// Allocations that are suspended by it.
    pub suspended: Vec<Allocation>,
    /// Allocations that are licensed again by it.
    pub resumed: Vec<Allocation>,
}
