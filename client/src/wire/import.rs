//! What a file of the vendor brings: import, and the choice between them and dongles.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Allocation, AuthenticationType, Conflict, FeatureCounts};
use crate::Problem;

/// Body of `POST /v1/licences`: a file as it is, whatever its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportAsk {
    /// The file's content, base64 (RFC 4648 §4).
    pub content: String,
    /// Accepts the terms of the product ([`Terms`]), without which no licence is installed.
    #[serde(default)]
    pub accept_terms: bool,
}

/// Answer of `GET /v1/terms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Whether nothing is left to accept: somebody did, or the product has no terms.
    pub accepted: bool,
    /// Revision of the product profile that they are in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_revision: Option<u64>,
    /// SHA-256 of the text in UTF-8, hex, as the history keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The text, as the vendor wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Answer of `POST /v1/licences`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportAnswer {
    /// What came of each object of the file, in order.
    pub items: Vec<ImportItem>,
}

/// What came of one object.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportItem {
    /// What it is: `licence`, `composite-licence`, `grant`, `instruction`, or the name of something that no host
    /// imports.
    pub kind: String,
    /// Its id, if it verified.
    pub id: Option<String>,
    /// Serial of the dongle that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Revision of a grant or a licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// What was done with it.
    pub state: ImportState,
    /// The dongle's new owner code, if that is what was asked for. It is told once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_code: Option<String>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// Leaves the owner code out: what is printed for debugging ends in logs.
impl fmt::Debug for ImportItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportItem")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .field("serial", &self.serial)
            .field("revision", &self.revision)
            .field("state", &self.state)
            .field("problem", &self.problem)
            .finish_non_exhaustive()
    }
}

/// What was done with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImportState {
    /// It is in force now.
    Imported,
    /// It was in force before.
    Already,
    /// It was not carried out.
    Refused,
}

/// One software licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// Its id; shortened for callers without the admin role.
    pub id: String,
    /// Its revision; none if it does not verify any more.
    pub revision: Option<u64>,
    /// `holds`, `waiting-confirm`, `confirmation-sent`; `host-key-unbound`, which counts too; `machine-grace`,
    /// `machine-changed`, or the code of why it does not verify any more.
    pub state: String,
    /// What is wrong with it, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Until when it counts although the machine changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<jiff::Timestamp>,
    /// Components of this machine that are not what was recorded, such as `board replaced`.
    pub drift: Vec<String>,
}

/// Answer of `GET /v1/conflict`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictAnswer {
    /// The conflict, also one that somebody decided; none if only one kind of source is there.
    pub conflict: Option<Conflict>,
    /// What can be done about it, each with what it would make of this machine.
    pub choices: Vec<Choice>,
}

/// One way out of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What it is.
    pub choice: ChoiceKind,
    /// The command that does it.
    pub command: String,
    /// What it would make of this machine; a conversion has a dry run of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Resolution>,
}

/// What a choice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChoiceKind {
    /// Dongles count, software licences are held.
    KeepDongle,
    /// Software licences count, dongles are held.
    KeepSoftware,
    /// The dongle's channels become a software licence, so that both count as one kind. It cannot be undone.
    Convert,
}

/// Body of `POST /v1/conflict/resolve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolveAsk {
    /// The kind that is to count.
    pub keep: Keep,
    /// Only answer what would be so.
    #[serde(default)]
    pub dry_run: bool,
}

/// A kind of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// Dongles.
    Dongle,
    /// Software licences.
    Software,
}

/// What a choice makes of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// How it was.
    pub before: Standpoint,
    /// How it is then.
    pub after: Standpoint,
    /// Allocations that are suspended by it.
    pub suspended: Vec<Allocation>,
    /// Allocations that resume by it.
    pub resumed: Vec<Allocation>,
}

/// What counts, and what is there of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standpoint {
    /// The kind that counts.
    pub authentication_type: AuthenticationType,
    /// Counts of every feature.
    pub features: Vec<FeatureCounts>,
}
