//! One entry: what was asked, what was signed, and how the counts changed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::hex;

/// 32 bytes that name something: a nonce, a key's thumbprint, the identity of a licence or receipt. 64 hexadecimal
/// digits as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct Id(pub(crate) [u8; 32]);

/// What an entry is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A licence for a machine.
    Licence,
    /// A licence for devices.
    MacLicence,
    /// A licence with lower counts: the first phase of a return.
    ReturnOpened,
    /// The second phase: the difference is credited.
    ReturnConfirmed,
    /// A grant for a dongle.
    Update,
    /// A conversion through the desk.
    Converted,
    /// Channels of a dongle were returned, and are credited.
    Retired,
    /// A time token.
    Time,
    /// An instruction to a dongle.
    Instruction,
    /// A revocation list.
    Revocation,
    /// A product profile.
    Profile,
}

/// One entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// When, seconds since 1970.
    pub(crate) at: u64,
    /// What it is about.
    pub(crate) kind: Kind,
    /// Product id.
    pub(crate) product: String,
    /// Thumbprint of the key of the machine or dongle that holds what was issued.
    pub(crate) holder: Option<Id>,
    /// Host name or serial, for people.
    pub(crate) name: String,
    /// Customer, for people.
    pub(crate) customer: String,
    /// Nonce of the request that this answers.
    pub(crate) answers: Option<Id>,
    /// Licence or grant.
    pub(crate) issued: Option<Issued>,
    /// Licences and receipts that count no more.
    pub(crate) absorbs: Vec<Id>,
    /// Nonce that a confirmation must echo, or echoed.
    pub(crate) desk_nonce: Option<Id>,
    /// How the counts changed.
    pub(crate) changes: Vec<Change>,
    /// A dongle that proved itself.
    pub(crate) seen: Option<Seen>,
    /// Revision of a product profile.
    pub(crate) profile_revision: Option<u64>,
    /// What leaves, in armour; empty if nothing does.
    pub(crate) file: String,
}

/// A licence or grant that was signed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issued {
    /// Digest of the record.
    pub(crate) identity: Id,
    /// Revision.
    pub(crate) revision: u64,
}

/// Channels of one feature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// Feature id.
    pub(crate) feature: String,
    /// With the holder before.
    pub(crate) before: u64,
    /// And after.
    pub(crate) after: u64,
}

/// What a dongle proved.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    /// Its serial.
    pub(crate) serial: String,
    /// Thumbprint of its key.
    pub(crate) thumbprint: Id,
    /// Its counter.
    pub(crate) counter: u64,
}

impl Kind {
    /// Word for people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Licence => "licence",
            Self::MacLicence => "mac-licence",
            Self::ReturnOpened => "return-opened",
            Self::ReturnConfirmed => "return-confirmed",
            Self::Update => "update",
            Self::Converted => "converted",
            Self::Retired => "retired",
            Self::Time => "time",
            Self::Instruction => "instruction",
            Self::Revocation => "revocation",
            Self::Profile => "profile",
        }
    }
}

impl Entry {
    /// An entry that says nothing yet but its time and kind.
    pub(crate) fn new(at: u64, kind: Kind) -> Self {
        Self {
            at,
            kind,
            product: String::new(),
            holder: None,
            name: String::new(),
            customer: String::new(),
            answers: None,
            issued: None,
            absorbs: Vec::new(),
            desk_nonce: None,
            changes: Vec::new(),
            seen: None,
            profile_revision: None,
            file: String::new(),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.to_string()
    }
}

/// Not 64 hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("not 64 hexadecimal digits")]
pub(crate) struct NotAnId;

impl TryFrom<String> for Id {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        let mut id = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAnId);
        }
        for (byte, at) in id.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| NotAnId)?;
        }
        Ok(Self(id))
    }
}
