//! What the dongle remembers, behind one operation: [`Store::commit`] of one atomic [`Item`].
//!
//! # Specification
//!
//! **Medium.** Two slots of [`SLOT_LEN`] bytes of NOR flash. A slot holds a header and a body; the body is the whole
//! state (see [`image`]). A header is *complete* if its own check holds; it names the length of the body, a sequence
//! number and a digest over sequence, length and body (see [`header`]).
//!
//! **State.** Of the slots with a complete header, the one with the higher sequence number is *active* and its body is
//! the state. If no header is complete and slot 0 is erased throughout, the state is the empty one: the first commit
//! goes to slot 1, so this is all that a cut during the first commit can leave.
//!
//! **Commit.** 1. erase the sectors of the slot that is not active, header first; 2. program the body; 3. sync;
//! 4. program the header; 5. sync. The active slot is not touched. The state in RAM changes only after 5.
//!
//! **Atomicity.** Until the last bit of the header is programmed the header's check fails, so a cut before that leaves
//! the old state; after it, the body has been synced, so the new state is found. There is no third outcome.
//!
//! **Damage.** By the order above, a complete header with the highest sequence always has an intact body. If it
//! has not, the flash has lost bits: boot refuses with [`BootFault::Damaged`] and does not fall back to the older
//! slot, because counters and given-away counts would fall. The same if no header is complete but slot 0 is not
//! erased. A header that lost bits cannot be told from one that was torn: the older state is found then, and the
//! host, which remembers the counter, calls the dongle rolled back.
//!
//! **Capacity.** [`GRANTS_MAX`] grants of the longest record with every line partly given away, [`RECEIPTS_MAX`]
//! receipts, three certificates and a revocation list of the greatest length, checked when this crate is compiled.
//!
//! **Erasure.** What a commit replaces, a key included, stays readable in the other slot until the commit after it
//! has overwritten it. Nothing reads it but a boot that finds the newer slot torn.
//!
//! **Wear.** One commit erases as many sectors as the state covers, in alternate slots: a dongle with one grant of a
//! few lines erases two sectors per commit, so 10,000 erase cycles give at least 20,000 changes of a state that
//! changes some ten times in its life. Nothing else writes.

mod header;
mod image;
mod writer;

pub(crate) use image::{Item, Meta, Place};

use crate::platform::{Flash, FlashFault, PROGRAM_UNIT, RandomFault};
use core::fmt;
use header::{HEADER_LEN, Header};
use image::{Entry, META_LEN, PLACES};
use sha2::Digest;
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::{
    CERT_MAX, CRL_MAX, GRANT_MAX, GRANTS_MAX, RECEIPT_MAX, RECEIPTS_MAX,
};
use writer::Writer;

/// Bytes of one slot: what the greatest state needs, in whole sectors of up to 16 KiB.
const SLOT_LEN: u32 = 80 * 1024;

/// Bytes of both slots.
pub(crate) const FLASH_LEN: u32 = 2 * SLOT_LEN;

const GREATEST_STATE: usize = HEADER_LEN
    + META_LEN
    + PLACES * 2
    + 3 * CERT_MAX
    + CRL_MAX
    + GRANTS_MAX * (crate::grants::HEAD_MAX + GRANT_MAX)
    + RECEIPTS_MAX * (crate::receipts::HEAD_LEN + RECEIPT_MAX);
const _: () = assert!(GREATEST_STATE + PROGRAM_UNIT <= SLOT_LEN as usize);

/// The state of the dongle, as far as RAM holds it: [`Meta`], and where in flash the rest lies.
pub(crate) struct Store {
    meta: Meta,
    active: Option<Active>,
}

/// The slot that holds the state.
#[derive(Clone, Copy)]
struct Active {
    slot: u32,
    sequence: u64,
    spans: [Span; PLACES],
}

/// Where an entry lies: address and length in bytes; length 0 if there is none.
#[derive(Clone, Copy, Default)]
struct Span {
    at: u32,
    len: u16,
}

/// Why a dongle cannot start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootFault {
    /// The flash did not answer.
    Flash(FlashFault),
    /// The random source is not healthy.
    Random(RandomFault),
    /// The flash holds something that no sequence of commits and power cuts leaves.
    Damaged,
}

impl fmt::Display for BootFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash(_) => f.write_str("the dongle cannot read its flash"),
            Self::Random(fault) => fault.fmt(f),
            Self::Damaged => {
                f.write_str("the dongle's stored state is damaged: it matches none of its digests")
            }
        }
    }
}

impl core::error::Error for BootFault {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Flash(fault) => Some(fault),
            Self::Random(_) | Self::Damaged => None,
        }
    }
}

impl From<FlashFault> for BootFault {
    fn from(fault: FlashFault) -> Self {
        Self::Flash(fault)
    }
}

impl Store {
    /// Finds the state that the last finished commit left.
    pub(crate) fn boot(flash: &mut impl Flash) -> Result<Self, BootFault> {
        let found = [Header::read(flash, 0)?, Header::read(flash, SLOT_LEN)?];
        let newest = match found {
            [None, None] if is_erased(flash)? => {
                return Ok(Self {
                    meta: Meta::EMPTY,
                    active: None,
                });
            }
            [None, None] => return Err(BootFault::Damaged),
            [Some(header), None] => (0, header),
            [None, Some(header)] => (1, header),
            [Some(first), Some(second)] if first.sequence > second.sequence => (0, first),
            [Some(_), Some(second)] => (1, second),
        };
        let (slot, header) = newest;
        let body = slot * SLOT_LEN + HEADER_LEN as u32;
        let greatest = SLOT_LEN - HEADER_LEN as u32;
        if header.length > greatest || digest(flash, &header, body)? != header.digest {
            return Err(BootFault::Damaged);
        }
        let (meta, spans) = image::read(flash, body, header.length)?.ok_or(BootFault::Damaged)?;
        Ok(Self {
            meta,
            active: Some(Active {
                slot,
                sequence: header.sequence,
                spans,
            }),
        })
    }

    /// The small part of the state.
    pub(crate) const fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Whether there is something at `place`.
    pub(crate) fn has(&self, place: Place) -> bool {
        self.span(place).len > 0
    }

    /// Reads what is at `place` into the front of `into`, as much as there is room for. `None` if there is nothing there.
    pub(crate) fn read<'b>(
        &self,
        flash: &mut impl Flash,
        place: Place,
        into: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, FlashFault> {
        let span = self.span(place);
        if span.len == 0 {
            return Ok(None);
        }
        let length = into.len().min(span.len.into());
        let into = &mut into[..length];
        flash.read(span.at, into)?;
        Ok(Some(into))
    }

    /// Makes `item` part of the state, wholly or not at all, together with the `lifecycle` that the
    /// command leads to. The counter rises by one, but not with [`Item::Try`].
    ///
    /// After an error the flash may hold the old or the new state: only a new [`Store::boot`] can tell.
    pub(crate) fn commit(
        &mut self,
        flash: &mut impl Flash,
        lifecycle: Lifecycle,
        item: &Item<'_>,
    ) -> Result<(), FlashFault> {
        let meta = item.meta(&self.meta, lifecycle);
        let (slot, sequence) = self.active.map_or((1, 1), |a| (1 - a.slot, a.sequence + 1));
        let base = slot * SLOT_LEN;
        let old = self.active.map_or([Span::default(); PLACES], |a| a.spans);
        let entries: [Entry<'_>; PLACES] = core::array::from_fn(|n| item.entry(n, old[n].len));
        let length = META_LEN
            + entries
                .iter()
                .map(|e| 2 + usize::from(e.len()))
                .sum::<usize>();
        // Cannot happen: what the store is given is bounded, and the sum of the bounds is asserted above.
        let length = u32::try_from(length)
            .ok()
            .filter(|l| l + HEADER_LEN as u32 <= SLOT_LEN)
            .ok_or(FlashFault)?;

        erase(flash, base, HEADER_LEN as u32 + length)?;
        let mut writer = Writer::new(
            flash,
            base + HEADER_LEN as u32,
            Header::hasher(sequence, length),
        );
        writer.push(&meta.encode()[..])?;
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
        let digest = writer.finish()?;
        flash.sync()?;
        flash.program(
            base,
            &Header {
                sequence,
                length,
                digest,
            }
            .encode(),
        )?;
        flash.sync()?;

        self.meta = meta;
        self.active = Some(Active {
            slot,
            sequence,
            spans,
        });
        Ok(())
    }

    fn span(&self, place: Place) -> Span {
        self.active
            .and_then(|a| a.spans.get(place.index()).copied())
            .unwrap_or_default()
    }
}

/// Erases what a slot of `length` bytes covers, its header first: no header outlives its body.
fn erase<F: Flash>(flash: &mut F, base: u32, length: u32) -> Result<(), FlashFault> {
    const { assert!(SLOT_LEN.is_multiple_of(F::SECTOR)) };
    (0..length)
        .step_by(F::SECTOR as usize)
        .try_for_each(|offset| flash.erase(base + offset))
}

/// Whether slot 0 is erased throughout.
fn is_erased(flash: &mut impl Flash) -> Result<bool, FlashFault> {
    let mut chunk = [0; 64];
    for at in (0..SLOT_LEN).step_by(chunk.len()) {
        flash.read(at, &mut chunk)?;
        if chunk.iter().any(|byte| *byte != 0xFF) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn digest(flash: &mut impl Flash, header: &Header, body: u32) -> Result<[u8; 32], FlashFault> {
    let mut hasher = Header::hasher(header.sequence, header.length);
    let mut chunk = [0; 64];
    let mut done = 0;
    while done < header.length {
        let here = chunk.len().min((header.length - done) as usize);
        flash.read(body + done, &mut chunk[..here])?;
        hasher.update(&chunk[..here]);
        done += here as u32;
    }
    Ok(hasher.finalize().into())
}

#[cfg(test)]
mod tests;
