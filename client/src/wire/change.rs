//! Changes of what is there, and what they mean for others.

use serde::{Deserialize, Deserializer, Serialize};

use super::{Allocation, Licences, Policy};

/// Body of `PATCH /v1/allocations/{id}`; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocationChange {
    /// Which devices are suspended last in a shortage: those with the highest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Id of the line that is to pay, as far as it reaches; `null` leaves it to the policy.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub line: Option<Option<String>>,
    /// Only answer what would be so.
    #[serde(default)]
    pub dry_run: bool,
}

/// A member that is `null` is there, and says something else than one that is absent.
fn present<'de, D: Deserializer<'de>>(member: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(member).map(Some)
}

/// Body of `PATCH /v1/licences`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyChange {
    /// Which line pays first.
    pub policy: Policy,
    /// Only answer what would be so.
    #[serde(default)]
    pub dry_run: bool,
}

/// Body of `PATCH /v1/licences/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineChange {
    /// Whether the line is out of the pool and pays for nothing.
    pub parked: bool,
    /// Only answer what would be so.
    #[serde(default)]
    pub dry_run: bool,
}

/// Answer to a change of the lines that pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicencesChanged {
    /// Whether nothing was changed and this is what would be so.
    pub dry_run: bool,
    /// The lines after it.
    pub licences: Licences,
    /// Allocations that are suspended by it.
    pub suspended: Vec<Allocation>,
    /// Allocations that are licensed again by it.
    pub resumed: Vec<Allocation>,
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

/// Body of `POST /v1/allocations/{id}/renew`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// For how long from now, seconds.
    pub ttl: u32,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_null_is_not_a_line_that_is_absent() {
        for (text, line) in [
            ("{}", None),
            (r#"{"line":null}"#, Some(None)),
            (r#"{"line":"TK-1/p/1"}"#, Some(Some("TK-1/p/1".to_owned()))),
        ] {
            let read: AllocationChange = serde_json::from_str(text).expect("a change");
            assert_eq!(read.line, line, "{text}");
            let written = serde_json::to_string(&read).expect("plain data");
            let again: AllocationChange = serde_json::from_str(&written).expect("a change");
            assert_eq!(again, read, "{written}");
        }
    }
}
