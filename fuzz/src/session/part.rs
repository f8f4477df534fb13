//! Hardware that does the same each time: bytes decide, not the machine.

use tallykey_core::platform::{FLASH_LEN, Flash, FlashFault, Platform, Presence, RandomFault};

pub(super) struct Part {
    flash: Cells,
    chip_id: [u8; 8],
    pub(super) now_ms: u64,
    drawn: u64,
}

pub(super) struct Cells(Vec<u8>);

impl Part {
    /// `contents` as the simulator keeps them: the flash, then the chip id.
    pub(super) fn new(contents: &[u8]) -> Self {
        let (flash, chip_id) = contents.split_at(FLASH_LEN as usize);
        Self {
            flash: Cells(flash.to_vec()),
            chip_id: chip_id.try_into().expect("8 bytes of chip id"),
            now_ms: 0,
            drawn: 0,
        }
    }
}

impl Platform for Part {
    type Flash = Cells;

    fn flash(&mut self) -> &mut Cells {
        &mut self.flash
    }

    fn now_ms(&mut self) -> u64 {
        self.now_ms
    }

    /// splitmix64 over the number of draws.
    fn random(&mut self, into: &mut [u8]) -> Result<(), RandomFault> {
        for block in into.chunks_mut(8) {
            self.drawn += 1;
            let mut word = self.drawn.wrapping_mul(0x9E37_79B9_7F4A_7C15);
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
        self.chip_id
    }

    fn storage_key(&mut self) -> Option<[u8; 32]> {
        Some(tallykey_sim::platform::storage_key(self.chip_id))
    }

    fn firmware_digest(&self) -> [u8; 32] {
        [0; 32]
    }

    fn simulated(&self) -> bool {
        true
    }
}

impl Flash for Cells {
    const SECTOR: u32 = 4096;

    fn read(&mut self, at: u32, into: &mut [u8]) -> Result<(), FlashFault> {
        into.copy_from_slice(&self.0[at as usize..][..into.len()]);
        Ok(())
    }

    fn program(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashFault> {
        let cells = &mut self.0[at as usize..][..bytes.len()];
        cells
            .iter_mut()
            .zip(bytes)
            .for_each(|(cell, byte)| *cell &= byte);
        Ok(())
    }

    fn erase(&mut self, at: u32) -> Result<(), FlashFault> {
        self.0[at as usize..][..Self::SECTOR as usize].fill(0xFF);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), FlashFault> {
        Ok(())
    }
}
