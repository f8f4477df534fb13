//! Licence lines: where counts come from.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Answer of `GET /v1/licences`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licences {
    /// Which line pays first.
    pub policy: Policy,
    /// Free channels first, then the lines of each source.
    pub lines: Vec<Line>,
}

/// Which line pays first. Free channels always come before, and a line that the user named for a
/// device comes before both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// The one that ends soonest.
    ShortestFirst,
    /// The one that ends last.
    LongestFirst,
    /// The one that the user named; where none was named, the one bought first.
    Explicit,
}

impl std::fmt::Display for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::ShortestFirst => "shortest-first",
            Self::LongestFirst => "longest-first",
            Self::Explicit => "explicit",
        })
    }
}

/// One line that gives channels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Names the line on this host; shortened for callers without the admin role.
    pub id: String,
    /// Who gives the channels.
    pub source: LineSource,
    /// Feature that is counted.
    pub feature: String,
    /// Channels ever granted.
    pub count: u64,
    /// Channels given away since (converted); `count - given` remain.
    pub given: u64,
    /// Channels of it that licensed devices use.
    #[serde(default)]
    pub used: u64,
    /// Whether the line counts now.
    pub active: bool,
    /// Whether the user took it out of the pool; then it does not count.
    #[serde(default)]
    pub parked: bool,
    /// `free`, `perpetual`, `subscription` or `fixed-term`.
    pub plan: String,
    /// Start of validity, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Its term is over: until when it counts on so that it can be renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renew_by: Option<Timestamp>,
    /// End of validity, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Timestamp>,
}

/// Who gives a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LineSource {
    /// The product profile: everybody has these.
    Free,
    /// A dongle.
    Dongle {
        /// Its serial.
        serial: String,
        /// Revision of the grant.
        revision: u64,
    },
}
