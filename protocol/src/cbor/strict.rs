//! The gate: RFC 8949 §4.2.1 core deterministic encoding, nothing else.

use super::Malformed;
use crate::limits::CBOR_DEPTH;

/// Accepts `bytes` only as exactly one deterministically encoded item.
///
/// # Errors
/// What is wrong with them; the first thing found.
pub fn check(bytes: &[u8]) -> Result<(), Malformed> {
    let end = item(bytes, 0, CBOR_DEPTH)?;
    if end == bytes.len() {
        Ok(())
    } else {
        Err(Malformed::Trailing)
    }
}

/// The first deterministically encoded item of `bytes`, and what follows it: for a CBOR sequence (RFC 8742).
///
/// # Errors
/// What is wrong with the item.
pub fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    item(bytes, 0, CBOR_DEPTH).map(|end| bytes.split_at(end))
}

/// Checks the item at `start` and returns where it ends.
fn item(bytes: &[u8], start: usize, depth: usize) -> Result<usize, Malformed> {
    let initial = *bytes.get(start).ok_or(Malformed::Truncated)?;
    if initial >> 5 == 7 {
        // false, true and null; no floats, no undefined, no other simple values.
        return if matches!(initial & 31, 20..=22) {
            Ok(start + 1)
        } else {
            Err(Malformed::Forbidden)
        };
    }
    let (argument, next) = head(bytes, start)?;
    match initial >> 5 {
        0 | 1 => Ok(next),
        2 => Ok(next + string(bytes, next, argument)?.len()),
        3 => {
            let text = string(bytes, next, argument)?;
            core::str::from_utf8(text).map_err(|_| Malformed::NotUtf8)?;
            Ok(next + text.len())
        }
        4 => elements(bytes, next, argument, deeper(depth)?),
        5 => entries(bytes, next, argument, deeper(depth)?),
        _ => item(bytes, next, deeper(depth)?),
    }
}

fn deeper(depth: usize) -> Result<usize, Malformed> {
    depth.checked_sub(1).ok_or(Malformed::TooDeep)
}

/// Reads the argument of a head (RFC 8949 §3) in its shortest form.
fn head(bytes: &[u8], start: usize) -> Result<(u64, usize), Malformed> {
    let info = bytes[start] & 31;
    let (width, least) = match info {
        0..=23 => return Ok((u64::from(info), start + 1)),
        24 => (1, 24),
        25 => (2, 1 << 8),
        26 => (4, 1 << 16),
        27 => (8, 1 << 32),
        31 => return Err(Malformed::Indefinite),
        _ => return Err(Malformed::Forbidden),
    };
    let end = start + 1 + width;
    let argument = bytes.get(start + 1..end).ok_or(Malformed::Truncated)?;
    let value = argument
        .iter()
        .fold(0, |value, byte| value << 8 | u64::from(*byte));
    if value < least {
        Err(Malformed::NotShortest)
    } else {
        Ok((value, end))
    }
}

fn string(bytes: &[u8], start: usize, length: u64) -> Result<&[u8], Malformed> {
    let length = usize::try_from(length).map_err(|_| Malformed::Truncated)?;
    let end = start.checked_add(length).ok_or(Malformed::Truncated)?;
    bytes.get(start..end).ok_or(Malformed::Truncated)
}

fn elements(bytes: &[u8], mut at: usize, count: u64, depth: usize) -> Result<usize, Malformed> {
    for _ in 0..count {
        at = item(bytes, at, depth)?;
    }
    Ok(at)
}

fn entries(bytes: &[u8], mut at: usize, count: u64, depth: usize) -> Result<usize, Malformed> {
    let mut before: Option<&[u8]> = None;
    for _ in 0..count {
        let value = item(bytes, at, depth)?;
        let key = &bytes[at..value];
        if before.is_some_and(|before| before >= key) {
            return Err(Malformed::KeyOrder);
        }
        before = Some(key);
        at = item(bytes, value, depth)?;
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sin_has_its_own_answer() {
        let table: &[(&[u8], Result<(), Malformed>)] = &[
            (&[0x00], Ok(())),
            (&[0xA2, 0x01, 0xF5, 0x20, 0x60], Ok(())),
            (&[], Err(Malformed::Truncated)),
            (&[0x42, 0x01], Err(Malformed::Truncated)),
            (
                &[0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
                Err(Malformed::Truncated),
            ),
            (
                &[0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
                Err(Malformed::Truncated),
            ),
            (&[0x00, 0x00], Err(Malformed::Trailing)),
            (&[0x9F, 0xFF], Err(Malformed::Indefinite)),
            (&[0x18, 0x17], Err(Malformed::NotShortest)),
            (&[0x19, 0x00, 0xFF], Err(Malformed::NotShortest)),
            (&[0x58, 0x01, 0x00], Err(Malformed::NotShortest)),
            (&[0xA2, 0x01, 0x00, 0x01, 0x00], Err(Malformed::KeyOrder)),
            (&[0xA2, 0x02, 0x00, 0x01, 0x00], Err(Malformed::KeyOrder)),
            (
                &[0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x00],
                Err(Malformed::TooDeep),
            ),
            (
                &[0xC1, 0xC1, 0xC1, 0xC1, 0xC1, 0xC1, 0xC1, 0x00],
                Err(Malformed::TooDeep),
            ),
            (&[0x61, 0xFF], Err(Malformed::NotUtf8)),
            (&[0xF9, 0x00, 0x00], Err(Malformed::Forbidden)),
            (&[0xF7], Err(Malformed::Forbidden)),
            (&[0x1C], Err(Malformed::Forbidden)),
        ];
        for (bytes, expected) in table {
            assert_eq!(check(bytes), *expected, "{bytes:02X?}");
        }
    }
}
