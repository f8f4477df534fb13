//! What can be wrong with a frame, as the wire says it and as the host reads it.

use core::fmt;

use super::{command, packet};
use crate::limits::MESSAGE_MAX;
use crate::report::Report;

/// The byte of an ERROR packet (CTAP 2.1 §11.2.9.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// 0x01: the command is not one of this device.
    InvalidCommand,
    /// 0x02: a parameter of the request is wrong.
    InvalidParameter,
    /// 0x03: the length is wrong for the command, or above 7,609.
    InvalidLength,
    /// 0x04: a packet came out of order.
    InvalidSequence,
    /// 0x05: the message was not completed in time.
    MessageTimeout,
    /// 0x06: another channel's message is under way.
    ChannelBusy,
    /// 0x0b: the channel was not given out by this device since its last reset.
    InvalidChannel,
    /// 0x7f: anything else.
    Other,
    /// A code of a later standard, kept as it came.
    Unknown(u8),
}

impl ErrorCode {
    /// The byte on the wire.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::InvalidCommand => 0x01,
            Self::InvalidParameter => 0x02,
            Self::InvalidLength => 0x03,
            Self::InvalidSequence => 0x04,
            Self::MessageTimeout => 0x05,
            Self::ChannelBusy => 0x06,
            Self::InvalidChannel => 0x0b,
            Self::Other => 0x7f,
            Self::Unknown(byte) => byte,
        }
    }

    /// Reads the byte; one that is not known is kept.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        match byte {
            0x01 => Self::InvalidCommand,
            0x02 => Self::InvalidParameter,
            0x03 => Self::InvalidLength,
            0x04 => Self::InvalidSequence,
            0x05 => Self::MessageTimeout,
            0x06 => Self::ChannelBusy,
            0x0b => Self::InvalidChannel,
            0x7f => Self::Other,
            byte => Self::Unknown(byte),
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidCommand => "invalid command",
            Self::InvalidParameter => "invalid parameter",
            Self::InvalidLength => "invalid length",
            Self::InvalidSequence => "packet out of order",
            Self::MessageTimeout => "message not completed in time",
            Self::ChannelBusy => "busy with another channel",
            Self::InvalidChannel => "channel not known",
            Self::Other => "unspecified error",
            Self::Unknown(byte) => return write!(f, "error code {byte:#04x}"),
        })
    }
}

/// The ERROR packet that says `code` on `channel`.
#[must_use]
pub fn error_report(channel: u32, code: ErrorCode) -> Report {
    packet::start(channel, command::ERROR, 1, &[code.byte()]).0
}

/// The KEEPALIVE packet of a request that is not answered yet; `status` is one of [`super::keepalive`].
#[must_use]
pub fn keepalive_report(channel: u32, status: u8) -> Report {
    packet::start(channel, command::KEEPALIVE, 1, &[status]).0
}

/// A payload that does not fit one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// Bytes that were to be sent.
    pub length: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.length;
        write!(f, "a message holds {MESSAGE_MAX} bytes, not {length}")
    }
}

impl core::error::Error for TooLong {}

/// Why a device's answer cannot be used. The exchange is over; the channel should be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// The device answered with an ERROR packet.
    Device {
        /// What it said.
        code: ErrorCode,
    },
    /// The answer carries another command than the request.
    WrongCommand {
        /// Command of the request, without bit 7.
        asked: u8,
        /// Command of the answer, without bit 7.
        answered: u8,
    },
    /// The answer announces more bytes than one message may have.
    Length {
        /// What it announced.
        length: u16,
    },
    /// A continuation packet with another number than the next.
    Sequence {
        /// The number that was due.
        due: u8,
        /// The number that came.
        came: u8,
    },
    /// An initialisation packet before the message under way was complete.
    Interrupted,
    /// A continuation packet, and no message under way.
    Stray,
    /// An ERROR or KEEPALIVE packet that does not carry exactly one byte.
    Notice,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device { code } => write!(f, "the device reports: {code}"),
            Self::WrongCommand { asked, answered } => {
                write!(f, "command {asked:#04x} was answered with {answered:#04x}")
            }
            Self::Length { length } => {
                write!(
                    f,
                    "an answer of {length} bytes was announced, above {MESSAGE_MAX}"
                )
            }
            Self::Sequence { due, came } => write!(f, "packet {came} came where {due} was due"),
            Self::Interrupted => f.write_str("an answer began before the last one was complete"),
            Self::Stray => f.write_str("a continuation packet came with no answer under way"),
            Self::Notice => f.write_str("an error or keep-alive packet of a wrong length"),
        }
    }
}

impl core::error::Error for FrameError {}
