//! Conversions and returns of a dongle's channels.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Resolution;

/// Body of `POST /v1/conversions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvertAsk {
    /// Serial of the dongle; it may be left out where only one has something to give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// What becomes of its channels.
    pub gift: Gift,
    /// How many of what; everything if it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// The request file of the machine that they go to, base64; none for this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The dongle's owner code; a dry run does without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_code: Option<Secret>,
    /// Only answer what would be so.
    #[serde(default)]
    pub dry_run: bool,
}

/// What becomes of channels that a dongle gives away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gift {
    /// A software licence, on the dongle's own authority where the vendor allows it, else through the desk.
    Convert,
    /// A software licence through the desk.
    ConvertAtDesk,
    /// They go back to the vendor.
    Retire,
}

/// A part of what a dongle has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// A feature, or the id of a line in full.
    pub of: String,
    /// Channels.
    pub count: u64,
}

/// What is never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Answer of `POST /v1/conversions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Converted {
    /// Serial of the dongle.
    pub serial: String,
    /// `convert-offline`, `convert-desk` or `retire`.
    pub kind: String,
    /// Where the channels go.
    pub goal: Goal,
    /// The name of that machine, if it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What goes of each line.
    pub lines: Vec<ConvertedLine>,
    /// What it makes of this machine.
    pub outcome: Resolution,
    /// Serials of dongles that count nothing afterwards, because a software licence does.
    pub held: Vec<String>,
    /// What came of it; none for a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion: Option<Conversion>,
}

/// Where channels go that a dongle gives away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// This machine, as a software licence.
    ThisMachine,
    /// Another machine, as a software licence.
    OtherMachine,
    /// The vendor's desk.
    Desk,
}

/// What goes of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConvertedLine {
    /// The line's id.
    pub line: String,
    /// The feature.
    pub feature: String,
    /// Channels in the dongle before.
    pub before: u64,
    /// Channels in the dongle after.
    pub after: u64,
}

/// Answer of `GET /v1/conversions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversions {
    /// What is under way, then what was done.
    pub conversions: Vec<Conversion>,
}

/// One conversion or return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversion {
    /// Names the request.
    pub id: Uuid,
    /// Whether it is done.
    pub state: ConversionState,
    /// Serial of the dongle.
    pub serial: String,
    /// `convert-offline`, `convert-desk` or `retire`.
    pub kind: String,
    /// Where the channels go.
    pub goal: Goal,
    /// The name of that machine, if it is another one and known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Whether this host asked for it, or is who it is for.
    pub ours: bool,
    /// What was given away; empty while it is under way.
    pub given: Vec<Given>,
    /// Identity of the receipt, hex, and so of the licence that it makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// The software licence that the receipt makes on its machine, as one file; for administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// The name proposed for that file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// The licence that replaced it since, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// Whether the dongle was told that its receipt is kept; none if it is not plugged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<bool>,
}

/// How far a conversion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConversionState {
    /// It was begun, and it is not known whether the dongle did it: ask for the same again, or cancel it.
    UnderWay,
    /// The dongle gave, and its receipt is kept.
    Done,
}

/// What was given away of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Line id in the dongle's grant.
    pub line: u32,
    /// The feature.
    pub feature: String,
    /// Channels.
    pub count: u64,
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a07_an_owner_code_is_not_shown() {
        assert_eq!(format!("{:?}", Secret("ABCDEFGHIJKLMNOP".into())), "Secret");
    }
}
