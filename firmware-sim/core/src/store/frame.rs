//! A frame of the log: what one commit changed.
//!
//! | bytes | |
//! | --- | --- |
//! | 0..8 | sequence number of the commit, little endian: one more than that of the commit before it |
//! | 8..12 | length of the body, little endian |
//! | 12..16 | first 4 bytes of SHA-256 over bytes 0..12: the length can be believed |
//! | 16..16+n | the body: [`Meta`], then each place that changed as its index (1), its new length (2, little endian; 0 = nothing there any more) and its bytes |
//! | | erased bits up to a whole unit |
//! | 8 | the mark: first bytes of SHA-256 over the digest of all before (the image's, or that of the frame before), bytes 0..16 and the body |
//! | 8 | erased; zeros once the mark has been read back. Any bit that is not erased says so |

use super::check::digest;
use super::image::{META_LEN, Meta, PLACES};
use super::{Active, Span};
use crate::platform::{Flash, FlashFault, PROGRAM_UNIT};
use sha2::{Digest, Sha256};

pub(super) const HEAD_LEN: usize = 16;

/// Bytes of a frame that are not its body.
const AROUND: u32 = (HEAD_LEN + 2 * PROGRAM_UNIT) as u32;

const ERASED: [u8; PROGRAM_UNIT] = [0xFF; PROGRAM_UNIT];

/// What is where a frame may be.
pub(super) enum Found {
    /// Erased flash.
    Nothing,
    /// What a cut leaves, provided that everything from `rest` on is erased.
    Torn { rest: u32 },
    /// A whole frame.
    Whole(Whole),
    /// What neither a commit nor a cut leaves.
    Impossible,
}

/// A whole frame, and where its parts are.
pub(super) struct Whole {
    body: u32,
    length: u32,
    /// Digest of the bank up to its end.
    pub(super) digest: [u8; 32],
    /// Where it is confirmed, and whether it is.
    pub(super) confirmation: u32,
    pub(super) confirmed: bool,
    /// Where the next frame begins.
    pub(super) end: u32,
}

/// Bytes of a frame with a body of this length.
pub(super) const fn size(length: u32) -> u32 {
    AROUND + length.next_multiple_of(PROGRAM_UNIT as u32)
}

/// The head of a frame.
pub(super) fn head(sequence: u64, length: u32) -> [u8; HEAD_LEN] {
    let mut head = [0; HEAD_LEN];
    head[..8].copy_from_slice(&sequence.to_le_bytes());
    head[8..12].copy_from_slice(&length.to_le_bytes());
    let check = Sha256::digest(&head[..12]);
    head[12..].copy_from_slice(&check[..4]);
    head
}

/// The hasher whose result begins with the mark, once the body has gone through it.
pub(super) fn hasher(chain: &[u8; 32], head: &[u8; HEAD_LEN]) -> Sha256 {
    Sha256::new().chain_update(chain).chain_update(head)
}

/// The mark of a frame with this digest.
pub(super) fn mark(digest: &[u8; 32]) -> [u8; PROGRAM_UNIT] {
    core::array::from_fn(|n| digest[n])
}

/// Confirms a frame whose mark is right.
pub(super) fn confirm(flash: &mut impl Flash, confirmation: u32) -> Result<(), FlashFault> {
    flash.program(confirmation, &[0; PROGRAM_UNIT])
}

/// Looks for the frame that follows what `active` has, at `at`, in a bank that ends before `end`.
pub(super) fn look(
    flash: &mut impl Flash,
    at: u32,
    end: u32,
    active: &Active,
) -> Result<Found, FlashFault> {
    if end - at < AROUND {
        return Ok(Found::Nothing);
    }
    let mut found = [0; HEAD_LEN];
    flash.read(at, &mut found)?;
    if found == [0xFF; HEAD_LEN] {
        return Ok(Found::Nothing);
    }
    let length = u32::from_le_bytes([found[8], found[9], found[10], found[11]]);
    let body = at + HEAD_LEN as u32;
    // A torn head: nothing was programmed after it.
    let mut sequence = [0; 8];
    sequence.copy_from_slice(&found[..8]);
    let sequence = u64::from_le_bytes(sequence);
    if found != head(sequence, length) {
        return Ok(Found::Torn { rest: body });
    }
    let room = end - at - AROUND;
    if sequence != active.sequence + 1 || length.next_multiple_of(PROGRAM_UNIT as u32) > room {
        return Ok(Found::Impossible);
    }
    let digest = digest(flash, hasher(&active.chain, &found), body, length)?;
    let after = body + length.next_multiple_of(PROGRAM_UNIT as u32);
    let confirmation = after + PROGRAM_UNIT as u32;
    let (mut marked, mut confirmed) = (ERASED, ERASED);
    flash.read(after, &mut marked)?;
    flash.read(confirmation, &mut confirmed)?;
    if marked != mark(&digest) {
        return Ok(Found::Torn { rest: confirmation });
    }
    Ok(Found::Whole(Whole {
        body,
        length,
        digest,
        confirmation,
        confirmed: confirmed != ERASED,
        end: confirmation + PROGRAM_UNIT as u32,
    }))
}

/// Takes over what a whole frame changed. `None` if it is not of this format.
pub(super) fn apply(
    flash: &mut impl Flash,
    frame: &Whole,
    spans: &mut [Span; PLACES],
) -> Result<Option<Meta>, FlashFault> {
    let mut bytes = [0; META_LEN];
    flash.read(frame.body, &mut bytes)?;
    let mut next = META_LEN as u32;
    while next < frame.length {
        let mut entry = [0; 3];
        flash.read(frame.body + next, &mut entry)?;
        let [index, len @ ..] = entry;
        let Some(span) = spans.get_mut(usize::from(index)) else {
            return Ok(None);
        };
        *span = Span {
            at: frame.body + next + 3,
            len: u16::from_le_bytes(len),
        };
        next += 3 + u32::from(span.len);
    }
    Ok(Meta::decode(&bytes).filter(|_| next == frame.length))
}
