//! The first byte of every reply: what the dongle did, or which of its rules said no.

/// Status of a reply. The codes are wire bytes and never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Done.
    Ok,
    /// The request is not the CBOR that this command takes.
    Malformed,
    /// Not in this lifecycle.
    WrongLifecycle,
    /// `open` on a channel that has not said hello since the last reset.
    HelloFirst,
    /// No protocol version in common.
    VersionUnsupported,
    /// Another host holds the lease; the body says since when.
    Busy,
    /// The command needs a session and this channel has none.
    NoSession,
    /// The MAC of a session command is wrong.
    MacInvalid,
    /// The sequence number of a session command does not rise.
    SequenceStale,
    /// There is no such item.
    NoSuchItem,
    /// A signature is not what its key would make.
    SignatureInvalid,
    /// A certificate chain does not lead to the trust anchor, or breaks a rule on its way.
    ChainInvalid,
    /// The signer's role may not sign this.
    RoleNotAllowed,
    /// A record is not one of ours, or breaks its own format.
    RecordInvalid,
    /// The record is for another dongle.
    WrongHolder,
    /// The revision leaves one out.
    WrongRevision,
    /// A count would fall below what was given away or granted.
    BelowGivenAway,
    /// A line has an id that went before.
    LineIdReused,
    /// No room.
    NoRoom,
    /// The revision is held already, or went before.
    RevisionHeld,
    /// The dongle's counter is not the one that the request or the instruction was made for.
    Stale,
    /// The grant may not be converted this way.
    ConvertNotAllowed,
    /// Fewer channels are left on a line than were asked for.
    NotEnough,
    /// Every receipt in the ring waits to be acknowledged; nothing was lowered.
    ReceiptsFull,
    /// The request id was used for something else.
    RequestReused,
    /// Receipts that are not acknowledged stand in the way.
    ReceiptsOpen,
    /// The certificate is for another key.
    KeyMismatch,
    /// The serial is not the certificate's.
    SerialMismatch,
    /// May no longer be done.
    TooLate,
    /// A public key is not a point of the curve.
    PointInvalid,
    /// The owner proof is wrong; the body says how many tries are left.
    OwnerProofWrong,
    /// No tries are left: only an issuer's instruction makes a new owner code.
    OwnerLocked,
    /// The signer's certificate was revoked by the vendor's root.
    Revoked,
    /// The host took the request back before anything was done.
    Cancelled,
    /// Nobody confirmed at the dongle's button; nothing was lowered.
    NotConfirmed,
    /// The flash failed. After a restart the dongle is as it was before the command, or as it is after it.
    StorageFailed,
    /// The random source failed its health test; nothing was changed.
    RandomFailed,
    /// A code from a newer dongle.
    Unknown(u8),
}

/// Every known status with its code.
const CODES: [(Status, u8); 37] = [
    (Status::Ok, 0x00),
    (Status::Malformed, 0x01),
    (Status::WrongLifecycle, 0x02),
    (Status::HelloFirst, 0x03),
    (Status::VersionUnsupported, 0x04),
    (Status::Busy, 0x05),
    (Status::NoSession, 0x06),
    (Status::MacInvalid, 0x07),
    (Status::SequenceStale, 0x08),
    (Status::NoSuchItem, 0x09),
    (Status::SignatureInvalid, 0x10),
    (Status::ChainInvalid, 0x11),
    (Status::RoleNotAllowed, 0x12),
    (Status::RecordInvalid, 0x13),
    (Status::WrongHolder, 0x14),
    (Status::WrongRevision, 0x15),
    (Status::BelowGivenAway, 0x16),
    (Status::LineIdReused, 0x17),
    (Status::NoRoom, 0x18),
    (Status::RevisionHeld, 0x19),
    (Status::Stale, 0x1A),
    (Status::ConvertNotAllowed, 0x1B),
    (Status::NotEnough, 0x1C),
    (Status::ReceiptsFull, 0x1D),
    (Status::RequestReused, 0x1E),
    (Status::ReceiptsOpen, 0x1F),
    (Status::KeyMismatch, 0x20),
    (Status::SerialMismatch, 0x21),
    (Status::TooLate, 0x22),
    (Status::PointInvalid, 0x23),
    (Status::OwnerProofWrong, 0x24),
    (Status::OwnerLocked, 0x25),
    (Status::Revoked, 0x26),
    (Status::Cancelled, 0x27),
    (Status::NotConfirmed, 0x28),
    (Status::StorageFailed, 0x30),
    (Status::RandomFailed, 0x31),
];

impl Status {
    /// The status with this wire code.
    #[must_use]
    pub fn from_code(code: u8) -> Self {
        CODES
            .iter()
            .find(|(_, known)| *known == code)
            .map_or(Self::Unknown(code), |(status, _)| *status)
    }

    /// Wire code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Unknown(code) => code,
            known => CODES
                .iter()
                .find(|(status, _)| *status == known)
                .map_or(0xFF, |(_, code)| *code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back_as_itself() {
        for code in 0..=u8::MAX {
            assert_eq!(Status::from_code(code).code(), code);
        }
    }
}
