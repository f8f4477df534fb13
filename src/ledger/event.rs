//! What the history tells: each kind of entry with its facts. Rejections are not entries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::bytes::Bytes;

/// One thing that happened. Its name in the history is the kebab-case name of the variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    content = "body",
    rename_all = "kebab-case",
    deny_unknown_fields
)]
pub enum Event {
    /// The service started.
    ServiceStarted {
        /// Its version.
        version: String,
        /// Whether everything here is simulated.
        simulated: bool,
    },
    /// The arbiter came to another state.
    AuthenticationType {
        /// The state that was, as [`crate::arbiter::State::name`].
        was: String,
        /// The state from now on.
        now: String,
        /// The arbiter's event.
        because: String,
    },
    /// A dongle was opened and proved, or proved something new.
    DongleOpened {
        /// Its serial.
        serial: String,
        /// Thumbprint of its key, hex.
        thumbprint: String,
        /// Its monotonic counter.
        counter: u64,
        /// The grants it holds.
        grants: Vec<GrantMark>,
        /// How it compares with what this host saw of it before.
        seen: SeenBefore,
        /// What it showed, unless that was written down before: while it is away, this is what counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shown: Option<Shown>,
    },
    /// An opened dongle is gone or stopped proving itself.
    DongleLeft {
        /// Its serial.
        serial: String,
        /// Thumbprint of its key, hex.
        thumbprint: String,
    },
    /// The channels of a dongle that is away count for a limited time only, which has begun.
    GraceStarted {
        /// Its serial.
        serial: String,
        /// Thumbprint of its key, hex.
        thumbprint: String,
        /// How long they count, seconds.
        left_s: u64,
    },
    /// A dongle was away for too long: its channels do not count any more.
    GraceExhausted {
        /// Its serial.
        serial: String,
        /// Thumbprint of its key, hex.
        thumbprint: String,
    },
    /// A software licence was imported.
    LicenceImported {
        /// Its identity, hex.
        id: String,
        /// `licence` or `composite`.
        form: String,
        /// Its revision.
        revision: u64,
        /// Identities of what it replaces, hex: they never count again.
        absorbs: Vec<String>,
        /// The licence, as signed.
        record: Bytes,
    },
    /// Somebody accepted the terms of the product.
    TermsAccepted {
        /// Revision of the profile that they were in.
        profile_revision: u64,
        /// SHA-256 of their text, hex.
        digest: String,
    },
    /// A software licence was removed.
    LicenceRemoved {
        /// Its identity, hex.
        id: String,
    },
    /// This machine ceased to be the one that a licence is for, or is it again.
    LicenceMachine {
        /// Its identity, hex.
        id: String,
        /// Whether it holds.
        holds: bool,
        /// Weight of the recorded components that are here.
        matched: u32,
        /// Weight of all that were recorded.
        recorded: u32,
        /// Since when, Unix time in seconds.
        since: u64,
    },
    /// A request was made for the vendor's desk; its file left after this.
    RequestMade {
        /// SHA-256 of its nonce, hex.
        nonce: String,
        /// Its digest, hex.
        digest: String,
        /// What it is for, such as `update`.
        purpose: String,
        /// The name that was proposed for its file.
        file: String,
        /// Channels asked for, by feature.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        wanted: BTreeMap<String, u64>,
        /// Identities of the software licences in it, hex.
        licences: Vec<String>,
        /// Serials of the dongles that proved themselves in it.
        dongles: Vec<String>,
        /// Identities of the dongles' receipts in it that are for the desk, hex.
        receipts: Vec<String>,
        /// The return that it confirms: SHA-256 of the desk's nonce, hex.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        desk_nonce: Option<String>,
    },
    /// The vendor's desk answered a request of this host.
    RequestAnswered {
        /// SHA-256 of its nonce, hex.
        nonce: String,
        /// What answered it, such as `licence`.
        with: String,
    },
    /// A record of the vendor goes to a dongle.
    RecordSent(Posted),
    /// What a dongle made of a record.
    RecordAnswered {
        /// The record.
        sent: Posted,
        /// `taken`, `held` before, or the code of a refusal or a fault.
        outcome: String,
    },
    /// The vendor's word for what time it is was believed.
    TimeTokenTaken {
        /// The time from which on is counted, Unix time in seconds.
        at: u64,
        /// The nonce of this host that it answers, hex; without one it only raised the time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nonce: Option<String>,
        /// Digest of the token, hex.
        digest: String,
    },
    /// A list of revoked dongles is heeded from now on.
    RevocationTaken {
        /// Its number.
        epoch: u64,
        /// The list, as signed.
        record: Bytes,
    },
    /// Channels of a dongle are to be given away: written down before the dongle is asked.
    ConversionMeant {
        /// Names the request, here and in the receipt.
        id: Uuid,
        /// The dongle's serial.
        serial: String,
        /// Thumbprint of its key, hex.
        thumbprint: String,
        /// `convert-offline`, `convert-desk` or `retire`.
        gift: String,
        /// Where the channels go.
        goal: Goal,
        /// The name of that machine, if it is another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<String>,
        /// The order, as the dongle takes it.
        order: Bytes,
    },
    /// Nothing was given away, and will not be under this id.
    ConversionEnded {
        /// Names the request.
        id: Uuid,
        /// A refusal's code, or `cancelled`.
        because: String,
    },
    /// A dongle's receipt is kept: what it gave away is here from now on.
    ReceiptKept(Box<ReceiptKept>),
    /// The host's clock is not believed, or is believed again.
    Clock {
        /// `behind`, `ahead`, or `believed`.
        state: String,
        /// The time that lines are judged at, Unix time in seconds.
        believed: i64,
    },
    /// A device was given channels.
    Allocated {
        /// Id of the allocation.
        id: Uuid,
        /// The normalised device id.
        device: String,
        /// The feature.
        feature: String,
        /// The device's model, if it was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        /// Channels it costs.
        weight: u32,
        /// Its priority.
        #[serde(default, skip_serializing_if = "is_ordinary")]
        priority: i32,
        /// The line that the user named to pay for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<String>,
        /// When it ends unless it is renewed, Unix time in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<u64>,
    },
    /// An allocation lasts longer than was said.
    Renewed {
        /// Id of the allocation.
        id: Uuid,
        /// The normalised device id.
        device: String,
        /// The feature.
        feature: String,
        /// When it ends unless it is renewed again, Unix time in seconds; without it it does not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<u64>,
    },
    /// The user named the line that is to pay for an allocation, or no line any more.
    LineNamed {
        /// Id of the allocation.
        id: Uuid,
        /// The normalised device id.
        device: String,
        /// The feature.
        feature: String,
        /// Id of the line; without it the policy decides.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<String>,
    },
    /// A line was taken out of the pool: it pays for nothing.
    LineParked {
        /// Its id.
        line: String,
    },
    /// A parked line was put back into the pool.
    LineUnparked {
        /// Its id.
        line: String,
    },
    /// The user said which line pays first.
    PolicySet {
        /// The policy that was.
        was: String,
        /// The policy from now on.
        now: String,
    },
    /// An allocation was given another priority.
    PrioritySet {
        /// Id of the allocation.
        id: Uuid,
        /// The normalised device id.
        device: String,
        /// The feature.
        feature: String,
        /// The priority it had.
        was: i32,
        /// The priority it has from now on.
        now: i32,
    },
    /// An allocation went from one device to another, or its device turned out to be of another
    /// model.
    Moved {
        /// Id of the allocation.
        id: Uuid,
        /// The feature.
        feature: String,
        /// The normalised id of the device that had it.
        was: String,
        /// The normalised id of the device that has it from now on.
        now: String,
        /// The new device's model, if it was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        /// Channels it costs from now on.
        weight: u32,
    },
    /// A device gave its channels back.
    Released {
        /// Id of the allocation.
        id: Uuid,
        /// The normalised device id.
        device: String,
        /// The feature.
        feature: String,
        /// Channels it gave back.
        weight: u32,
        /// Why.
        #[serde(default, skip_serializing_if = "Why::is_asked")]
        because: Why,
    },
    /// A bearer token was made.
    TokenCreated {
        /// Its id.
        id: Uuid,
        /// What its holder may do.
        role: String,
        /// What it is for.
        label: String,
        /// SHA-256 of its secret, hex.
        digest: String,
    },
    /// A bearer token was taken back.
    TokenRevoked {
        /// Its id.
        id: Uuid,
    },
}

/// A record of the vendor for a dongle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posted {
    /// What it is: `grant`, `reset-owner-code`, `recycle`, …
    pub what: String,
    /// Serial of the dongle.
    pub serial: String,
    /// Thumbprint of its key, hex.
    pub thumbprint: String,
    /// Revision of a grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// Digest of the record, hex.
    pub digest: String,
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

impl Goal {
    /// The stable name in API and history.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ThisMachine => "this-machine",
            Self::OtherMachine => "other-machine",
            Self::Desk => "desk",
        }
    }
}

/// A dongle's receipt, with all that it takes to believe it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptKept {
    /// Its identity, hex.
    pub id: String,
    /// The request that it answers.
    pub request: Uuid,
    /// The dongle's serial.
    pub serial: String,
    /// Thumbprint of its key, hex.
    pub thumbprint: String,
    /// `convert-offline`, `convert-desk` or `retire`.
    pub gift: String,
    /// The dongle's counter when it gave.
    pub counter: u64,
    /// The product.
    pub product: String,
    /// What was given away of each line.
    pub given: Vec<Given>,
    /// Where the channels go.
    pub goal: Goal,
    /// The name of that machine, if it is another one and known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Whether this host asked for it or is who it is for: then the dongle is told that it is kept.
    pub ours: bool,
    /// The receipt, as signed.
    pub receipt: Bytes,
    /// The grant that it came from, as signed.
    pub grant: Bytes,
    /// The certificates of the dongle and of the factory, DER.
    pub chain: [Bytes; 2],
}

/// What was given away of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// Line id.
    pub line: u32,
    /// What it counts.
    pub feature: String,
    /// Given away before, in channels.
    pub before: u64,
    /// Given away with it.
    pub after: u64,
}

impl Given {
    /// Channels that the receipt stands for.
    #[must_use]
    pub const fn channels(&self) -> u64 {
        self.after.saturating_sub(self.before)
    }
}

/// Why an allocation was released.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Somebody asked for it.
    #[default]
    Asked,
    /// It was made for a time, which passed.
    Expired,
}

impl Why {
    const fn is_asked(&self) -> bool {
        matches!(self, Self::Asked)
    }
}

/// What a dongle showed, as signed: to be verified again before it is believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// Wire code of the proof's kind.
    pub kind: u8,
    /// The proof.
    pub proof: Bytes,
    /// Its certificate and the factory's, DER.
    pub chain: [Bytes; 2],
    /// Its grants.
    pub grants: Vec<Bytes>,
}

/// The priority of whatever nobody gave one.
const fn is_ordinary(priority: &i32) -> bool {
    *priority == 0
}

/// One grant a dongle holds, as the host remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantMark {
    /// The product.
    pub product: String,
    /// The revision.
    pub revision: u64,
}

/// How a dongle compares with what this host remembers of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeenBefore {
    /// This host never saw its key.
    Never,
    /// As it was.
    Same,
    /// Further than this host remembers: it was used elsewhere, or this host was restored.
    Ahead,
}
