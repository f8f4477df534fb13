//! NOR flash as a microcontroller has it: erasing sets the bits of a sector, programming only clears bits,
//! power may go at any moment. Kept in memory, and in a file if one is named.

mod cut;
mod file;

pub use cut::{PowerCut, Tear, Write};
pub use file::FlashFileError;

use file::FlashFile;
use std::path::Path;
use tallykey_core::platform::{FLASH_LEN, Flash, FlashFault, PROGRAM_UNIT};
pub use tallykey_core::stored;

/// Bytes of a sector.
const SECTOR: u32 = 4096;

/// Bytes of the chip id, which follow the flash in its file: a part has it from its own factory.
const CHIP_ID: usize = 8;

/// A simulated flash.
pub struct SimFlash {
    bytes: Vec<u8>,
    file: Option<FlashFile>,
    cut: Option<PowerCut>,
    log: Option<Vec<Write>>,
    writes: u64,
    wear: Vec<u32>,
}

impl SimFlash {
    /// Flash as it comes from the factory: erased, in a part with this chip id. Gone with the process.
    #[must_use]
    pub fn blank(chip_id: [u8; 8]) -> Self {
        Self::of(erased(chip_id), None)
    }

    /// Flash in the file at `path`, which is made with this chip id if there is none. It is locked for as long as
    /// this lives.
    ///
    /// # Errors
    /// [`FlashFileError`] if the file cannot be used, is in use, or is none of ours.
    pub fn in_file(path: &Path, chip_id: [u8; 8]) -> Result<Self, FlashFileError> {
        let (file, bytes) = FlashFile::open(path, erased(chip_id))?;
        Ok(Self::of(bytes, Some(file)))
    }

    /// A copy of `contents` of another, in memory.
    ///
    /// # Panics
    /// If they are of another length.
    #[must_use]
    pub fn copy_of(contents: &[u8]) -> Self {
        Self::with_contents(contents.to_vec())
    }

    /// Flash with these contents of another, in memory; [`Self::into_contents`] gives them back.
    ///
    /// # Panics
    /// If they are of another length.
    #[must_use]
    pub fn with_contents(contents: Vec<u8>) -> Self {
        assert_eq!(
            contents.len(),
            FLASH_LEN as usize + CHIP_ID,
            "flash has one size"
        );
        Self::of(contents, None)
    }

    fn of(bytes: Vec<u8>, file: Option<FlashFile>) -> Self {
        Self {
            bytes,
            file,
            cut: None,
            log: None,
            writes: 0,
            wear: vec![0; (FLASH_LEN / SECTOR) as usize],
        }
    }

    /// What it holds, and the chip id, without the flash around it.
    #[must_use]
    pub fn into_contents(self) -> Vec<u8> {
        self.bytes
    }

    /// What it holds, and the chip id.
    #[must_use]
    pub fn contents(&self) -> &[u8] {
        &self.bytes
    }

    /// The part's id.
    pub(crate) fn chip_id(&self) -> [u8; CHIP_ID] {
        self.bytes.last_chunk().copied().unwrap_or_default()
    }

    /// Units programmed and sectors erased since it was made.
    #[must_use]
    pub const fn writes(&self) -> u64 {
        self.writes
    }

    /// Erasures of each sector since it was made.
    #[must_use]
    pub fn wear(&self) -> &[u32] {
        &self.wear
    }

    /// Begins to keep every write, for [`Self::recorded`].
    pub fn record(&mut self) {
        self.log = Some(Vec::new());
    }

    /// Every write since [`Self::record`], which ends with this.
    pub fn recorded(&mut self) -> Vec<Write> {
        self.log.take().unwrap_or_default()
    }

    /// Takes the power away during a later write. Everything after that fails until [`Self::restore_power`].
    pub fn plan(&mut self, cut: PowerCut) {
        self.cut = Some(cut);
    }

    /// Whether a planned cut has taken the power.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.as_ref().is_some_and(PowerCut::is_over)
    }

    /// The power is back; what was torn stays torn.
    pub fn restore_power(&mut self) {
        self.cut = None;
    }

    /// Changes `old` at `at` to `new`, or what of it a power cut lets through.
    fn change(&mut self, at: usize, new: &[u8]) -> Result<(), FlashFault> {
        self.writes += 1;
        if let Some(log) = &mut self.log {
            log.push(Write {
                at,
                bytes: new.to_vec(),
            });
        }
        let place = &mut self.bytes[at..at + new.len()];
        let outcome = match &mut self.cut {
            None => {
                place.copy_from_slice(new);
                Ok(())
            }
            Some(cut) => cut.write(place, new),
        };
        if let Some(file) = &mut self.file {
            file.write(at, &self.bytes[at..at + new.len()])
                .map_err(|_| FlashFault)?;
        }
        outcome
    }
}

fn erased(chip_id: [u8; CHIP_ID]) -> Vec<u8> {
    let mut bytes = vec![0xFF; FLASH_LEN as usize];
    bytes.extend(chip_id);
    bytes
}

impl Flash for SimFlash {
    const SECTOR: u32 = SECTOR;

    fn read(&mut self, at: u32, into: &mut [u8]) -> Result<(), FlashFault> {
        if self.is_cut() {
            return Err(FlashFault);
        }
        into.copy_from_slice(
            self.bytes[..FLASH_LEN as usize]
                .get(at as usize..at as usize + into.len())
                .ok_or(FlashFault)?,
        );
        Ok(())
    }

    fn program(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashFault> {
        let at = at as usize;
        if !at.is_multiple_of(PROGRAM_UNIT)
            || !bytes.len().is_multiple_of(PROGRAM_UNIT)
            || at + bytes.len() > FLASH_LEN as usize
        {
            return Err(FlashFault);
        }
        for (n, unit) in bytes.chunks(PROGRAM_UNIT).enumerate() {
            let at = at + n * PROGRAM_UNIT;
            // A part with error correction takes a unit once between erasures; the model is that strict.
            if self.bytes[at..at + PROGRAM_UNIT]
                .iter()
                .any(|byte| *byte != 0xFF)
            {
                return Err(FlashFault);
            }
            self.change(at, unit)?;
        }
        Ok(())
    }

    fn erase(&mut self, at: u32) -> Result<(), FlashFault> {
        if !at.is_multiple_of(SECTOR) || at + SECTOR > FLASH_LEN {
            return Err(FlashFault);
        }
        self.wear[(at / SECTOR) as usize] += 1;
        self.change(at as usize, &[0xFF; SECTOR as usize])
    }

    fn sync(&mut self) -> Result<(), FlashFault> {
        if self.is_cut() {
            return Err(FlashFault);
        }
        self.file
            .as_mut()
            .map_or(Ok(()), |file| file.sync().map_err(|_| FlashFault))
    }
}
