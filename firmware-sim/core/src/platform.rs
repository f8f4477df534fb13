//! What the core needs from the hardware around it. Everything else in this crate is the same on every part.

use core::fmt;
use tallykey_protocol::status::Status;

/// Bytes that are programmed together and must be erased between two programmings: the double word
/// of common microcontrollers. [`Flash::program`] is only called with multiples of it.
pub const PROGRAM_UNIT: usize = 8;

/// Bytes of flash that the core uses, from address 0.
pub const FLASH_LEN: u32 = crate::store::FLASH_LEN;

/// NOR flash: erasing sets every bit of a sector, programming clears bits.
pub trait Flash {
    /// Bytes that one erase covers. Must divide half of [`FLASH_LEN`].
    const SECTOR: u32;

    /// Fills `into` with the bytes from address `at`.
    ///
    /// # Errors
    /// [`FlashFault`] if the part did not answer.
    fn read(&mut self, at: u32, into: &mut [u8]) -> Result<(), FlashFault>;

    /// Programs erased flash, in order of address. `at` and the length are multiples of [`PROGRAM_UNIT`].
    ///
    /// # Errors
    /// [`FlashFault`] if the part did not take all of it; any part of it may then be written.
    fn program(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashFault>;

    /// Erases the sector that starts at `at`.
    ///
    /// # Errors
    /// [`FlashFault`] if the part did not finish; the sector may then hold anything.
    fn erase(&mut self, at: u32) -> Result<(), FlashFault>;

    /// Returns once everything before it survives a loss of power. Parts that program before they
    /// return have nothing to do here.
    ///
    /// # Errors
    /// [`FlashFault`] if that is not certain.
    fn sync(&mut self) -> Result<(), FlashFault>;
}

/// The flash did not do what it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlashFault;

impl fmt::Display for FlashFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the flash memory did not take or give the data")
    }
}

impl core::error::Error for FlashFault {}

/// Where the core needed the flash to answer a request.
impl From<FlashFault> for Status {
    fn from(_: FlashFault) -> Self {
        Self::StorageFailed
    }
}

/// The random source failed its own health test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RandomFault;

impl fmt::Display for RandomFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the random source is not healthy")
    }
}

impl core::error::Error for RandomFault {}

/// What a person at the dongle has said since it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing yet.
    Waiting,
    /// The button was pressed.
    Confirmed,
    /// No, on a board that has a way to say so.
    Declined,
}

/// The part that the core runs on.
pub trait Platform {
    /// Its flash.
    type Flash: Flash;

    /// The flash. Nothing else may write it while the core runs.
    fn flash(&mut self) -> &mut Self::Flash;

    /// Milliseconds since power-on. Never goes back, and says nothing about the time of day.
    fn now_ms(&mut self) -> u64;

    /// Fills `into` with random bytes fit for keys.
    ///
    /// # Errors
    /// [`RandomFault`] if they would not be.
    fn random(&mut self, into: &mut [u8]) -> Result<(), RandomFault>;

    /// Starts blinking the LED, so that a person finds this dongle among others. Returns at once.
    fn wink(&mut self);

    /// Begins to ask the person at the dongle, and returns at once. What was pressed before, or is held down now, is
    /// no answer. `false` on a board without a button: then nobody is asked.
    fn ask_presence(&mut self) -> bool;

    /// What the person has said since [`Self::ask_presence`].
    fn presence(&mut self) -> Presence;

    /// Identity of the part, before and beside the dongle's own serial.
    fn chip_id(&self) -> [u8; 8];

    /// A key that only this part has, and that cannot be read from the flash: derived from fuses or a hardware unique
    /// key, the same for the life of the part. `None` on a part without one: then secrets lie in the flash as they are.
    fn storage_key(&mut self) -> Option<[u8; 32]>;

    /// SHA-256 of the firmware image, as far as the part can tell.
    fn firmware_digest(&self) -> [u8; 32];

    /// Whether the hardware is pretended. Told in `hello` and in every proof.
    fn simulated(&self) -> bool;
}
