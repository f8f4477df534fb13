//! Conversions and returns of a dongle's channels, as asked for and as told.

use tallykey_protocol::receipt::Kind;
use uuid::Uuid;

use crate::dongle::OwnerCode;
use crate::ledger::{Given, Goal};
use crate::licence::conversion::GiftWish;

use super::request::Resolution;

/// What is asked of a dongle.
#[derive(Debug, Clone)]
pub struct ConvertAsk {
    /// Its serial; it may be left out where only one has something to give.
    pub serial: Option<String>,
    /// What is to be given, and as what.
    pub wish: GiftWish,
    /// The file with the request of the machine that it is for; none for this one, or for the vendor.
    pub to: Option<Vec<u8>>,
    /// The dongle's owner code. A dry run does without.
    pub code: Option<OwnerCode>,
    /// Only say what would be so.
    pub dry_run: bool,
}

/// What a conversion makes of this machine, and its receipt if it was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The dongle's serial.
    pub serial: String,
    /// Which receipt it gives.
    pub kind: Kind,
    /// Where the channels go.
    pub goal: Goal,
    /// The name of that machine, if it is another one.
    pub host: Option<String>,
    /// What goes of each line.
    pub lines: Vec<ConvertedLine>,
    /// What it makes of this machine.
    pub resolution: Resolution,
    /// Serials of dongles that count nothing afterwards, because a software licence does.
    pub held: Vec<String>,
    /// What came of it; none for a dry run.
    pub done: Option<Conversion>,
}

/// What goes of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvertedLine {
    /// The line's id on this host.
    pub line: String,
    /// The feature.
    pub feature: String,
    /// Channels in the dongle before.
    pub before: u64,
    /// Channels in the dongle after.
    pub after: u64,
}

/// One conversion or return: under way, or done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// Names the request.
    pub id: Uuid,
    /// The dongle's serial.
    pub serial: String,
    /// Which receipt it gives.
    pub kind: Kind,
    /// Where the channels go.
    pub goal: Goal,
    /// The name of that machine, if it is another one and known.
    pub host: Option<String>,
    /// Whether this host asked for it, or is who it is for.
    pub ours: bool,
    /// What was given away; empty while it is under way.
    pub given: Vec<Given>,
    /// The receipt's identity, hex; none while it is under way.
    pub receipt: Option<String>,
    /// The software licence that the receipt makes on its machine, as one file; none where the desk has to issue one.
    pub licence: Option<Vec<u8>>,
    /// The name proposed for that file.
    pub file_name: Option<String>,
    /// What replaced that licence, or was issued for the receipt, hex.
    pub replaced_by: Option<String>,
    /// Whether the dongle was told that its receipt is kept; none if it is not plugged in.
    pub acknowledged: Option<bool>,
}
