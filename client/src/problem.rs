//! The one form of every error answer: RFC 9457 problem details.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Media type of a [`Problem`] (RFC 9457 §3).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was refused or failed, and what to do next.
///
/// `code` is stable and meant for programs; `title`, `detail` and `next` are for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// URI of the kind of problem: `urn:tallykey:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in a few words, the same for every occurrence.
    pub title: String,
    /// HTTP status code of the answer.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// Stable kebab-case code.
    pub code: String,
    /// Support class, such as `too-few-licences` or `wrong-procedure`.
    pub class: String,
    /// What the reader can do about it.
    pub next: String,
    /// Facts of this occurrence, such as `owned` and `used` of `no-channel-left`
    /// (RFC 9457 §3.2).
    #[serde(flatten)]
    pub facts: Map<String, Value>,
}

impl Problem {
    /// The problem type of `code`.
    #[must_use]
    pub fn type_of(code: &str) -> String {
        format!("urn:tallykey:problem:{code}")
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.detail, self.code)
    }
}
