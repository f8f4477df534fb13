//! NOR flash: one-way bits, wear, power that goes in the middle of a write, and cells that are worn out.

use crate::platform::{Flash, FlashFault, PROGRAM_UNIT};
use crate::store::{FLASH_LEN, Store};
use std::vec::Vec;

#[derive(Clone)]
pub(super) struct Nor {
    pub(super) bytes: Vec<u8>,
    /// Erasures of each sector.
    pub(super) wear: Vec<u32>,
    /// Units programmed.
    pub(super) programmed: usize,
    pub(super) cut: Option<Cut>,
    /// A bit that no longer can be programmed.
    pub(super) stuck: Option<usize>,
}

/// Power goes during the write after `left` more of them, of which it leaves a subset of the bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) left: usize,
    pub(super) seed: u64,
}

impl Nor {
    pub(super) fn new() -> Self {
        Self {
            bytes: std::vec![0xFF; FLASH_LEN as usize],
            wear: std::vec![0; (FLASH_LEN / Self::SECTOR) as usize],
            programmed: 0,
            cut: None,
            stuck: None,
        }
    }

    /// What a boot finds when it is not disturbed.
    pub(super) fn boot(&mut self) -> Store {
        Store::boot(self).expect("it boots")
    }

    fn write(&mut self, at: usize, new: &[u8]) -> Result<(), FlashFault> {
        let place = &mut self.bytes[at..at + new.len()];
        match &mut self.cut {
            None => place.copy_from_slice(new),
            Some(Cut { left, .. }) if *left > 0 => {
                *left -= 1;
                place.copy_from_slice(new);
            }
            Some(Cut { seed, .. }) => {
                for (n, (old, new)) in place.iter_mut().zip(new).enumerate() {
                    *old ^= (*old ^ new) & mask(*seed, n);
                }
                // Nothing else gets through.
                *seed = 0;
                return Err(FlashFault);
            }
        }
        if let Some(bit) = self
            .stuck
            .filter(|bit| (at..at + new.len()).contains(&(bit / 8)))
        {
            self.bytes[bit / 8] |= 1 << (bit % 8);
        }
        Ok(())
    }
}

/// Which bits of byte `n` a torn write changes: none of seed 0, all of the greatest, else about half.
fn mask(seed: u64, n: usize) -> u8 {
    match seed {
        0 => 0,
        u64::MAX => 0xFF,
        seed => {
            (seed
                .wrapping_mul(n as u64 * 2 + 1)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                >> 32) as u8
        }
    }
}

impl Flash for Nor {
    const SECTOR: u32 = 4096;

    fn read(&mut self, at: u32, into: &mut [u8]) -> Result<(), FlashFault> {
        into.copy_from_slice(&self.bytes[at as usize..][..into.len()]);
        Ok(())
    }

    fn program(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashFault> {
        let at = at as usize;
        assert!(at.is_multiple_of(PROGRAM_UNIT) && bytes.len().is_multiple_of(PROGRAM_UNIT));
        for (n, unit) in bytes.chunks(PROGRAM_UNIT).enumerate() {
            let at = at + n * PROGRAM_UNIT;
            assert_eq!(
                self.bytes[at..][..PROGRAM_UNIT],
                [0xFF; PROGRAM_UNIT],
                "programmed twice"
            );
            self.programmed += 1;
            self.write(at, unit)?;
        }
        Ok(())
    }

    fn erase(&mut self, at: u32) -> Result<(), FlashFault> {
        assert!(at.is_multiple_of(Self::SECTOR));
        self.wear[(at / Self::SECTOR) as usize] += 1;
        self.write(at as usize, &[0xFF; Self::SECTOR as usize])
    }

    fn sync(&mut self) -> Result<(), FlashFault> {
        Ok(())
    }
}
