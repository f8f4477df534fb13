//! Vendor commands of the dongle (CTAPHID vendor range, CTAP 2.1 §11.2.9.2): one code, one file each.
//!
//! A request is one deterministic CBOR map. A reply is a [`Status`] byte and, if that is
//! [`Status::Ok`] (or `Busy`, or `OwnerProofWrong`), one map; this is how CTAP2 lays out its replies. Commands of a session
//! travel, with their reply, inside a COSE_Mac0 ([`crate::session`]).

pub mod acknowledge;
pub mod certificate;
pub mod certify;
pub mod close;
pub mod convert;
pub mod grant;
pub mod heartbeat;
pub mod hello;
pub mod instruct;
pub mod make_key;
pub mod open;
pub mod order;
pub mod personalise;
pub mod prove;
pub mod receipt;
pub mod retire;
pub mod revoke;
pub mod seal;
pub mod self_test;
pub mod time;
pub mod update;

use crate::cbor::{self, Decoder, Full, Malformed};
use crate::status::Status;

/// A command and its wire code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Command {
    /// Versions, identity, lifecycle and limits.
    Hello = 0x40,
    /// The dongle's certificate chain.
    Certificate = 0x41,
    /// Session and lease.
    Open = 0x42,
    /// Renews the lease.
    Heartbeat = 0x43,
    /// A signed proof.
    Prove = 0x44,
    /// Reads a grant.
    Grant = 0x45,
    /// Lists or reads receipts.
    Receipt = 0x46,
    /// Applies a grant.
    Update = 0x47,
    /// Gives channels away to a software licence, for a receipt.
    Convert = 0x48,
    /// Gives channels back to the vendor, for a receipt.
    Retire = 0x49,
    /// Lets a receipt leave the ring.
    Acknowledge = 0x4A,
    /// Ends the session and the lease.
    Close = 0x4B,
    /// Executes an issuer's instruction.
    Instruct = 0x4C,
    /// Raises the time floor.
    Time = 0x4D,
    /// Takes a revocation list of CAs and issuers.
    Revoke = 0x4E,
    /// Tests flash, random source, key and counter.
    SelfTest = 0x4F,
    /// Factory: a new key and its certification request.
    MakeKey = 0x50,
    /// Factory: certificate chain and trust anchor.
    Certify = 0x51,
    /// Factory: the serial.
    Personalise = 0x52,
    /// Factory: the owner code; from here on in use.
    Seal = 0x53,
}

impl Command {
    /// Every command, by code.
    pub const ALL: [Self; 20] = [
        Self::Hello,
        Self::Certificate,
        Self::Open,
        Self::Heartbeat,
        Self::Prove,
        Self::Grant,
        Self::Receipt,
        Self::Update,
        Self::Convert,
        Self::Retire,
        Self::Acknowledge,
        Self::Close,
        Self::Instruct,
        Self::Time,
        Self::Revoke,
        Self::SelfTest,
        Self::MakeKey,
        Self::Certify,
        Self::Personalise,
        Self::Seal,
    ];

    /// The command with this wire code.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|command| command.code() == code)
    }

    /// Wire code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Whether the dongle signs with its key for this command, which is slow on real parts.
    #[must_use]
    pub const fn signs(self) -> bool {
        matches!(
            self,
            Self::Open
                | Self::Prove
                | Self::Convert
                | Self::Retire
                | Self::SelfTest
                | Self::MakeKey
        )
    }

    /// Whether a dongle with a button waits for a person to press it: what gives channels away.
    #[must_use]
    pub const fn needs_presence(self) -> bool {
        matches!(self, Self::Convert | Self::Retire)
    }

    /// Whether request and reply travel under the session's MAC.
    #[must_use]
    pub const fn in_session(self) -> bool {
        matches!(
            self,
            Self::Heartbeat
                | Self::Prove
                | Self::Grant
                | Self::Receipt
                | Self::Update
                | Self::Convert
                | Self::Retire
                | Self::Acknowledge
                | Self::Close
                | Self::Instruct
                | Self::Time
                | Self::Revoke
        )
    }
}

/// A request or reply body that can be written.
pub trait Encode {
    /// Writes the body into `out` and returns its length in bytes.
    ///
    /// # Errors
    /// [`Full`] if `out` is too small.
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full>;
}

/// A request or reply body that can be read.
pub trait Decode<'b>: Sized {
    /// Reads the body; whatever is not exactly it is refused.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    fn decode(bytes: &'b [u8]) -> Result<Self, Malformed>;
}

/// A body with nothing in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Empty;

impl Encode for Empty {
    fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| e.map(0)?.ok())
    }
}

impl Decode<'_> for Empty {
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        cbor::read_map(bytes, |key, _| Err(Malformed::UnknownKey(key)))?;
        Ok(Self)
    }
}

/// Writes a reply: status, then body.
///
/// # Errors
/// [`Full`] if `out` is too small.
pub fn encode_reply(out: &mut [u8], status: Status, body: &impl Encode) -> Result<usize, Full> {
    let (first, rest) = out.split_first_mut().ok_or(Full)?;
    *first = status.code();
    Ok(1 + body.encode(rest)?)
}

/// Splits a reply into status and body.
///
/// # Errors
/// [`Malformed::Truncated`] if it is empty.
pub fn split_reply(reply: &[u8]) -> Result<(Status, &[u8]), Malformed> {
    let (status, body) = reply.split_first().ok_or(Malformed::Truncated)?;
    Ok((Status::from_code(*status), body))
}

/// Reads a body of one byte string under key 1, at most `max` long.
fn one_bytes<'b>(bytes: &'b [u8], max: usize, name: &'static str) -> Result<&'b [u8], Malformed> {
    let mut value = None;
    cbor::read_map(bytes, |key, d| {
        match key {
            1 => value = Some(cbor::slice(d, max, name)?),
            key => return Err(Malformed::UnknownKey(key)),
        }
        Ok(())
    })?;
    cbor::need(value, name)
}

/// Reads a body of one text under key 1.
fn one_text<'b>(
    bytes: &'b [u8],
    rule: fn(&str) -> bool,
    name: &'static str,
) -> Result<&'b str, Malformed> {
    let mut value = None;
    cbor::read_map(bytes, |key, d: &mut Decoder<'b>| {
        match key {
            1 => value = Some(cbor::text(d, rule, name)?),
            key => return Err(Malformed::UnknownKey(key)),
        }
        Ok(())
    })?;
    cbor::need(value, name)
}
