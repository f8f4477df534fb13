//! The service's history: who, when, what.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Answer of `GET /v1/history?after=&limit=`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryPage {
    /// Oldest first.
    pub entries: Vec<HistoryEntry>,
}

/// One entry; each is chained to the one before by its hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Sequence number, from 1 without gaps.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Who asked for it.
    pub actor: String,
    /// What happened, such as `allocated`.
    pub kind: String,
    /// Facts of that kind.
    pub body: Value,
    /// SHA-256 over the previous hash and this entry, hexadecimal.
    pub hash: String,
}
