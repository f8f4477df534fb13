//! Every way in which a rule says no to a request, with the code a program matches on and the
//! next step a person takes.

mod shortage;

use std::fmt;

use tallykey_protocol::file::{self, FileError};
use tallykey_protocol::receipt;
use thiserror::Error;
use uuid::Uuid;

use super::conversion::ConversionRefusal;
use super::machine_binding::CannotBind;
use super::{IssuedRefusal, LicenceRefusal};

pub use shortage::Shortage;

/// A rule said no. Nothing was changed; asking the same again gets the same answer until
/// somebody does what [`Refusal::next`] says.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A software licence counts for nothing here.
    #[error("the licence is refused: {0}")]
    Licence(#[from] LicenceRefusal),
    /// Another record of the desk was not carried out.
    #[error("the record is refused: {0}")]
    Issued(#[from] IssuedRefusal),
    /// A dongle's channels are not given away.
    #[error(transparent)]
    Conversion(#[from] ConversionRefusal),
    /// No licence can be bound to this machine.
    #[error(transparent)]
    CannotBind(#[from] CannotBind),
    /// No software licence of that id is installed.
    #[error("no software licence {id} is installed")]
    NoSuchLicence {
        /// What was given, shortened.
        id: String,
    },
    /// A file holds something that is not imported here.
    #[error("the file holds a {}, which no host imports", kind.name())]
    NotALicence {
        /// What it is.
        kind: file::Kind,
    },
    /// The product has terms, and nobody has accepted them here.
    #[error("the terms of the product (profile revision {profile_revision}) are not accepted")]
    TermsNotAccepted {
        /// Revision of the profile that they are in.
        profile_revision: u64,
    },
    /// A file, or a part of it, is no object of ours.
    #[error("{problem}")]
    DamagedFile {
        /// What the reader said.
        problem: FileError,
    },
    /// No licence here is the first phase of a return.
    #[error("no licence here waits for its return to be confirmed")]
    NothingToConfirm,
    /// What a host has is more than a request may carry.
    #[error("what this host has is more than a request of {max} bytes can carry")]
    RequestTooLarge {
        /// The limit, bytes.
        max: usize,
    },
    /// Nothing of the kind to be kept is there.
    #[error("{kind} cannot be kept: it has no channel to give here")]
    NothingToKeep {
        /// The kind.
        kind: &'static str,
    },
    /// The feature has too few channels left for this request.
    #[error("{device} needs {needed} {feature} channel(s) and {counts}")]
    NoChannelLeft {
        /// The device that was refused (the first one, in a batch).
        device: String,
        /// The feature that is full.
        feature: String,
        /// Channels this device costs.
        needed: u32,
        /// What there is.
        counts: Box<Shortage>,
    },
    /// The device is named by nothing that could stay the same.
    #[error("{value:?} is not a device id: {problem}")]
    BadDeviceId {
        /// What was given, shortened.
        value: String,
        /// What is wrong with it.
        problem: DeviceIdProblem,
    },
    /// The product has no such feature.
    #[error("the product has no feature {feature:?}; it has {}", known.join(", "))]
    UnknownFeature {
        /// What was asked for.
        feature: String,
        /// What the product profile defines.
        known: Vec<String>,
    },
    /// The model is not 1 to 64 printable characters.
    #[error("{value:?} is not a model name: give 1 to 64 printable characters")]
    BadModel {
        /// What was given, shortened.
        value: String,
    },
    /// The device holds an allocation that costs another number of channels.
    #[error("{device} already holds {was} {feature} channel(s) and now costs {now}")]
    WeightChanged {
        /// The device.
        device: String,
        /// The feature.
        feature: String,
        /// The allocation it holds.
        allocation: Uuid,
        /// Channels it costs as allocated.
        was: u32,
        /// Channels it would cost by the model given now.
        now: u32,
    },
    /// Another device holds an allocation already where one is to be moved.
    #[error("{device} already holds {feature} channels of its own")]
    DeviceHolds {
        /// The device.
        device: String,
        /// The feature.
        feature: String,
        /// The allocation it holds.
        allocation: Uuid,
    },
    /// A time is too short or too long.
    #[error("a channel can be held for {min} to {max} seconds, and not for {ttl}")]
    BadTtl {
        /// The time asked for, seconds.
        ttl: u32,
        /// The shortest, seconds.
        min: u32,
        /// The longest, seconds.
        max: u32,
    },
    /// The allocation has no end to be put off.
    #[error("the allocation {id} is not for a time: it lasts until it is released")]
    NotForATime {
        /// The allocation.
        id: Uuid,
    },
    /// No line of that id counts on this host.
    #[error("there is no line {line:?} among those that count here")]
    NoSuchLine {
        /// The id asked for, shortened.
        line: String,
    },
    /// The line cannot pay for the device.
    #[error("the line {line} cannot pay for {device}: {problem}")]
    LineCannotPay {
        /// Id of the line.
        line: String,
        /// The device.
        device: String,
        /// What keeps it.
        problem: LineProblem,
    },
    /// Free channels are what they are.
    #[error(
        "{line} are free channels: they are used first, and can be neither named, parked, moved to another host, converted nor deleted"
    )]
    FreeChannels {
        /// Their id.
        line: String,
    },
    /// A batch is larger than one durable step may be.
    #[error("a batch may hold {max} devices and this one holds {count}")]
    BatchTooLarge {
        /// Devices in the batch.
        count: usize,
        /// The limit.
        max: usize,
    },
    /// There is no allocation of this id.
    #[error("there is no allocation {id}")]
    NoSuchAllocation {
        /// The id asked for.
        id: Uuid,
    },
    /// No dongle of this serial was seen.
    #[error("no dongle {serial:?} is plugged in")]
    NoSuchDongle {
        /// The serial asked for.
        serial: String,
    },
    /// The dongle is plugged in and is not open.
    #[error("the dongle {serial} is not open: its state is {state}")]
    DongleNotOpen {
        /// The serial asked for.
        serial: String,
        /// Its state, as in the status.
        state: &'static str,
    },
    /// There is no token of this id.
    #[error("there is no token {id}")]
    NoSuchToken {
        /// The id asked for.
        id: Uuid,
    },
    /// A label is not 1 to 64 printable characters.
    #[error("{value:?} is not a label: give 1 to 64 printable characters")]
    BadLabel {
        /// What was given, shortened.
        value: String,
    },
}

/// What keeps a line from paying for a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineProblem {
    /// It is of another feature.
    OtherFeature {
        /// The line's feature.
        feature: String,
    },
    /// The user took it out of the pool.
    Parked,
    /// It has not begun, or has ended.
    NotValid,
    /// It pays for listed devices, and this one is not on the list.
    NotListed,
}

impl fmt::Display for LineProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherFeature { feature } => write!(f, "it gives {feature} channels"),
            Self::Parked => f.write_str("it is parked"),
            Self::NotValid => f.write_str("it is not valid now"),
            Self::NotListed => f.write_str("it pays for listed devices only"),
        }
    }
}

/// What keeps a value from being a device id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceIdProblem {
    /// It looks like a MAC address with too few or too many digits.
    MacDigits {
        /// Hexadecimal digits found; 12 are wanted.
        found: usize,
    },
    /// It has MAC separators around something that is no hexadecimal digit.
    MacCharacter {
        /// The first character that does not belong.
        character: char,
    },
    /// Another stable id may use only letters, digits, `.`, `_` and `-`.
    Character {
        /// The first character that does not belong.
        character: char,
    },
    /// Another stable id has 1 to 64 characters.
    Length {
        /// Characters found.
        found: usize,
    },
}

impl fmt::Display for DeviceIdProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MacDigits { found } => {
                write!(
                    f,
                    "a MAC address has 12 hexadecimal digits and this has {found}"
                )
            }
            Self::MacCharacter { character } => {
                write!(
                    f,
                    "a MAC address has hexadecimal digits only and this has {character:?}"
                )
            }
            Self::Character { character } => write!(
                f,
                "an id may use letters, digits, '.', '_' and '-' and this has {character:?}"
            ),
            Self::Length { found } => {
                write!(f, "an id has 1 to 64 characters and this has {found}")
            }
        }
    }
}

/// Which desk of a vendor's support a refusal belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SupportClass {
    /// More channels are wanted than were bought.
    TooFewLicences,
    /// The request itself is not right.
    WrongProcedure,
    /// Something bought is not (yet) at this machine: dongle or file missing.
    NotDelivered,
    /// A record cannot be believed.
    DamagedFile,
    /// Something belongs to another dongle, machine, vendor or product.
    Migration,
}

impl SupportClass {
    /// The stable name in API and CLI.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooFewLicences => "too-few-licences",
            Self::WrongProcedure => "wrong-procedure",
            Self::NotDelivered => "not-delivered",
            Self::DamagedFile => "damaged-file",
            Self::Migration => "migration",
        }
    }
}

impl Refusal {
    /// The stable code a program matches on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Licence(refusal) => refusal.code(),
            Self::Issued(refusal) => refusal.code(),
            Self::Conversion(refusal) => refusal.code(),
            Self::CannotBind(refusal) => refusal.code(),
            Self::NoSuchLicence { .. } => "no-such-licence",
            Self::NotALicence { .. } => "not-a-licence",
            Self::TermsNotAccepted { .. } => "terms-not-accepted",
            Self::DamagedFile { .. } => "damaged-file",
            Self::NothingToKeep { .. } => "nothing-to-keep",
            Self::NothingToConfirm => "nothing-to-confirm",
            Self::RequestTooLarge { .. } => "request-too-large",
            Self::NoChannelLeft { .. } => "no-channel-left",
            Self::BadDeviceId { .. } => "bad-device-id",
            Self::UnknownFeature { .. } => "unknown-feature",
            Self::BadModel { .. } => "bad-model",
            Self::WeightChanged { .. } => "weight-changed",
            Self::DeviceHolds { .. } => "device-holds-channels",
            Self::BadTtl { .. } => "bad-ttl",
            Self::NotForATime { .. } => "not-for-a-time",
            Self::NoSuchLine { .. } => "no-such-line",
            Self::LineCannotPay { .. } => "line-cannot-pay",
            Self::FreeChannels { .. } => "free-channels",
            Self::BatchTooLarge { .. } => "batch-too-large",
            Self::NoSuchAllocation { .. } => "no-such-allocation",
            Self::NoSuchDongle { .. } => "no-such-dongle",
            Self::DongleNotOpen { .. } => "dongle-not-open",
            Self::NoSuchToken { .. } => "no-such-token",
            Self::BadLabel { .. } => "bad-label",
        }
    }

    /// The support class it belongs to.
    #[must_use]
    pub const fn class(&self) -> SupportClass {
        match self {
            Self::Licence(refusal) => refusal.class(),
            Self::Issued(refusal) => refusal.class(),
            Self::Conversion(refusal) => refusal.class(),
            Self::CannotBind(refusal) => refusal.class(),
            Self::DamagedFile { .. } => SupportClass::DamagedFile,
            Self::NoSuchLicence { .. }
            | Self::NotALicence { .. }
            | Self::TermsNotAccepted { .. } => SupportClass::WrongProcedure,
            Self::NothingToKeep { .. } => SupportClass::NotDelivered,
            Self::NothingToConfirm | Self::RequestTooLarge { .. } => SupportClass::WrongProcedure,
            Self::NoChannelLeft { .. } => SupportClass::TooFewLicences,
            Self::NoSuchLine { .. } | Self::NoSuchDongle { .. } | Self::DongleNotOpen { .. } => {
                SupportClass::NotDelivered
            }
            Self::BadDeviceId { .. }
            | Self::UnknownFeature { .. }
            | Self::BadModel { .. }
            | Self::WeightChanged { .. }
            | Self::DeviceHolds { .. }
            | Self::BadTtl { .. }
            | Self::NotForATime { .. }
            | Self::LineCannotPay { .. }
            | Self::FreeChannels { .. }
            | Self::BatchTooLarge { .. }
            | Self::NoSuchAllocation { .. }
            | Self::NoSuchToken { .. }
            | Self::BadLabel { .. } => SupportClass::WrongProcedure,
        }
    }

    /// What to do next, as one sentence to a person.
    #[must_use]
    pub fn next(&self) -> String {
        match self {
            Self::Licence(refusal) => refusal.next(),
            Self::Issued(refusal) => refusal.next(),
            Self::Conversion(refusal) => refusal.next(),
            Self::CannotBind(refusal) => refusal.next(),
            Self::NoSuchLicence { .. } => "list the licences and use one of those ids".into(),
            Self::TermsNotAccepted { .. } => "read them with `tallykey licences terms`, and import with `--accept-terms`".into(),
            Self::NotALicence { kind } => not_imported(*kind).into(),
            Self::DamagedFile { .. } => "get the file once more, whole and unchanged".into(),
            Self::NothingToConfirm => {
                "import the licence with the lower counts that the vendor sent, then ask again".into()
            }
            Self::RequestTooLarge { .. } => {
                "leave some of the dongles plugged in, make a request, and another one with the rest".into()
            }
            Self::NothingToKeep { .. } => {
                "plug the dongle in, or import the licence, and choose again".into()
            }
            Self::NoChannelLeft { feature, counts, .. } if counts.parked > 0 => format!(
                "put parked lines back into the pool, which give {} more, or release a {feature} device that is gone", counts.parked
            ),
            Self::NoChannelLeft { feature, counts, .. } if counts.suspended > 0 => format!(
                "plug the dongle back in that gave the suspended {feature} channels, or release devices that are gone"
            ),
            Self::NoChannelLeft { feature, .. } => format!(
                "release a {feature} device that is gone, plug in another dongle of this product, or buy more {feature} channels"
            ),
            Self::BadDeviceId { .. } => "give the MAC address as 00:02:D1:1A:2B:3C, or another id with a character that no MAC address has, as SN-4711".into(),
            Self::UnknownFeature { .. } => "ask for one of the features named, or leave the feature out".into(),
            Self::BadModel { .. } => "give the model as printed on the device, or leave it out".into(),
            Self::WeightChanged { allocation, .. } => {
                format!("release allocation {allocation} and allocate the device again")
            }
            Self::DeviceHolds { allocation, .. } => {
                format!("release allocation {allocation} first, or move to a device that holds none")
            }
            Self::BadTtl { .. } => "give a time in between, or none".into(),
            Self::NotForATime { .. } => "leave it as it is, or release it and ask for a time".into(),
            Self::NoSuchLine { .. } => {
                "list the licences as an administrator to find the id, and plug its dongle in".into()
            }
            Self::LineCannotPay { problem: LineProblem::Parked, .. } => {
                "put the line back into the pool, or name another one".into()
            }
            Self::LineCannotPay { .. } => "name another line, or none".into(),
            Self::FreeChannels { .. } => "name a line of a dongle or of a licence".into(),
            Self::BatchTooLarge { max, .. } => format!("split it into batches of at most {max}"),
            Self::NoSuchAllocation { .. } => "list the allocations to find the id".into(),
            Self::NoSuchDongle { .. } => "list the dongles and plug the missing one in".into(),
            Self::DongleNotOpen { .. } => "do what the list of dongles says about that state".into(),
            Self::NoSuchToken { .. } => "list the tokens to find the id".into(),
            Self::BadLabel { .. } => "give a shorter label without control characters".into(),
        }
    }
}

/// What to do with an object that is for somebody else.
const fn not_imported(kind: file::Kind) -> &'static str {
    match kind {
        file::Kind::Receipt(receipt::Kind::ConvertOffline) => {
            "nothing: the licence that was made from it counts by itself"
        }
        file::Kind::Receipt(_) | file::Kind::Request => "send it to the vendor's desk",
        file::Kind::Profile => "start the service with it: tallykey serve --profile FILE",
        file::Kind::TrustBundle => "start the service with it: tallykey serve --trust FILE",
        _ => "give the file that the vendor delivered",
    }
}
