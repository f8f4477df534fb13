//! Why a software licence counts for nothing here.

use tallykey_protocol::composite::CompositeError;
use tallykey_protocol::issued::IssuedError;
use thiserror::Error;

use crate::licence::SupportClass;
use crate::licence::machine_binding::BadBinding;

/// A rule said no to a software licence. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LicenceRefusal {
    /// It is not of the vendor this host trusts.
    #[error("it is not the vendor's: {problem}")]
    NotVendors {
        /// What the verifier said.
        problem: IssuedError,
    },
    /// The dongle's receipt in it does not lead from a grant of the vendor to these counts.
    #[error("its parts do not make a licence: {problem}")]
    NotConverted {
        /// What the verifier said.
        problem: CompositeError,
    },
    /// It came from a simulated dongle, and those count for nothing here.
    #[error("it came from a simulated dongle")]
    Simulated,
    /// It is for another product.
    #[error("it is for {product}, and this host serves {ours}")]
    OtherProduct {
        /// The product it is for.
        product: String,
        /// The product of this host.
        ours: String,
    },
    /// It wants a newer product profile.
    #[error("it needs revision {needed} of the product profile and this host has {loaded}")]
    ProfileTooOld {
        /// The least revision.
        needed: u64,
        /// The revision this host has.
        loaded: u64,
    },
    /// It is for another machine, or this one changed too much.
    #[error(
        "it is for another machine: components of weight {matched} of {recorded} are here, and one that identifies it has to be among 60 %"
    )]
    OtherMachine {
        /// Weight of the recorded components that are here.
        matched: u32,
        /// Weight of all that were recorded.
        recorded: u32,
    },
    /// It is bound in a way that fits too many machines.
    #[error(transparent)]
    BadBinding {
        /// What is wrong.
        problem: BadBinding,
    },
    /// The dongle that made it is revoked, and made it later than the vendor stands by it.
    #[error("its dongle is revoked above its counter {last}, and this is {counter}")]
    Revoked {
        /// The dongle's counter when it gave.
        counter: u64,
        /// The last counter honoured.
        last: u64,
    },
    /// A later licence replaced it.
    #[error("licence {by} replaced it")]
    Absorbed {
        /// The one that did, hex.
        by: String,
    },
}

impl LicenceRefusal {
    /// The stable code a program matches on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotVendors { .. } => "wrong-vendor",
            Self::NotConverted { .. } => "not-converted",
            Self::Simulated => "simulator-refused",
            Self::OtherProduct { .. } => "other-product",
            Self::ProfileTooOld { .. } => "profile-too-old",
            Self::OtherMachine { .. } => "other-machine",
            Self::BadBinding { problem } => problem.code(),
            Self::Revoked { .. } => "revoked",
            Self::Absorbed { .. } => "licence-absorbed",
        }
    }

    /// The support class it belongs to.
    #[must_use]
    pub const fn class(&self) -> SupportClass {
        match self {
            Self::NotVendors { .. } | Self::NotConverted { .. } | Self::Revoked { .. } => {
                SupportClass::DamagedFile
            }
            Self::Simulated
            | Self::OtherProduct { .. }
            | Self::ProfileTooOld { .. }
            | Self::Absorbed { .. } => SupportClass::WrongProcedure,
            Self::OtherMachine { .. } => SupportClass::Migration,
            Self::BadBinding { problem } => problem.class(),
        }
    }

    /// What to do next, as one sentence to a person.
    #[must_use]
    pub fn next(&self) -> String {
        match self {
            Self::NotVendors { .. } | Self::NotConverted { .. } => {
                "import the file as the vendor delivered it, whole and unchanged".into()
            }
            Self::Simulated => "import a licence of a real dongle".into(),
            Self::OtherProduct { .. } => "import it on a host of that product".into(),
            Self::ProfileTooOld { needed, .. } => {
                format!("start the service with revision {needed} or later of the product profile")
            }
            Self::OtherMachine { .. } => {
                "import it on the machine that its request was made on, or ask the vendor to repair it for this one".into()
            }
            Self::BadBinding { problem } => problem.next().into(),
            Self::Revoked { .. } => "find out where the dongle was, and ask the vendor".into(),
            Self::Absorbed { .. } => "nothing: what it gave is in the licence that replaced it".into(),
        }
    }
}
