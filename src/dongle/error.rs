//! One fault for each way a dongle can be wrong.

use tallykey_protocol::cbor::Malformed;
use tallykey_protocol::cert::CertError;
use tallykey_protocol::command::Command;
use tallykey_protocol::cose::CoseError;
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::session::MacError;
use tallykey_protocol::status::Status;

use super::link::LinkError;
use super::random::NoRandom;
use crate::usb::UsbError;

/// Why a dongle gives nothing. [`Fault::code`] is stable; the text says what happened and
/// [`Fault::next`] what to do. Whatever a text takes from the dongle has been checked for control
/// characters and length before.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The operating system does not let us at it.
    #[error("the dongle at {place} is there, but this service may not open it")]
    NoPermission {
        /// The device node.
        place: String,
    },
    /// Nothing answers there, or no longer.
    #[error("there is no dongle at {place}")]
    NotFound {
        /// Where it was looked for.
        place: String,
    },
    /// It has not been through the factory.
    #[error("the dongle is {}: the factory has not finished it", lifecycle.name())]
    NotProvisioned {
        /// How far it is.
        lifecycle: Lifecycle,
    },
    /// Its certificates end at another root than the pinned one.
    #[error("the dongle{} belongs to another vendor", named(serial))]
    WrongVendor {
        /// The serial that it claims.
        serial: Option<String>,
        /// Identifier of the other root's key, as the chain claims it.
        authority: [u8; 20],
    },
    /// A simulated dongle where only real ones count.
    #[error(
        "the dongle{} is simulated, and this service counts only real ones",
        named(serial)
    )]
    SimulatorRefused {
        /// The serial that it claims.
        serial: Option<String>,
    },
    /// Its certificates do not hold.
    #[error("the dongle's certificates do not hold: {source}")]
    ChainInvalid {
        /// What is wrong with them.
        source: BadChain,
    },
    /// What it signed or authenticated does not hold.
    #[error("the dongle's proof does not hold: {source}")]
    ProofInvalid {
        /// What is wrong with it.
        source: BadProof,
    },
    /// Another host has the lease.
    #[error("the dongle is in use by another host since {} s", age_ms / 1000)]
    Busy {
        /// Age of the other lease, ms.
        age_ms: u64,
    },
    /// Its firmware speaks only protocols that are too old.
    #[error("the dongle's firmware speaks protocol {speaks}, and {needed} is needed")]
    FirmwareTooOld {
        /// The newest version it speaks.
        speaks: u8,
        /// The oldest version this host speaks.
        needed: u8,
    },
    /// Its firmware speaks only protocols that are too new.
    #[error("the dongle's firmware needs protocol {needed}, and this service speaks {speaks}")]
    HostTooOld {
        /// The oldest version it speaks.
        needed: u8,
        /// The newest version this host speaks.
        speaks: u8,
    },
    /// The way to it failed; the next look tries again.
    #[error("the dongle cannot be talked to: {source}")]
    Io {
        /// What failed.
        source: Trouble,
    },
}

/// What is wrong with a dongle's certificates.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadChain {
    /// A certificate, or its way to the root.
    #[error(transparent)]
    Certificate(#[from] CertError),
    /// The reply that brings them.
    #[error(transparent)]
    Reply(#[from] Malformed),
    /// There is none.
    #[error("it has none")]
    Absent,
    /// The digest that was sent is not the leaf's.
    #[error("their digest is another one")]
    Digest,
    /// The leaf is for another serial than the dongle says.
    #[error("they are for another serial")]
    Serial,
}

/// What is wrong with a proof, or with a message under the session's keys.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// The signed record.
    #[error(transparent)]
    Record(#[from] CoseError),
    /// The reply that brings it.
    #[error(transparent)]
    Reply(#[from] Malformed),
    /// The message authentication.
    #[error(transparent)]
    Mac(#[from] MacError),
    /// It does not answer our nonce.
    #[error("it answers another nonce, as a recorded one would")]
    Nonce,
    /// It is over another exchange than ours.
    #[error("it is over another exchange than this one")]
    Transcript,
    /// The dongle's ephemeral key is no point of the curve.
    #[error("the dongle's session key is not a point of the curve")]
    Point,
    /// A field that differs from what the dongle said or proved before.
    #[error("its {what} is not what the dongle said before")]
    Differs {
        /// The field.
        what: &'static str,
    },
    /// The counter went down within a session.
    #[error("its counter fell from {from} to {to}")]
    CounterFell {
        /// What it was.
        from: u64,
        /// What it is.
        to: u64,
    },
    /// The sequence number is not that of the request.
    #[error("an answer carries number {came} where {due} was due")]
    Sequence {
        /// Number of the request.
        due: u64,
        /// Number of the answer.
        came: u64,
    },
    /// A grant that is not the one whose digest was proved.
    #[error("grant {index} is not the one that was proved")]
    Grant {
        /// Its place in the proof.
        index: usize,
    },
}

/// What failed on the way to a dongle.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Bus, time or framing.
    #[error(transparent)]
    Link(LinkError),
    /// It refused a command that it should take.
    #[error("it refused the command {command:?} with {status:?}")]
    Refused {
        /// The command.
        command: Command,
        /// What it answered.
        status: Status,
    },
    /// The owner code is not its own; nothing was changed but the number of tries left.
    #[error("the owner code is wrong; {left} tries are left")]
    OwnerCode {
        /// Codes that may still be tried.
        left: u8,
    },
    /// It answered something that is no reply.
    #[error("its answer to the command {command:?} is not readable: {source}")]
    Reply {
        /// The command.
        command: Command,
        /// What is wrong with the bytes.
        source: Malformed,
    },
    /// The operating system gave no random bytes.
    #[error(transparent)]
    Random(#[from] NoRandom),
    /// A request did not fit a message.
    #[error("a request did not fit one message")]
    Full,
    /// A thread of this service ended by a defect.
    #[error("the service's own watch over it stopped; please report this")]
    Stopped,
}

impl Fault {
    /// The stable code, kebab-case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoPermission { .. } => "no-permission",
            Self::NotFound { .. } => "not-found",
            Self::NotProvisioned { .. } => "not-provisioned",
            Self::WrongVendor { .. } => "wrong-vendor",
            Self::SimulatorRefused { .. } => "simulator-refused",
            Self::ChainInvalid { .. } => "chain-invalid",
            Self::ProofInvalid { .. } => "proof-invalid",
            Self::Busy { .. } => "busy",
            Self::FirmwareTooOld { .. } => "firmware-too-old",
            Self::HostTooOld { .. } => "host-too-old",
            Self::Io { .. } => "io",
        }
    }

    /// What a person can do about it, a sentence.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::NoPermission { .. } => {
                "Install the udev rule 70-tallykey.rules and plug the dongle in again, or run the \
                 service as a member of its group."
            }
            Self::NotFound { .. } => "Plug the dongle in, or start the simulator there.",
            Self::NotProvisioned { .. } => "Have the vendor's factory provision it.",
            Self::WrongVendor { .. } => {
                "Use a dongle of this product's vendor, or start the service with that vendor's \
                 trust bundle."
            }
            Self::SimulatorRefused { .. } => {
                "For a test, start the service with --simulate; otherwise use a real dongle."
            }
            Self::ChainInvalid { .. } | Self::ProofInvalid { .. } => {
                "Do not rely on this dongle; send it to the vendor with this message."
            }
            Self::Busy { .. } => {
                "Stop the service on the other host or unplug the dongle there; its lease ends \
                 15 s later."
            }
            Self::FirmwareTooOld { .. } => "Ask the vendor for a dongle with newer firmware.",
            Self::HostTooOld { .. } => "Update this service.",
            Self::Io { .. } => "It is tried again by itself; if it stays so, plug it in again.",
        }
    }
}

impl From<LinkError> for Fault {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Usb(UsbError::NoPermission { place, .. }) => Self::NoPermission { place },
            LinkError::Usb(UsbError::Gone { place }) => Self::NotFound { place },
            error => Self::Io {
                source: Trouble::Link(error),
            },
        }
    }
}

impl From<UsbError> for Fault {
    fn from(error: UsbError) -> Self {
        LinkError::Usb(error).into()
    }
}

impl From<Trouble> for Fault {
    fn from(source: Trouble) -> Self {
        Self::Io { source }
    }
}

impl From<NoRandom> for Fault {
    fn from(error: NoRandom) -> Self {
        Trouble::Random(error).into()
    }
}

impl From<BadChain> for Fault {
    fn from(source: BadChain) -> Self {
        Self::ChainInvalid { source }
    }
}

impl From<BadProof> for Fault {
    fn from(source: BadProof) -> Self {
        Self::ProofInvalid { source }
    }
}

fn named(serial: &Option<String>) -> String {
    serial
        .as_ref()
        .map_or_else(String::new, |s| format!(" {s}"))
}
