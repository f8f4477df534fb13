//! Why channels are not given away.

use thiserror::Error;
use uuid::Uuid;

use crate::licence::SupportClass;

/// A rule said no to a conversion or a return. Nothing was lowered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConversionRefusal {
    /// The dongle has nothing that is not given away.
    #[error("the dongle {serial} is empty: it has no channel of this product to give")]
    Empty {
        /// Its serial.
        serial: String,
    },
    /// No dongle is open.
    #[error("no dongle is plugged in and open")]
    NoDongle,
    /// Several dongles have something to give and none is named.
    #[error("{} dongles have channels to give: {}", serials.len(), serials.join(", "))]
    WhichDongle {
        /// Their serials.
        serials: Vec<String>,
    },
    /// The vendor granted the channels for the dongle alone.
    #[error("the vendor does not allow the channels of this dongle to be converted")]
    NotAllowed,
    /// Nothing is asked for.
    #[error("nothing is asked for: no channel would be given away")]
    Nothing,
    /// The dongle has fewer than are asked for.
    #[error("{wanted} channel(s) of {of} are asked for and the dongle has {there}")]
    NotEnough {
        /// The feature or line.
        of: String,
        /// Channels asked for.
        wanted: u64,
        /// Channels there are.
        there: u64,
    },
    /// A part would stay in the dongle, and count for nothing beside the licence.
    #[error(
        "a part would stay in the dongle and count for nothing: on one machine, dongle and software licence exclude each other"
    )]
    NotAll,
    /// The request file is of no use.
    #[error("the request file is not usable: {problem}")]
    BadRequest {
        /// What is wrong with it.
        problem: String,
    },
    /// The request is for another product.
    #[error("the request is for {product}, and this host serves {ours}")]
    OtherProduct {
        /// The product that it is for.
        product: String,
        /// The product of this host.
        ours: String,
    },
    /// Another conversion of that dongle is under way.
    #[error("another conversion of this dongle, {id}, was begun and has not ended")]
    UnderWay {
        /// Its id.
        id: Uuid,
    },
    /// No conversion of that id is known.
    #[error("there is no conversion {id}")]
    NoSuch {
        /// The id asked for.
        id: Uuid,
    },
    /// It is done and cannot be taken back.
    #[error("the conversion {id} is done: the channels have left the dongle")]
    Done {
        /// Its id.
        id: Uuid,
    },
    /// No owner code came with the request.
    #[error("the dongle's owner code is needed")]
    CodeNeeded,
    /// What came cannot be an owner code.
    #[error("that is no owner code: one has 16 letters and digits from 2 to 7")]
    NoCode,
    /// The owner code is wrong.
    #[error("the owner code is wrong; {left} tries are left")]
    WrongCode {
        /// Codes that may still be tried.
        left: u8,
    },
    /// No tries are left.
    #[error("the dongle is locked: too many wrong owner codes")]
    Locked,
    /// Nobody pressed the dongle's button.
    #[error("nobody confirmed at the dongle's button in time")]
    NotConfirmed,
    /// The ring of receipts is full of ones that no host keeps.
    #[error("the dongle has no room for another receipt: none of those in it is acknowledged")]
    ReceiptsFull,
    /// The dongle changed since it was last asked.
    #[error("the dongle changed since its counts were shown")]
    Stale,
    /// The dongle has a rule against it that this host does not know.
    #[error("the dongle refuses: {status}")]
    ByDongle {
        /// What it answered.
        status: String,
    },
}

impl ConversionRefusal {
    /// The stable code a program matches on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty { .. } => "dongle-empty",
            Self::NoDongle => "no-dongle",
            Self::WhichDongle { .. } => "which-dongle",
            Self::NotAllowed => "convert-not-allowed",
            Self::Nothing => "nothing-to-convert",
            Self::NotEnough { .. } => "not-enough",
            Self::NotAll => "convert-all-here",
            Self::BadRequest { .. } => "bad-request-file",
            Self::OtherProduct { .. } => "request-other-product",
            Self::UnderWay { .. } => "conversion-under-way",
            Self::NoSuch { .. } => "no-such-conversion",
            Self::Done { .. } => "conversion-done",
            Self::CodeNeeded => "owner-code-needed",
            Self::NoCode => "bad-owner-code",
            Self::WrongCode { .. } => "owner-code-wrong",
            Self::Locked => "owner-locked",
            Self::NotConfirmed => "not-confirmed",
            Self::ReceiptsFull => "receipts-full",
            Self::Stale => "dongle-changed",
            Self::ByDongle { .. } => "refused-by-dongle",
        }
    }

    /// The support class it belongs to.
    #[must_use]
    pub const fn class(&self) -> SupportClass {
        match self {
            Self::Empty { .. } | Self::NotEnough { .. } => SupportClass::TooFewLicences,
            Self::NoDongle => SupportClass::NotDelivered,
            Self::OtherProduct { .. } => SupportClass::Migration,
            Self::BadRequest { .. } => SupportClass::DamagedFile,
            _ => SupportClass::WrongProcedure,
        }
    }

    /// What to do next, as one sentence to a person.
    #[must_use]
    pub fn next(&self) -> String {
        match self {
            Self::Empty { .. } => {
                "nothing is wrong with it: see where its channels went with `tallykey conversions`".into()
            }
            Self::NoDongle => "plug it in, and do what the status says about it".into(),
            Self::WhichDongle { .. } => "name one of them".into(),
            Self::NotAllowed => {
                "leave them in the dongle, which can be plugged in anywhere, or ask the vendor".into()
            }
            Self::Nothing => "say how many channels of what, or leave it out to give all".into(),
            Self::NotEnough { .. } => "ask for no more than there are".into(),
            Self::NotAll => {
                "convert everything, or give the part to another machine by its request file".into()
            }
            Self::BadRequest { .. } => "make a new request on that machine and bring the file unchanged".into(),
            Self::OtherProduct { .. } => "make the request on a host of the same product".into(),
            Self::UnderWay { id } => {
                format!("ask for the same again to finish it, or cancel it with `tallykey conversions cancel {id}`")
            }
            Self::NoSuch { .. } => "list the conversions to find the id".into(),
            Self::Done { .. } => "use the licence; it can be returned to the vendor".into(),
            Self::CodeNeeded | Self::NoCode => {
                "give the owner code on the slip that came with the dongle".into()
            }
            Self::WrongCode { left: 0 } | Self::Locked => {
                "ask the vendor for an instruction that makes a new owner code, with a request file".into()
            }
            Self::WrongCode { .. } => "read the slip once more: a wrong code costs a try".into(),
            Self::NotConfirmed => "ask again and press the button while the dongle blinks".into(),
            Self::ReceiptsFull => {
                "plug the dongle into the hosts that asked for them, or acknowledge them with `tallykey conversions acknowledge`".into()
            }
            Self::Stale => "look at the counts and ask again".into(),
            Self::ByDongle { .. } => "update this service, or ask the vendor".into(),
        }
    }
}
