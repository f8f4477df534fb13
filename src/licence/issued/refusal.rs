//! Why a record of the desk was not carried out.

use tallykey_protocol::issued::IssuedError;
use tallykey_protocol::status::Status;
use thiserror::Error;

use crate::licence::SupportClass;

/// A rule said no to a record that is no licence. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IssuedRefusal {
    /// It is not of the vendor this host trusts.
    #[error("it is not the vendor's: {problem}")]
    NotVendors {
        /// What the verifier said.
        problem: IssuedError,
    },
    /// The dongle that it is for is not plugged in.
    #[error("it is for the dongle {serial}, which is not plugged in here")]
    DongleNotHere {
        /// Its serial.
        serial: String,
    },
    /// The dongle refused it.
    #[error("the dongle {serial} refused it: {rule}")]
    Dongle {
        /// Its serial.
        serial: String,
        /// The rule that it breaks.
        rule: DongleRule,
    },
    /// An instruction came without somebody who imports it.
    #[error("an instruction to a dongle is not imported by itself")]
    ByHand,
    /// A time token was believed before, or its question was answered.
    #[error("this host has believed it before")]
    TimeTokenUsed,
    /// A time token answers a question of another host.
    #[error("it answers a request that this host did not make, or made too long ago")]
    TimeTokenUnasked,
    /// A later revocation list is heeded, or another of this epoch.
    #[error("it is number {epoch}, and this host heeds number {held}")]
    RevocationOlder {
        /// Its epoch.
        epoch: u64,
        /// The epoch of the list that is heeded.
        held: u64,
    },
}

/// A rule by which a dongle refuses a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum DongleRule {
    /// It is for another key.
    #[error("it was made for another key than this dongle has now")]
    WrongHolder,
    /// The revision before it is missing.
    #[error("a grant that goes before it is missing")]
    WrongRevision,
    /// A later grant is held, or another of this revision.
    #[error("it holds a later grant, or another of the same revision")]
    RevisionHeld,
    /// A count would fall below what was granted or given away.
    #[error("a count would fall below what was granted or given away")]
    BelowGivenAway,
    /// A line's id went before, or is of another feature.
    #[error("a line has an id that went before")]
    LineIdReused,
    /// No room for another product, or for the grant.
    #[error("it has no room for it")]
    NoRoom,
    /// Receipts that are not acknowledged stand in the way.
    #[error("it keeps receipts that no host has taken over yet")]
    ReceiptsOpen,
    /// An instruction for another state of the dongle: it was carried out, or something else was.
    #[error(
        "it was made for another counter: it was carried out before, or the dongle has changed"
    )]
    Stale,
    /// Not in this part of its life.
    #[error("its state does not allow it")]
    WrongLifecycle,
    /// The signer may not sign this for this dongle.
    #[error("its signer may not sign this for it")]
    RoleNotAllowed,
    /// The signer's certificate was revoked by the root.
    #[error("its signer was revoked by the vendor's root")]
    IssuerRevoked,
    /// The dongle does not believe the record.
    #[error("it does not believe it")]
    NotBelieved,
}

impl DongleRule {
    /// The rule that a dongle names with this status; none if it names no rule.
    #[must_use]
    pub const fn of(status: Status) -> Option<Self> {
        Some(match status {
            Status::WrongHolder => Self::WrongHolder,
            Status::WrongRevision => Self::WrongRevision,
            Status::RevisionHeld => Self::RevisionHeld,
            Status::BelowGivenAway => Self::BelowGivenAway,
            Status::LineIdReused => Self::LineIdReused,
            Status::NoRoom => Self::NoRoom,
            Status::ReceiptsOpen => Self::ReceiptsOpen,
            Status::Stale => Self::Stale,
            Status::WrongLifecycle => Self::WrongLifecycle,
            Status::RoleNotAllowed => Self::RoleNotAllowed,
            Status::Revoked => Self::IssuerRevoked,
            Status::RecordInvalid | Status::ChainInvalid | Status::SignatureInvalid => {
                Self::NotBelieved
            }
            _ => return None,
        })
    }

    /// The stable code a program matches on.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::WrongHolder => "wrong-holder",
            Self::WrongRevision => "wrong-revision",
            Self::RevisionHeld => "revision-held",
            Self::BelowGivenAway => "below-given-away",
            Self::LineIdReused => "line-id-reused",
            Self::NoRoom => "no-room",
            Self::ReceiptsOpen => "receipts-open",
            Self::Stale => "instruction-stale",
            Self::WrongLifecycle => "wrong-lifecycle",
            Self::RoleNotAllowed => "role-not-allowed",
            Self::IssuerRevoked => "issuer-revoked",
            Self::NotBelieved => "not-believed",
        }
    }

    const fn class(self) -> SupportClass {
        match self {
            Self::WrongHolder => SupportClass::Migration,
            Self::WrongRevision => SupportClass::NotDelivered,
            Self::RevisionHeld
            | Self::BelowGivenAway
            | Self::NoRoom
            | Self::ReceiptsOpen
            | Self::Stale
            | Self::WrongLifecycle => SupportClass::WrongProcedure,
            Self::LineIdReused | Self::RoleNotAllowed | Self::IssuerRevoked | Self::NotBelieved => {
                SupportClass::DamagedFile
            }
        }
    }

    fn next(self, serial: &str) -> String {
        match self {
            Self::WrongHolder => format!(
                "send the vendor a new request with {serial} plugged in: it went through the factory again since"
            ),
            Self::WrongRevision => format!(
                "import the earlier updates of {serial} first, or send the vendor a new request with it plugged in"
            ),
            Self::RevisionHeld => {
                format!("nothing, if it is an old file: {serial} takes only what follows")
            }
            Self::BelowGivenAway | Self::LineIdReused => {
                format!("send the vendor this message and a new request with {serial} plugged in")
            }
            Self::NoRoom => "ask the vendor for another dongle for this product".into(),
            Self::ReceiptsOpen => format!(
                "leave {serial} plugged in until its receipts are taken over, then import the file again"
            ),
            Self::Stale => format!(
                "if it was not carried out before, send the vendor a new request with {serial} plugged in"
            ),
            Self::WrongLifecycle => {
                format!("look at the state of {serial} in the list of dongles, and ask the vendor")
            }
            Self::RoleNotAllowed | Self::IssuerRevoked | Self::NotBelieved => {
                "ask the vendor to issue it again".into()
            }
        }
    }
}

impl IssuedRefusal {
    /// The stable code a program matches on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotVendors { .. } => "wrong-vendor",
            Self::DongleNotHere { .. } => "dongle-not-here",
            Self::Dongle { rule, .. } => rule.code(),
            Self::ByHand => "import-by-hand",
            Self::TimeTokenUsed => "time-token-used",
            Self::TimeTokenUnasked => "time-token-unasked",
            Self::RevocationOlder { .. } => "revocation-older",
        }
    }

    /// The support class it belongs to.
    #[must_use]
    pub const fn class(&self) -> SupportClass {
        match self {
            Self::NotVendors { .. } => SupportClass::DamagedFile,
            Self::DongleNotHere { .. } => SupportClass::NotDelivered,
            Self::Dongle { rule, .. } => rule.class(),
            Self::ByHand | Self::TimeTokenUsed | Self::RevocationOlder { .. } => {
                SupportClass::WrongProcedure
            }
            Self::TimeTokenUnasked => SupportClass::Migration,
        }
    }

    /// What to do next, as one sentence to a person.
    #[must_use]
    pub fn next(&self) -> String {
        match self {
            Self::NotVendors { .. } => {
                "import the file as the vendor delivered it, whole and unchanged".into()
            }
            Self::DongleNotHere { serial } => {
                format!("plug {serial} in and import the file again; nothing is lost until then")
            }
            Self::Dongle { serial, rule } => rule.next(serial),
            Self::ByHand => {
                "import it with `tallykey import`: what the dongle answers is shown there, once".into()
            }
            Self::TimeTokenUsed => "send the vendor a new request if the time is still wrong".into(),
            Self::TimeTokenUnasked => {
                "import it on the host that made the request, or send the vendor a new request of this one".into()
            }
            Self::RevocationOlder { .. } => "nothing: a later list is heeded".into(),
        }
    }
}
