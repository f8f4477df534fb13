//! What the dongle remembers, behind one operation: [`Store::commit`] of one atomic [`Item`]. Underneath is a
//! journal over two banks of NOR flash. docs/journal.md has the figures, docs/adr says why it is our own.
//!
//! # Specification
//!
//! **Operations.** `boot` finds the state that the last finished commit left. `commit` makes one item part of the
//! state, wholly or not at all. `read`, `has`, `meta` look at it and never write.
//!
//! **Medium.** Two banks of [`BANK_LEN`] bytes. Erasing sets every bit of a sector; a unit of [`PROGRAM_UNIT`]
//! bytes is programmed once between two erasures. A write that power leaves in its middle may have changed any
//! subset of its bits.
//!
//! **Bank.** A header (see [`header`]), an *image*, which is the whole state when the bank was begun (see
//! [`image`]), and a log of *frames*, each of which is what one commit changed (see [`frame`]). The header is
//! *complete* if its own check holds. One unit of it is programmed when a newer bank has taken over: the bank is
//! then *closed*.
//!
//! **Frame.** A head with its own check; a body; a *mark*, which is a digest over all that the bank says up to
//! here; and one unit that *confirms*. A frame is *whole* if its mark is right.
//!
//! **State.** The bank with a complete header and the higher sequence number is *active*. Its image, changed by the
//! whole frames that follow one another without a gap, is the state. If no header is complete and bank 0 is erased
//! throughout, the state is the empty one: the first bank to be begun is bank 1, so this is all that a cut in there
//! leaves.
//!
//! **Commit into the log.** 1. program the head; 2. sync, read it back and compare; 3. program body and mark; 4.
//! sync, read it all back and compare; 5. confirm. The state in RAM changes only after that. It writes the small
//! part of the state and what the item replaces, nothing else.
//!
//! **Commit into the other bank**, if the log has no room, or ends with a torn frame. 1. erase every sector of the
//! other bank, header first, and look that it is erased; `erase_ahead` does this sector by sector before the commit,
//! so that signs of life can go out in between; 2. program the image with the item in it; 3. sync, read it
//! back and compare; 4. program the header; 5. sync, read it back and compare; 6. close the old bank; 7. sync. That
//! is all the garbage collection: nothing is ever moved inside a bank.
//!
//! **Atomicity.** Until the mark (the header) is programmed to the last bit, its check fails, so a cut before that
//! leaves the old state; after it, everything that it speaks of has been programmed, so the new state is found.
//! There is no third outcome.
//!
//! **Recovery.** A torn frame stays where it is; the next commit goes to the other bank. A whole frame at the end
//! that is not confirmed, and a bank beside the active one that is not closed, are confirmed and closed by `boot`
//! before anything is answered. So a mark or a header that was cut so finely that it reads right once and wrong
//! later cannot take back what a host has been told. `boot` writes nothing else; cut, it starts over at the next
//! boot.
//!
//! **Damage.** A cut never leaves any of these, so each means that the flash lost bits, and `boot` refuses with
//! [`BootFault::Damaged`]: the active bank is closed (the newer one's header is gone); the image does not match its
//! header; after the last whole frame, anything but erased flash or one torn frame and erased flash; a torn frame
//! that is confirmed. It never falls back to an older state, because counters and given-away counts would fall. Any
//! damage inside one unit is found or does no harm. What cannot be found is that the whole end of the log, or both
//! banks, were erased as if nothing had ever been there: who can do that can also swap the part.
//!
//! **Capacity.** [`GRANTS_MAX`] grants of the longest record with every line partly given away, [`RECEIPTS_MAX`]
//! receipts, three certificates, a revocation list and two secrets of the greatest length, all at once, checked when
//! this crate is compiled.
//!
//! **Erasure.** What a commit replaces, a key included, stays readable until its bank has been erased. Nothing uses
//! it.
//!
//! **Wear.** Every change of bank erases each sector of one bank once, in turns: no sector is erased more than once
//! more often than another. Reading writes nothing: `hello`, `open`, `heartbeat`, `prove` cost nothing.

mod append;
mod check;
mod compact;
mod frame;
mod header;
mod image;
mod stored;
mod writer;

pub(crate) use image::{Item, Meta, Place};
pub use stored::{Stored, stored};

use crate::platform::{Flash, FlashFault, PROGRAM_UNIT, RandomFault};
use crate::vault::KEPT_MAX;
use check::{digest, is_erased};
use core::fmt;
use frame::Found;
use header::{HEADER_LEN, Header};
use image::{Entry, META_LEN, PLACES};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::{
    CERT_MAX, CRL_MAX, GRANT_MAX, GRANTS_MAX, RECEIPT_MAX, RECEIPTS_MAX,
};

/// Bytes of one bank: what the greatest state needs, and room for a log behind it, in whole sectors of up to 16 KiB.
const BANK_LEN: u32 = 80 * 1024;

/// Bytes of both banks.
pub(crate) const FLASH_LEN: u32 = 2 * BANK_LEN;

/// Bytes of the greatest state, with the header before it.
const GREATEST_STATE: usize = HEADER_LEN
    + META_LEN
    + PLACES * 2
    + 2 * KEPT_MAX
    + 3 * CERT_MAX
    + CRL_MAX
    + GRANTS_MAX * (crate::grants::HEAD_MAX + GRANT_MAX)
    + RECEIPTS_MAX * (crate::receipts::HEAD_LEN + RECEIPT_MAX);
const _: () = assert!(GREATEST_STATE + PROGRAM_UNIT <= BANK_LEN as usize);

/// Most bytes that the commits of one order to give away take of the log: a try, that its proof was right, and the
/// receipt.
pub(crate) const GIVING: u32 = 2 * frame::size(META_LEN as u32)
    + frame::size((META_LEN + 3 * 3) as u32)
    + (crate::grants::HEAD_MAX + crate::receipts::HEAD_LEN + RECEIPT_MAX) as u32;
const _: () = assert!(GREATEST_STATE as u32 + GIVING <= BANK_LEN);

/// The state of the dongle, as far as RAM holds it: [`Meta`], and where in flash the rest lies.
pub(crate) struct Store {
    meta: Meta,
    active: Option<Active>,
    /// Bytes of the bank that is not active that were erased since power-up: the front of it.
    erased: u32,
}

/// The bank that holds the state.
#[derive(Clone, Copy)]
struct Active {
    bank: u32,
    /// Number of the last commit.
    sequence: u64,
    /// Digest of the bank up to the end of that commit.
    chain: [u8; 32],
    /// Where the next frame goes; `None` after a torn one.
    tail: Option<u32>,
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
    /// Another part wrote this flash: its secrets cannot be read with the storage key of this one.
    OtherPart,
}

impl fmt::Display for BootFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash(_) => f.write_str("the dongle cannot read its flash"),
            Self::Random(fault) => fault.fmt(f),
            Self::Damaged => {
                f.write_str("the dongle's stored state is damaged: it matches none of its digests")
            }
            Self::OtherPart => f.write_str(
                "the dongle's flash was written by another part: this one cannot read its keys",
            ),
        }
    }
}

impl core::error::Error for BootFault {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Flash(fault) => Some(fault),
            Self::Random(_) | Self::Damaged | Self::OtherPart => None,
        }
    }
}

impl From<FlashFault> for BootFault {
    fn from(fault: FlashFault) -> Self {
        Self::Flash(fault)
    }
}

impl Store {
    /// Finds the state that the last finished commit left, and makes sure of it.
    pub(crate) fn boot(flash: &mut impl Flash) -> Result<Self, BootFault> {
        let banks = [header::look(flash, 0)?, header::look(flash, BANK_LEN)?];
        let sequence = |bank: usize| banks[bank].header.map(|header| header.sequence);
        let bank = usize::from(sequence(1) > sequence(0));
        let Some(header) = banks[bank].header else {
            return match is_erased(flash, 0, BANK_LEN)? {
                true => Ok(Self {
                    meta: Meta::EMPTY,
                    active: None,
                    erased: 0,
                }),
                false => Err(BootFault::Damaged),
            };
        };
        if banks[bank].closed {
            return Err(BootFault::Damaged);
        }
        let mut store = Self::image(flash, bank as u32, &header)?;
        let unconfirmed = store.replay(flash, header.end(bank as u32 * BANK_LEN))?;

        let other = (1 - bank) as u32 * BANK_LEN;
        if !banks[1 - bank].closed {
            header::close(flash, other)?;
        }
        if let Some(at) = unconfirmed {
            frame::confirm(flash, at)?;
        }
        if !banks[1 - bank].closed || unconfirmed.is_some() {
            flash.sync()?;
        }
        Ok(store)
    }

    /// The state as it was when `bank` was begun.
    fn image(flash: &mut impl Flash, bank: u32, header: &Header) -> Result<Self, BootFault> {
        let body = bank * BANK_LEN + HEADER_LEN as u32;
        if header.length > BANK_LEN - HEADER_LEN as u32
            || digest(flash, header.hasher(), body, header.length)? != header.digest
        {
            return Err(BootFault::Damaged);
        }
        let (meta, spans) = image::read(flash, body, header.length)?.ok_or(BootFault::Damaged)?;
        Ok(Self {
            meta,
            active: Some(Active {
                bank,
                sequence: header.sequence,
                chain: header.digest,
                tail: None,
                spans,
            }),
            erased: 0,
        })
    }

    /// Applies the frames from `at` on. Returns where the last one is to be confirmed, if it is not.
    fn replay(&mut self, flash: &mut impl Flash, mut at: u32) -> Result<Option<u32>, BootFault> {
        let Some(active) = &mut self.active else {
            return Ok(None);
        };
        let end = (active.bank + 1) * BANK_LEN;
        let mut unconfirmed = None;
        loop {
            let rest = match frame::look(flash, at, end, active)? {
                Found::Whole(frame) => {
                    self.meta = frame::apply(flash, &frame, &mut active.spans)?
                        .ok_or(BootFault::Damaged)?;
                    active.sequence += 1;
                    active.chain = frame.digest;
                    unconfirmed = (!frame.confirmed).then_some(frame.confirmation);
                    at = frame.end;
                    continue;
                }
                Found::Nothing => {
                    active.tail = Some(at);
                    at
                }
                Found::Torn { rest } => rest,
                Found::Impossible => return Err(BootFault::Damaged),
            };
            return match is_erased(flash, rest, end)? {
                true => Ok(unconfirmed),
                false => Err(BootFault::Damaged),
            };
        }
    }

    /// The small part of the state.
    pub(crate) const fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Whether there is something at `place`.
    pub(crate) fn has(&self, place: Place) -> bool {
        self.span(place).len > 0
    }

    /// Reads what is at `place` into the front of `into`, as much as there is room for. `None` if there is
    /// nothing there.
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
    /// command leads to. The counter rises by one, but not with [`Item::Try`] and
    /// [`Item::ProofRight`].
    ///
    /// After an error the flash may hold the old or the new state: only a new [`Store::boot`] can tell.
    pub(crate) fn commit(
        &mut self,
        flash: &mut impl Flash,
        lifecycle: Lifecycle,
        item: &Item<'_>,
    ) -> Result<(), FlashFault> {
        let meta = item.meta(&self.meta, lifecycle);
        let entries = self.entries(item);
        let active = match self.active.as_ref() {
            Some(active) if append::has_room(active, append::size(active, &entries)) => {
                append::append(flash, active, &meta, &entries)?
            }
            active => {
                let erased = core::mem::take(&mut self.erased);
                compact::compact(flash, active, erased, &meta, &entries)?
            }
        };
        self.meta = meta;
        self.active = Some(active);
        Ok(())
    }

    /// Bytes that a commit of `item` takes of the log, once there is one.
    pub(crate) fn size(&self, item: &Item<'_>) -> u32 {
        let active = self.active.as_ref();
        active.map_or(0, |active| append::size(active, &self.entries(item)))
    }

    /// Whether commits of these many bytes need no more erasing: there is room in the log, or the other bank is ready.
    pub(crate) fn has_room(&self, bytes: u32) -> bool {
        let in_log = self.active.is_some_and(|a| append::has_room(&a, bytes));
        in_log || self.erased == BANK_LEN
    }

    /// Erases one more sector of the other bank, for the next commit; whether that was the last. What a cut leaves is
    /// what it leaves of a commit into that bank.
    pub(crate) fn erase_ahead(&mut self, flash: &mut impl Flash) -> Result<bool, FlashFault> {
        compact::erase(flash, self.active.as_ref(), &mut self.erased)?;
        Ok(self.erased == BANK_LEN)
    }

    fn entries<'i>(&self, item: &Item<'i>) -> [Entry<'i>; PLACES] {
        let old = self.active.map_or([Span::default(); PLACES], |a| a.spans);
        core::array::from_fn(|n| item.entry(n, old[n].len))
    }

    fn span(&self, place: Place) -> Span {
        self.active
            .and_then(|a| a.spans.get(place.index()).copied())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
