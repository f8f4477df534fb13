//! Requests for the vendor's desk.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Body of `POST /v1/requests`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestAsk {
    /// What it is for; without it the service chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// Channels that are asked for, by feature; the desk may give others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<String, u32>,
    /// Only answer what would be in it.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A first licence or grant.
    New,
    /// Other counts than now.
    Update,
    /// The second phase of a return: this host shows that it gave up what it returned.
    ReturnConfirmation,
    /// A conversion to this machine, by another host or through the desk.
    Conversion,
    /// A licence for this machine as it is now, or what was lost.
    Repair,
    /// A time token.
    Time,
}

impl Purpose {
    /// Each of them.
    pub const ALL: [Self; 6] = [
        Self::New,
        Self::Update,
        Self::Repair,
        Self::ReturnConfirmation,
        Self::Conversion,
        Self::Time,
    ];
}

impl std::fmt::Display for Purpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::New => "new",
            Self::Update => "update",
            Self::ReturnConfirmation => "return-confirmation",
            Self::Conversion => "conversion",
            Self::Repair => "repair",
            Self::Time => "time",
        })
    }
}

/// Answer of `POST /v1/requests`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestAnswer {
    /// Whether nothing was made.
    pub dry_run: bool,
    /// A name for its file: of small letters, digits, `-`, `_` and `.` only.
    pub file_name: String,
    /// The file: text that goes to the vendor as it is. None in a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether the service chose that.
    pub chosen: bool,
    /// The host's name in it.
    pub host: String,
    /// Channels that are asked for, by feature.
    pub wanted: BTreeMap<String, u64>,
    /// Software licences in it.
    pub licences: Vec<CarriedLicence>,
    /// Serials of the dongles that proved themselves in it.
    pub dongles: Vec<String>,
    /// Ids of the dongles' receipts in it that are for the desk.
    pub receipts: Vec<String>,
    /// Id of the licence whose return it confirms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirms: Option<String>,
    /// What is here and could not be put into it.
    pub left_out: Vec<LeftOut>,
    /// Why it can bring no licence that is bound to this machine, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unbound: Option<Unbound>,
}

/// A software licence in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedLicence {
    /// Its id.
    pub id: String,
    /// Its revision.
    pub revision: u64,
    /// Channels it gives, by feature.
    pub channels: BTreeMap<String, u64>,
}

/// Something that is here and not in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Serial of the dongle, or id of the licence; none of a dongle that shows no serial.
    pub what: Option<String>,
    /// The dongle's state, `no-answer` or `too-many`.
    pub code: String,
    /// Why.
    pub why: String,
}

/// Why a machine shows too little of itself for a licence to be bound to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unbound {
    /// `machine-too-vague` or `machine-not-unique`.
    pub code: String,
    /// Why.
    pub detail: String,
    /// What to do about it.
    pub next: String,
}
