//! What can be asked of the service, and what it answers.

use std::fmt;

use tokio::sync::oneshot;
use uuid::Uuid;

use crate::arbiter::{AuthenticationType, Kind};
use crate::ledger::{Ask, Change, Need, Payment, PoolChange};
use crate::licence::{Policy, Refusal};

use super::asking::{Begun, Gathered, RequestAsk, RequestFile};
use super::conversion::{Conversion, ConvertAsk, Converted};
use super::fault::{BatchError, ServiceError};
use super::licences::LicenceStatus;
use super::snapshot::{FeatureCounts, LicenceLine};

/// What the handle sends to the actor. A dropped reply means that nobody waits any more; the
/// request is done all the same.
#[derive(Debug)]
pub(super) enum Request {
    Allocate {
        actor: Actor,
        asks: Vec<Ask>,
        reply: Reply<Vec<Allocated>, BatchError>,
    },
    Release {
        actor: Actor,
        id: Uuid,
        reply: Reply<Allocation>,
    },
    Change {
        actor: Actor,
        id: Uuid,
        change: Change,
        dry_run: bool,
        reply: Reply<Changed>,
    },
    ChangePool {
        actor: Actor,
        change: PoolChange,
        dry_run: bool,
        reply: Reply<PoolChanged>,
    },
    Licences {
        reply: Reply<Licences>,
    },
    Import {
        actor: Actor,
        content: Vec<u8>,
        reply: Reply<Vec<ImportItem>>,
    },
    Terms {
        /// Who accepts them, if anybody does.
        accepting: Option<Actor>,
        reply: Reply<Option<TermsStatus>>,
    },
    RemoveLicence {
        actor: Actor,
        id: String,
        reply: Reply<()>,
    },
    Resolve {
        actor: Actor,
        keep: Kind,
        dry_run: bool,
        reply: Reply<Resolution>,
    },
    Proofs {
        reply: Reply<Begun>,
    },
    Sign {
        actor: Actor,
        ask: RequestAsk,
        gathered: Gathered,
        reply: Reply<RequestFile>,
    },
    Convert {
        actor: Actor,
        ask: Box<ConvertAsk>,
        reply: Reply<Converted>,
    },
    CancelConversion {
        actor: Actor,
        id: Uuid,
        reply: Reply<()>,
    },
    AcknowledgeReceipt {
        actor: Actor,
        id: Uuid,
        reply: Reply<()>,
    },
    Conversions {
        reply: Reply<Vec<Conversion>>,
    },
    Need {
        reply: Reply<Vec<Need>>,
    },
    Allocation {
        id: Uuid,
        reply: Reply<Allocation>,
    },
    Allocations {
        reply: Reply<Vec<Allocation>>,
    },
    Wink {
        actor: Actor,
        serial: String,
        reply: Reply<()>,
    },
    History {
        after: u64,
        limit: u32,
        reply: HistoryReply,
    },
    CreateToken {
        actor: Actor,
        role: Role,
        label: String,
        reply: Reply<NewToken>,
    },
    RevokeToken {
        actor: Actor,
        id: Uuid,
        reply: Reply<Token>,
    },
    Stop {
        reply: oneshot::Sender<()>,
    },
}

pub(super) type Reply<T, E = ServiceError> = oneshot::Sender<Result<T, E>>;
pub(super) type HistoryReply = Reply<Vec<HistoryEntry>>;

/// Who asks, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(String);

impl Actor {
    /// A process on the Unix socket, known by its user id.
    #[must_use]
    pub fn user(uid: u32) -> Self {
        Self(format!("uid:{uid}"))
    }

    /// A holder of a bearer token, known by the token's id.
    #[must_use]
    pub fn token(id: Uuid) -> Self {
        Self(format!("token:{id}"))
    }

    /// Whoever may put files into the inbox folder.
    #[must_use]
    pub fn inbox() -> Self {
        Self("inbox".into())
    }

    /// The service itself: what a dongle did, a start.
    #[must_use]
    pub fn service() -> Self {
        Self("service".into())
    }

    /// The text in the history.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a caller may do. Each role may do all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Read.
    Viewer,
    /// Allocate and release.
    Client,
    /// Everything else: tokens, imports, resolving.
    Admin,
}

impl Role {
    /// The stable name in API, CLI and history.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Client => "client",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Client, Self::Admin]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// Who a bearer token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// As the history keeps it.
    pub actor: Actor,
    /// What it may do.
    pub role: Role,
}

/// An allocation as answered to a request for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocated {
    /// The allocation.
    pub allocation: Allocation,
    /// Whether this request made it; `false` if the device held it before.
    pub created: bool,
}

/// Channels of one feature that one device holds, and whether they count now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// Its id.
    pub id: Uuid,
    /// The normalised device id.
    pub device: String,
    /// The feature.
    pub feature: String,
    /// The device's model, if it was given.
    pub model: Option<String>,
    /// Channels it costs.
    pub weight: u32,
    /// The user's: of two, the one with the higher number is suspended later.
    pub priority: i32,
    /// The line that the user named to pay for it.
    pub line: Option<String>,
    /// The lines that pay for it; none where that was not read.
    pub lines: Option<Vec<Payment>>,
    /// When it ends unless it is renewed, Unix time in seconds.
    pub until: Option<u64>,
    /// Whether it is licensed now.
    pub state: AllocationState,
    /// When it was made, Unix time in milliseconds.
    pub created_at: i64,
}

/// What a change of an allocation does, to it and to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// As it was.
    pub before: Allocation,
    /// As it is after it.
    pub after: Allocation,
    /// Allocations that it suspends, in order.
    pub suspended: Vec<Allocation>,
    /// Allocations that it licenses again, in order.
    pub resumed: Vec<Allocation>,
}

/// The lines that give channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licences {
    /// Which line pays first.
    pub policy: Policy,
    /// Every software licence.
    pub installed: Vec<LicenceStatus>,
    /// The free ones first.
    pub lines: Vec<UsedLine>,
}

/// What came of one object of a file.
#[derive(Debug, Clone)]
pub struct ImportItem {
    /// What it is.
    pub kind: &'static str,
    /// Its identity, hex, if it verified.
    pub id: Option<String>,
    /// Serial of the dongle that it is for, if it is for one.
    pub serial: Option<String>,
    /// Revision of a grant.
    pub revision: Option<u64>,
    /// What was done with it.
    pub outcome: Result<Imported, ServiceError>,
}

impl ImportItem {
    /// An object that was refused before anything but its kind was known.
    pub(super) fn refused(kind: &'static str, refusal: impl Into<Refusal>) -> Self {
        Self {
            kind,
            id: None,
            serial: None,
            revision: None,
            outcome: Err(refusal.into().into()),
        }
    }
}

/// The terms of the product, and whether they were accepted here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermsStatus {
    /// Revision of the profile that they are in.
    pub profile_revision: u64,
    /// SHA-256 of their text, hex.
    pub digest: String,
    /// Their text, as the vendor wrote it.
    pub text: String,
    /// Whether somebody accepted them.
    pub accepted: bool,
}

/// What was done with a record that verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// It is in force now.
    New,
    /// It was in force before.
    Already,
    /// A dongle made a new owner code, which is told here and nowhere else.
    OwnerCode(NewOwnerCode),
}

/// A dongle's owner code, 16 characters of base32.
#[derive(Clone, PartialEq, Eq)]
pub struct NewOwnerCode(pub String);

/// Leaves the code out: what is printed for debugging ends in logs.
impl fmt::Debug for NewOwnerCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewOwnerCode")
    }
}

/// What a choice between dongle and software licences makes of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standpoint {
    /// The kind that counts.
    pub authentication_type: AuthenticationType,
    /// Counts of every feature.
    pub features: Vec<FeatureCounts>,
}

/// A line, and what it pays for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedLine {
    /// The line.
    pub line: LicenceLine,
    /// Channels of it that licensed devices use.
    pub used: u64,
}

/// What a change of the pool does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolChanged {
    /// The lines after it.
    pub licences: Licences,
    /// Allocations that it suspends.
    pub suspended: Vec<Allocation>,
    /// Allocations that it licenses again.
    pub resumed: Vec<Allocation>,
}

/// Whether an allocation counts now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AllocationState {
    /// The device is licensed.
    Licensed,
    /// Kept in order and not licensed, because the entitlement shrank; it resumes by itself.
    Suspended,
}

impl AllocationState {
    /// The stable name in API and CLI.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Licensed => "licensed",
            Self::Suspended => "suspended",
        }
    }
}

/// A bearer token as listed; its secret is told once and never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: Uuid,
    /// What its holder may do.
    pub role: Role,
    /// What it is for.
    pub label: String,
    /// When it was made, Unix time in milliseconds.
    pub created_at: i64,
}

/// A token just made.
#[derive(Clone, PartialEq, Eq)]
pub struct NewToken {
    /// As it will be listed.
    pub token: Token,
    /// What its holder sends; this is the only time it is known.
    pub secret: String,
}

/// Leaves the secret out: what is printed for debugging ends in logs.
impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// One entry of the append-only history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// When, Unix time in milliseconds.
    pub at: i64,
    /// Who, as [`Actor::as_str`].
    pub actor: String,
    /// What, a stable kebab-case name.
    pub kind: String,
    /// The facts of that kind.
    pub body: serde_json::Value,
    /// SHA-256 over the hash before it and this entry.
    pub hash: [u8; 32],
}
