//! The least hardware that the core runs on: flash in RAM, ticks that count calls, and random bytes that are
//! none. Only for seeing that the core links and runs without an operating system.

use tallykey_core::platform::{FLASH_LEN, Flash, FlashFault, Platform, Presence, RandomFault};

pub struct Board<'a> {
    flash: Ram<'a>,
    ticks: u64,
}

/// What stands for the flash.
pub type Cells = [u8; FLASH_LEN as usize];

pub struct Ram<'a>(&'a mut Cells);

impl<'a> Board<'a> {
    pub const CHIP_ID: [u8; 8] = *b"bare-001";

    pub const fn new(cells: &'a mut Cells) -> Self {
        Self {
            flash: Ram(cells),
            ticks: 0,
        }
    }
}

impl<'a> Platform for Board<'a> {
    type Flash = Ram<'a>;

    fn flash(&mut self) -> &mut Ram<'a> {
        &mut self.flash
    }

    fn now_ms(&mut self) -> u64 {
        self.ticks += 1;
        self.ticks
    }

    /// The same at each run: splitmix64 over the ticks.
    fn random(&mut self, into: &mut [u8]) -> Result<(), RandomFault> {
        for block in into.chunks_mut(8) {
            let mut word = self.now_ms().wrapping_mul(0x9E37_79B9_7F4A_7C15);
            word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            block.copy_from_slice(&(word ^ (word >> 31)).to_le_bytes()[..block.len()]);
        }
        Ok(())
    }

    fn wink(&mut self) {}

    fn ask_presence(&mut self) -> bool {
        false
    }

    fn presence(&mut self) -> Presence {
        Presence::Waiting
    }

    fn chip_id(&self) -> [u8; 8] {
        Self::CHIP_ID
    }

    fn storage_key(&mut self) -> Option<[u8; 32]> {
        None
    }

    fn firmware_digest(&self) -> [u8; 32] {
        [0; 32]
    }

    fn simulated(&self) -> bool {
        true
    }
}

impl Flash for Ram<'_> {
    const SECTOR: u32 = 4096;

    fn read(&mut self, at: u32, into: &mut [u8]) -> Result<(), FlashFault> {
        let from = self.part(at, into.len())?;
        into.copy_from_slice(from);
        Ok(())
    }

    /// Clears bits, as NOR flash does.
    fn program(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashFault> {
        let cells = self.part(at, bytes.len())?;
        cells
            .iter_mut()
            .zip(bytes)
            .for_each(|(cell, byte)| *cell &= byte);
        Ok(())
    }

    fn erase(&mut self, at: u32) -> Result<(), FlashFault> {
        self.part(at, Self::SECTOR as usize)?.fill(0xFF);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), FlashFault> {
        Ok(())
    }
}

impl Ram<'_> {
    fn part(&mut self, at: u32, length: usize) -> Result<&mut [u8], FlashFault> {
        let at = at as usize;
        self.0.get_mut(at..at + length).ok_or(FlashFault)
    }
}
