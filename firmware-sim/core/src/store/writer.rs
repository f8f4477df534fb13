//! Streams an image or the body of a frame into flash, so that no commit needs it in RAM.

use super::Span;
use crate::platform::{Flash, FlashFault, PROGRAM_UNIT};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes programmed at a time: the page of common flash parts.
const PAGE: usize = 256;

pub(super) struct Writer<'f, F> {
    flash: &'f mut F,
    /// Where the page in RAM goes.
    at: u32,
    page: Zeroizing<[u8; PAGE]>,
    used: usize,
    hasher: Sha256,
}

impl<'f, F: Flash> Writer<'f, F> {
    pub(super) fn new(flash: &'f mut F, at: u32, hasher: Sha256) -> Self {
        Self {
            flash,
            at,
            page: Zeroizing::new([0; PAGE]),
            used: 0,
            hasher,
        }
    }

    /// Address of the next byte.
    pub(super) const fn position(&self) -> u32 {
        self.at + self.used as u32
    }

    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), FlashFault> {
        self.hasher.update(bytes);
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PAGE - self.used));
            self.page[self.used..self.used + now.len()].copy_from_slice(now);
            self.used += now.len();
            bytes = later;
            if self.used == PAGE {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Pushes bytes that are in flash already.
    pub(super) fn copy(&mut self, from: Span) -> Result<(), FlashFault> {
        let mut chunk = [0; 64];
        let mut done = 0;
        while done < usize::from(from.len) {
            let here = chunk.len().min(usize::from(from.len) - done);
            self.flash.read(from.at + done as u32, &mut chunk[..here])?;
            self.push(&chunk[..here])?;
            done += here;
        }
        Ok(())
    }

    /// Writes out the rest. Returns the address of the next unit, and the digest of everything.
    pub(super) fn finish(mut self) -> Result<(u32, [u8; 32]), FlashFault> {
        self.flush()?;
        let after = self.at.next_multiple_of(PROGRAM_UNIT as u32);
        Ok((after, self.hasher.finalize().into()))
    }

    fn flush(&mut self) -> Result<(), FlashFault> {
        if self.used == 0 {
            return Ok(());
        }
        // The last unit is filled up with erased bits, which the length leaves out.
        let end = self.used.next_multiple_of(PROGRAM_UNIT);
        self.page[self.used..end].fill(0xFF);
        self.flash.program(self.at, &self.page[..end])?;
        self.at += self.used as u32;
        self.used = 0;
        Ok(())
    }
}
