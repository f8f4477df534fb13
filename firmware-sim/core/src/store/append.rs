//! A commit into the log of the active bank.

use super::frame::{self, Found, HEAD_LEN};
use super::image::{Entry, META_LEN, Meta, PLACES};
use super::writer::Writer;
use super::{Active, BANK_LEN, Span};
use crate::platform::{Flash, FlashFault};

/// Whether frames of these many bytes fit behind what is there.
pub(super) fn has_room(active: &Active, bytes: u32) -> bool {
    let end = (active.bank + 1) * BANK_LEN;
    active.tail.is_some_and(|at| bytes <= end - at)
}

/// Bytes of a frame with these changes.
pub(super) fn size(active: &Active, entries: &[Entry<'_>; PLACES]) -> u32 {
    frame::size(length(active, entries))
}

/// Writes the frame, and returns what the bank holds then.
pub(super) fn append(
    flash: &mut impl Flash,
    active: &Active,
    meta: &Meta,
    entries: &[Entry<'_>; PLACES],
) -> Result<Active, FlashFault> {
    // It has been asked for: see `has_room`.
    let at = active.tail.ok_or(FlashFault)?;
    let sequence = active.sequence + 1;
    let head = frame::head(sequence, length(active, entries));
    flash.program(at, &head)?;
    // Whoever finds a torn head must find nothing behind it, so it has to be good before anything is.
    flash.sync()?;
    let mut taken = [0; HEAD_LEN];
    flash.read(at, &mut taken)?;
    if taken != head {
        return Err(FlashFault);
    }

    let mut spans = active.spans;
    let hasher = frame::hasher(&active.chain, &head);
    let mut writer = Writer::new(flash, at + HEAD_LEN as u32, hasher);
    writer.push(&meta.encode())?;
    for (index, bytes) in changed(active, entries) {
        let len = entries[index].len();
        let [low, high] = len.to_le_bytes();
        // Fewer places than a byte counts.
        writer.push(&[index as u8, low, high])?;
        spans[index] = Span {
            at: writer.position(),
            len,
        };
        writer.push(bytes)?;
    }
    let (after, digest) = writer.finish()?;
    flash.program(after, &frame::mark(&digest))?;
    flash.sync()?;

    // Worn cells take what they can, and say nothing.
    let end = (active.bank + 1) * BANK_LEN;
    let Found::Whole(whole) = frame::look(flash, at, end, active)? else {
        return Err(FlashFault);
    };
    frame::confirm(flash, whole.confirmation)?;
    Ok(Active {
        sequence,
        chain: digest,
        tail: Some(whole.end),
        spans,
        ..*active
    })
}

/// Bytes of the frame's body.
fn length(active: &Active, entries: &[Entry<'_>; PLACES]) -> u32 {
    let entries: usize = changed(active, entries)
        .map(|(_, bytes)| 3 + bytes.len())
        .sum();
    // Bounded by the greatest state, which is asserted.
    (META_LEN + entries) as u32
}

/// The places that are not what they were, with what is there now.
fn changed<'e, 'b>(
    active: &'e Active,
    entries: &'e [Entry<'b>; PLACES],
) -> impl Iterator<Item = (usize, &'b [u8])> + use<'e, 'b> {
    let changed = |(index, entry): (usize, &Entry<'b>)| match *entry {
        Entry::Keep(_) => None,
        Entry::New(bytes) if bytes.is_empty() && active.spans[index].len == 0 => None,
        Entry::New(bytes) => Some((index, bytes)),
    };
    entries.iter().enumerate().filter_map(changed)
}
