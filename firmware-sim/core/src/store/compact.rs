//! A commit into the other bank: the whole state, and an empty log behind it.

use super::check::{digest, is_erased};
use super::header::{self, HEADER_LEN, Header};
use super::image::{Entry, META_LEN, Meta, PLACES};
use super::writer::Writer;
use super::{Active, BANK_LEN, Span};
use crate::platform::{Flash, FlashFault};

/// Begins the bank that is not `active` with this state, and returns what it holds. The first `erased` bytes of it
/// were erased ahead.
pub(super) fn compact(
    flash: &mut impl Flash,
    active: Option<&Active>,
    mut erased: u32,
    meta: &Meta,
    entries: &[Entry<'_>; PLACES],
) -> Result<Active, FlashFault> {
    let bank = other(active);
    let sequence = active.map_or(1, |a| a.sequence + 1);
    let old = active.map_or([Span::default(); PLACES], |a| a.spans);
    let length = META_LEN
        + entries
            .iter()
            .map(|entry| 2 + usize::from(entry.len()))
            .sum::<usize>();
    // Cannot happen: what the store is given is bounded, and the sum of the bounds is asserted.
    if HEADER_LEN + length > BANK_LEN as usize {
        return Err(FlashFault);
    }
    let mut header = Header {
        sequence,
        length: length as u32,
        digest: [0; 32],
    };
    let base = bank * BANK_LEN;
    let body = base + HEADER_LEN as u32;

    while erased < BANK_LEN {
        erase(flash, active, &mut erased)?;
    }
    let mut writer = Writer::new(flash, body, header.hasher());
    writer.push(&meta.encode())?;
    let mut spans = [Span::default(); PLACES];
    for (n, entry) in entries.iter().enumerate() {
        writer.push(&entry.len().to_le_bytes())?;
        spans[n] = Span {
            at: writer.position(),
            len: entry.len(),
        };
        match entry {
            Entry::Keep(_) => writer.copy(old[n])?,
            Entry::New(bytes) => writer.push(bytes)?,
        }
    }
    (_, header.digest) = writer.finish()?;
    flash.sync()?;
    // What is copied here exists nowhere else once the old bank is closed.
    if digest(flash, header.hasher(), body, header.length)? != header.digest {
        return Err(FlashFault);
    }
    flash.program(base, &header.encode())?;
    flash.sync()?;
    if header::look(flash, base)?.header != Some(header) {
        return Err(FlashFault);
    }
    header::close(flash, (1 - bank) * BANK_LEN)?;
    flash.sync()?;
    Ok(Active {
        bank,
        sequence,
        chain: header.digest,
        tail: Some(header.end(base)),
        spans,
    })
}

/// Erases the next sector of the bank that is not `active`: its header first, so that no header outlives its image. Also
/// what looks erased: an erasure that was cut short may look so and not last.
pub(super) fn erase<F: Flash>(
    flash: &mut F,
    active: Option<&Active>,
    erased: &mut u32,
) -> Result<(), FlashFault> {
    const { assert!(BANK_LEN.is_multiple_of(F::SECTOR)) };
    let base = other(active) * BANK_LEN;
    if *erased < BANK_LEN {
        flash.erase(base + *erased)?;
        *erased += F::SECTOR;
    }
    if *erased == BANK_LEN && !is_erased(flash, base, base + BANK_LEN)? {
        return Err(FlashFault);
    }
    Ok(())
}

/// The bank that the next change of bank goes to. The first of all is bank 1.
const fn other(active: Option<&Active>) -> u32 {
    match active {
        Some(active) => 1 - active.bank,
        None => 1,
    }
}
