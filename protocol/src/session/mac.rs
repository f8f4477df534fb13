//! Session messages: COSE_Mac0 (RFC 9052 §6.2) with HMAC 256/256 over direction, sequence, command and
//! payload.

use super::{Direction, Keys};
use crate::cbor::{self, Full, Malformed};
use crate::command::Command;
use core::fmt;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// COSE tag of a COSE_Mac0.
const TAG: u64 = 17;
/// Header parameter `alg`.
const ALG: i64 = 1;
/// HMAC 256/256 (RFC 9053 §3.1).
const HMAC_256: i64 = 5;
/// Header parameter with the sequence number; private use.
const SEQUENCE: i64 = -65537;
/// Room for the heads of Mac_structure and of its external_aad.
const HEAD_MAX: usize = 64;

/// Why a session message was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacError {
    /// It is no COSE_Mac0 as we write them.
    Malformed(Malformed),
    /// The tag is not the one that the session key gives.
    Mismatch,
}

impl fmt::Display for MacError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(malformed) => write!(f, "not a session message: {malformed}"),
            Self::Mismatch => f.write_str("the message was not made with this session's key"),
        }
    }
}

impl core::error::Error for MacError {}

impl From<Malformed> for MacError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

/// Wraps `payload` for the way `direction`; returns the length in bytes.
///
/// # Errors
/// [`Full`] if `out` is too small.
pub fn seal(
    keys: &Keys,
    direction: Direction,
    sequence: u64,
    command: Command,
    payload: &[u8],
    out: &mut [u8],
) -> Result<usize, Full> {
    let mut header = [0; 24];
    let length = cbor::write(&mut header, |e| {
        e.map(2)?
            .i64(ALG)?
            .i64(HMAC_256)?
            .i64(SEQUENCE)?
            .u64(sequence)?
            .ok()
    })?;
    let header = &header[..length];
    let tag = mac(keys, direction, sequence, command, header, payload)?
        .finalize()
        .into_bytes();
    cbor::write(out, |e| {
        e.tag(minicbor::data::Tag::new(TAG))?
            .array(4)?
            .bytes(header)?
            .map(0)?
            .bytes(payload)?
            .bytes(&tag)?
            .ok()
    })
}

/// Checks a message that came the way `direction` for `command`; returns its sequence number and payload.
/// Whether the number rises is the caller's to judge: only it knows the last one.
///
/// # Errors
/// [`MacError`]; nothing inside may be believed then.
pub fn open<'b>(
    keys: &Keys,
    direction: Direction,
    command: Command,
    message: &'b [u8],
) -> Result<(u64, &'b [u8]), MacError> {
    cbor::check(message)?;
    let mut d = cbor::Decoder::new(message);
    let tagged = d.tag().is_ok_and(|tag| tag.as_u64() == TAG);
    if !tagged || cbor::array(&mut d, 4, "COSE_Mac0")? != 4 {
        return Err(Malformed::Field("COSE_Mac0").into());
    }
    let header = cbor::slice(&mut d, 24, "protected header")?;
    cbor::fields(&mut d, |key, _| Err(Malformed::UnknownKey(key)))?;
    let payload = cbor::slice(&mut d, usize::MAX, "payload")?;
    let tag: [u8; 32] = cbor::bytes(&mut d, "tag")?;
    let sequence = sequence(header)?;
    mac(keys, direction, sequence, command, header, payload)
        .map_err(|Full| Malformed::TooLong)?
        .verify(&tag.into())
        .map_err(|_| MacError::Mismatch)?;
    Ok((sequence, payload))
}

fn sequence(header: &[u8]) -> Result<u64, Malformed> {
    let (mut algorithm, mut sequence) = (None, None);
    cbor::read_map(header, |key, d| {
        match key {
            ALG => algorithm = d.i64().ok(),
            SEQUENCE => sequence = d.u64().ok(),
            key => return Err(Malformed::UnknownKey(key)),
        }
        Ok(())
    })?;
    if algorithm != Some(HMAC_256) {
        return Err(Malformed::Field("alg"));
    }
    cbor::need(sequence, "sequence")
}

/// HMAC over the MAC_structure, whose external_aad is `[direction, sequence, command]`. The payload is
/// fed as it lies, not copied.
fn mac(
    keys: &Keys,
    direction: Direction,
    sequence: u64,
    command: Command,
    header: &[u8],
    payload: &[u8],
) -> Result<Hmac<Sha256>, Full> {
    let mut aad = [0; 16];
    let length = cbor::write(&mut aad, |e| {
        e.array(3)?
            .u8(direction as u8)?
            .u64(sequence)?
            .u8(command.code())?
            .ok()
    })?;
    let mut head = [0; HEAD_MAX];
    let head_length = cbor::write(&mut head, |e| {
        e.array(4)?
            .str("MAC0")?
            .bytes(header)?
            .bytes(&aad[..length])?
            .ok()
    })?;
    // HMAC takes a key of any length, so this cannot fail.
    let mut hmac = Hmac::<Sha256>::new_from_slice(keys.of(direction)).map_err(|_| Full)?;
    hmac.update(&head[..head_length]);
    cbor::bytes_head(payload.len(), |head| hmac.update(head));
    hmac.update(payload);
    Ok(hmac)
}
