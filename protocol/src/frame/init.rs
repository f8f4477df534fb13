//! INIT (CTAP 2.1 §11.2.9.1.3): how a host gets a channel.

use core::fmt;

use super::{BROADCAST, command, packet};
use crate::report::Report;

/// Bytes of the nonce by which a host knows its own answer among those of other hosts.
pub const NONCE_LEN: usize = 8;

/// Bytes of the answer: nonce, channel, protocol version, device version, capabilities.
const REPLY_LEN: usize = NONCE_LEN + 4 + 1 + 3 + 1;

/// Version of the framing that §11.2 describes.
const CTAPHID_VERSION: u8 = 2;

/// Bits of the capability byte.
pub mod capability {
    /// WINK is implemented.
    pub const WINK: u8 = 0x01;
    /// CTAPHID_MSG is *not* implemented.
    pub const NO_MSG: u8 = 0x08;
}

/// What a device says of itself in each INIT answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Device version: major, minor, build.
    pub version: [u8; 3],
    /// Bits of [`capability`].
    pub capabilities: u8,
}

/// The INIT packet that asks for a new channel.
#[must_use]
pub fn init_request(nonce: [u8; NONCE_LEN]) -> Report {
    packet::start(BROADCAST, command::INIT, NONCE_LEN as u16, &nonce).0
}

/// Writes the answer to INIT; `on` is the channel it came on, `given` the channel it is about.
pub(super) fn init_reply(on: u32, given: u32, nonce: &[u8; NONCE_LEN], info: DeviceInfo) -> Report {
    let mut payload = [0; REPLY_LEN];
    let [major, minor, build] = info.version;
    let [c0, c1, c2, c3] = given.to_be_bytes();
    payload[..NONCE_LEN].copy_from_slice(nonce);
    payload[NONCE_LEN..].copy_from_slice(&[
        c0,
        c1,
        c2,
        c3,
        CTAPHID_VERSION,
        major,
        minor,
        build,
        info.capabilities,
    ]);
    packet::start(on, command::INIT, REPLY_LEN as u16, &payload).0
}

/// The answer to INIT, as the host reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitReply {
    /// The channel that is now the host's.
    pub channel: u32,
    /// Version of the framing.
    pub protocol: u8,
    /// What the device says of itself.
    pub info: DeviceInfo,
}

/// Why an INIT answer is not one for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadInit {
    /// Not the 17 bytes of an answer.
    Length {
        /// The bytes that came.
        length: usize,
    },
    /// The nonce of another host: wait on, ours is still to come.
    OtherNonce,
    /// Channel 0 or the broadcast channel, which nobody can own.
    Channel {
        /// The channel that was given.
        channel: u32,
    },
}

impl fmt::Display for BadInit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { length } => write!(f, "{length} bytes where {REPLY_LEN} were due"),
            Self::OtherNonce => f.write_str("the answer is for another host"),
            Self::Channel { channel } => write!(f, "channel {channel:#010x} cannot be given out"),
        }
    }
}

impl core::error::Error for BadInit {}

impl InitReply {
    /// Reads the payload of an INIT answer.
    ///
    /// # Errors
    /// [`BadInit`], of which [`BadInit::OtherNonce`] means that the answer is someone else's.
    pub fn parse(payload: &[u8], nonce: [u8; NONCE_LEN]) -> Result<Self, BadInit> {
        let &[
            n0,
            n1,
            n2,
            n3,
            n4,
            n5,
            n6,
            n7,
            c0,
            c1,
            c2,
            c3,
            protocol,
            v0,
            v1,
            v2,
            capabilities,
        ] = payload
        else {
            return Err(BadInit::Length {
                length: payload.len(),
            });
        };
        if [n0, n1, n2, n3, n4, n5, n6, n7] != nonce {
            return Err(BadInit::OtherNonce);
        }
        let channel = u32::from_be_bytes([c0, c1, c2, c3]);
        if channel == 0 || channel == BROADCAST {
            return Err(BadInit::Channel { channel });
        }
        Ok(Self {
            channel,
            protocol,
            info: DeviceInfo {
                version: [v0, v1, v2],
                capabilities,
            },
        })
    }
}
