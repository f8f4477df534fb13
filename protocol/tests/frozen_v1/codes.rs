//! Every number that has a meaning of its own.

use tallykey_protocol::command::Command;
use tallykey_protocol::cose::Typ;
use tallykey_protocol::frame::{ErrorCode, capability, command, keepalive};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::status::Status;
use tallykey_protocol::{proof, receipt};

#[test]
fn statuses() {
    for (code, status) in [
        (0x00, Status::Ok),
        (0x01, Status::Malformed),
        (0x02, Status::WrongLifecycle),
        (0x03, Status::HelloFirst),
        (0x04, Status::VersionUnsupported),
        (0x05, Status::Busy),
        (0x06, Status::NoSession),
        (0x07, Status::MacInvalid),
        (0x08, Status::SequenceStale),
        (0x09, Status::NoSuchItem),
        (0x10, Status::SignatureInvalid),
        (0x11, Status::ChainInvalid),
        (0x12, Status::RoleNotAllowed),
        (0x13, Status::RecordInvalid),
        (0x14, Status::WrongHolder),
        (0x15, Status::WrongRevision),
        (0x16, Status::BelowGivenAway),
        (0x17, Status::LineIdReused),
        (0x18, Status::NoRoom),
        (0x19, Status::RevisionHeld),
        (0x1A, Status::Stale),
        (0x1B, Status::ConvertNotAllowed),
        (0x1C, Status::NotEnough),
        (0x1D, Status::ReceiptsFull),
        (0x1E, Status::RequestReused),
        (0x1F, Status::ReceiptsOpen),
        (0x20, Status::KeyMismatch),
        (0x21, Status::SerialMismatch),
        (0x22, Status::TooLate),
        (0x23, Status::PointInvalid),
        (0x24, Status::OwnerProofWrong),
        (0x25, Status::OwnerLocked),
        (0x26, Status::Revoked),
        (0x27, Status::Cancelled),
        (0x28, Status::NotConfirmed),
        (0x30, Status::StorageFailed),
        (0x31, Status::RandomFailed),
    ] {
        assert_eq!((Status::from_code(code), status.code()), (status, code));
    }
}

#[test]
fn commands() {
    for (code, command) in [
        (0x40, Command::Hello),
        (0x41, Command::Certificate),
        (0x42, Command::Open),
        (0x43, Command::Heartbeat),
        (0x44, Command::Prove),
        (0x45, Command::Grant),
        (0x46, Command::Receipt),
        (0x47, Command::Update),
        (0x48, Command::Convert),
        (0x49, Command::Retire),
        (0x4A, Command::Acknowledge),
        (0x4B, Command::Close),
        (0x4C, Command::Instruct),
        (0x4D, Command::Time),
        (0x4E, Command::Revoke),
        (0x4F, Command::SelfTest),
        (0x50, Command::MakeKey),
        (0x51, Command::Certify),
        (0x52, Command::Personalise),
        (0x53, Command::Seal),
    ] {
        assert_eq!(
            (Command::from_code(code), command.code()),
            (Some(command), code)
        );
        let in_session = (0x43..=0x4E).contains(&code);
        assert_eq!(command.in_session(), in_session, "{command:?}");
    }
}

#[test]
fn framing() {
    let commands = [
        (command::PING, 0x01),
        (command::LOCK, 0x04),
        (command::INIT, 0x06),
        (command::WINK, 0x08),
        (command::CANCEL, 0x11),
        (command::KEEPALIVE, 0x3B),
        (command::ERROR, 0x3F),
        (command::VENDOR_FIRST, 0x40),
        (command::VENDOR_LAST, 0x7F),
        (keepalive::PROCESSING, 1),
        (keepalive::UP_NEEDED, 2),
        (capability::WINK, 0x01),
        (capability::NO_MSG, 0x08),
    ];
    assert!(
        commands.iter().all(|(code, frozen)| code == frozen),
        "{commands:02X?}"
    );
    for (byte, error) in [
        (0x01, ErrorCode::InvalidCommand),
        (0x02, ErrorCode::InvalidParameter),
        (0x03, ErrorCode::InvalidLength),
        (0x04, ErrorCode::InvalidSequence),
        (0x05, ErrorCode::MessageTimeout),
        (0x06, ErrorCode::ChannelBusy),
        (0x0B, ErrorCode::InvalidChannel),
        (0x7F, ErrorCode::Other),
    ] {
        assert_eq!((ErrorCode::from_byte(byte), error.byte()), (error, byte));
    }
}

#[test]
fn lifecycles_and_kinds() {
    for (code, lifecycle) in [
        (0, Lifecycle::Blank),
        (1, Lifecycle::Personalised),
        (2, Lifecycle::Sealed),
        (3, Lifecycle::Retired),
    ] {
        assert_eq!(
            (Lifecycle::from_code(code), lifecycle.code()),
            (Some(lifecycle), code)
        );
    }
    for (code, kind, typ) in [
        (1, proof::Kind::Open, Typ::OpenProof),
        (2, proof::Kind::Attest, Typ::AttestProof),
        (3, proof::Kind::Request, Typ::RequestProof),
        (4, proof::Kind::State, Typ::StateProof),
    ] {
        assert_eq!(
            (proof::Kind::from_code(code), kind.code(), kind.typ()),
            (Some(kind), code, typ)
        );
    }
    for (code, kind) in [
        (1, receipt::Kind::ConvertOffline),
        (2, receipt::Kind::ConvertDesk),
        (3, receipt::Kind::Retire),
    ] {
        assert_eq!(
            (receipt::Kind::from_code(code), kind.code()),
            (Some(kind), code)
        );
    }
}
