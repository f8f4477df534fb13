//! What time alone changes, kept about once a minute beside the history: the clock's floor, and every dongle's grace.
//!
//! It is no part of the history, which would fill with it. Losing it, or finding an older one, leaves less grace.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ledger::clock::Clock;
use crate::ledger::grace::Grace;

/// Running time between two pulses, milliseconds. What is lost of presence in a crash is at most this much.
pub(super) const EVERY_MS: u64 = 60_000;

/// One pulse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pulse {
    /// The host's clock at this pulse, Unix time in milliseconds.
    pub(super) wall_ms: i64,
    pub(super) clock: Clock,
    /// Digest of the last time token that the clock was told of, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    /// By the thumbprint of the dongle's key, hex.
    pub(super) grace: BTreeMap<String, Grace>,
}

impl Pulse {
    /// Reads what was kept. What cannot be read is as if it were lost.
    pub(super) fn read(kept: &str) -> Option<Self> {
        serde_json::from_str(kept)
            .inspect_err(|error| tracing::warn!("the last pulse cannot be read: {error}"))
            .ok()
    }

    /// As it is kept.
    ///
    /// # Panics
    /// Never: a pulse is numbers and text.
    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).expect("a pulse is plain data")
    }

    /// Time since this pulse by the host's clock, milliseconds: 0 if the clock says that it was later than now.
    pub(super) fn since(&self, wall_ms: i64) -> u64 {
        u64::try_from(wall_ms.saturating_sub(self.wall_ms)).unwrap_or(0)
    }
}
