//! CTAPHID framing (FIDO CTAP 2.1 §11.2) without input or output of its own: bytes and times come
//! in as arguments, bytes go out as values. No heap.
//!
//! A message of at most [`MESSAGE_MAX`](crate::limits::MESSAGE_MAX) bytes travels as one
//! *initialisation* packet and up to 128 *continuation* packets, all on one *channel*:
//!
//! ```text
//! initialisation   channel (4, big endian)  0x80 | command  length (2, big endian)  57 bytes
//! continuation     channel (4, big endian)  sequence 0..=127                        59 bytes
//! ```
//!
//! | side | takes | gives |
//! | --- | --- | --- |
//! | either | a message | [`Packets`] |
//! | device | reports from any number of hosts | [`Endpoint`]: whole messages, and the answers that framing itself owes |
//! | host | reports from one device | [`Exchange`]: the answer to one request |
//!
//! A request that takes its time is *held* while KEEPALIVE packets go out; it keeps other channels out as a
//! message under way does.

mod assembly;
mod channels;
mod endpoint;
mod error;
mod exchange;
mod init;
mod packet;
mod packets;

pub use endpoint::{Endpoint, Held, Input};
pub use error::{ErrorCode, FrameError, TooLong, error_report, keepalive_report};
pub use exchange::{Exchange, Progress};
pub use init::{BadInit, DeviceInfo, InitReply, NONCE_LEN, capability, init_request};
pub use packets::Packets;

/// The channel of whoever has none yet (CTAP 2.1 §11.2.3); only INIT may use it.
pub const BROADCAST: u32 = 0xffff_ffff;

/// Command codes of the transport itself (CTAP 2.1 §11.2.9), without bit 7 of the wire.
pub mod command {
    /// Echo: the answer is the request.
    pub const PING: u8 = 0x01;
    /// Keep every other channel out for up to 10 seconds; one byte, the seconds, 0 to let them in again.
    pub const LOCK: u8 = 0x04;
    /// Get a channel, or bring an own one back in step.
    pub const INIT: u8 = 0x06;
    /// Show which dongle this is: blink. No payload either way.
    pub const WINK: u8 = 0x08;
    /// Give up the request under way on this channel. Never answered itself.
    pub const CANCEL: u8 = 0x11;
    /// Device to host only: still working; one byte says on what.
    pub const KEEPALIVE: u8 = 0x3b;
    /// Device to host only: one byte, an [`ErrorCode`](super::ErrorCode).
    pub const ERROR: u8 = 0x3f;
    /// First code of the vendor's own range, which ends with bit 7 at [`VENDOR_LAST`].
    pub const VENDOR_FIRST: u8 = 0x40;
    /// Last code of the vendor's own range.
    pub const VENDOR_LAST: u8 = 0x7f;
}

/// The byte of a KEEPALIVE packet (CTAP 2.1 §11.2.9.1.7).
pub mod keepalive {
    /// The device works on the request.
    pub const PROCESSING: u8 = 1;
    /// The device waits for a person at its button.
    pub const UP_NEEDED: u8 = 2;
}
