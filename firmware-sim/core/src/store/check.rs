//! Looking over a stretch of flash.

use crate::platform::{Flash, FlashFault};
use sha2::{Digest, Sha256};

/// Bytes read at a time.
const CHUNK: usize = 256;

static ERASED: [u8; CHUNK] = [0xFF; CHUNK];

/// Whether everything from `from` to before `to` is erased.
pub(super) fn is_erased(flash: &mut impl Flash, from: u32, to: u32) -> Result<bool, FlashFault> {
    let mut chunk = [0; CHUNK];
    let mut at = from;
    while at < to {
        let here = CHUNK.min((to - at) as usize);
        flash.read(at, &mut chunk[..here])?;
        if chunk[..here] != ERASED[..here] {
            return Ok(false);
        }
        at += here as u32;
    }
    Ok(true)
}

/// What `hasher` says once these bytes have gone through it.
pub(super) fn digest(
    flash: &mut impl Flash,
    mut hasher: Sha256,
    at: u32,
    length: u32,
) -> Result<[u8; 32], FlashFault> {
    let mut chunk = [0; CHUNK];
    let mut done = 0;
    while done < length {
        let here = CHUNK.min((length - done) as usize);
        flash.read(at + done, &mut chunk[..here])?;
        hasher.update(&chunk[..here]);
        done += here as u32;
    }
    Ok(hasher.finalize().into())
}
