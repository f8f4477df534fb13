//! The pretended hardware: everything that the core asks of a part.

use crate::flash::SimFlash;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tallykey_core::platform::{Platform, Presence, RandomFault};

/// Where the part's ticks come from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's monotonic clock, from this instant.
    Real(Instant),
    /// Whatever a test says, in milliseconds.
    Virtual(Arc<AtomicU64>),
}

impl Clock {
    /// Real time, from now.
    #[must_use]
    pub fn real() -> Self {
        Self::Real(Instant::now())
    }

    fn now_ms(&self) -> u64 {
        match self {
            Self::Real(start) => u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
            Self::Virtual(ms) => ms.load(Ordering::SeqCst),
        }
    }
}

/// The person at the dongle, and whether there is a button at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Button {
    /// The board has none.
    Absent,
    /// Pressed as soon as the dongle asks.
    #[default]
    Accept,
    /// Declined as soon as the dongle asks.
    Reject,
    /// Pressed by [`SimDongle::press`](crate::dongle::SimDongle::press), or not at all.
    Ask,
}

/// The part that the core runs on.
pub struct SimPlatform {
    flash: SimFlash,
    clock: Clock,
    winks: u64,
    button: Button,
    /// Pressed since the dongle asked.
    pressed: bool,
}

impl SimPlatform {
    /// A part with this flash and clock.
    #[must_use]
    pub const fn new(flash: SimFlash, clock: Clock) -> Self {
        Self {
            flash,
            clock,
            winks: 0,
            button: Button::Accept,
            pressed: false,
        }
    }

    /// Says what becomes of the button from now on.
    pub(crate) const fn set_button(&mut self, button: Button) {
        self.button = button;
    }

    /// Presses the button, which means something under [`Button::Ask`].
    pub(crate) const fn press(&mut self) {
        self.pressed = true;
    }

    /// How often the LED was asked to blink.
    pub(crate) const fn winks(&self) -> u64 {
        self.winks
    }
}

impl Platform for SimPlatform {
    type Flash = SimFlash;

    fn flash(&mut self) -> &mut SimFlash {
        &mut self.flash
    }

    fn now_ms(&mut self) -> u64 {
        self.clock.now_ms()
    }

    fn random(&mut self, into: &mut [u8]) -> Result<(), RandomFault> {
        getrandom::fill(into).map_err(|_| RandomFault)
    }

    fn wink(&mut self) {
        self.winks += 1;
    }

    fn ask_presence(&mut self) -> bool {
        self.pressed = false;
        self.button != Button::Absent
    }

    fn presence(&mut self) -> Presence {
        match self.button {
            Button::Accept => Presence::Confirmed,
            Button::Ask if self.pressed => Presence::Confirmed,
            Button::Reject => Presence::Declined,
            Button::Ask | Button::Absent => Presence::Waiting,
        }
    }

    fn chip_id(&self) -> [u8; 8] {
        self.flash.chip_id()
    }

    /// There is no image: the name and version of the core that runs stand for it.
    fn firmware_digest(&self) -> [u8; 32] {
        Sha256::digest(concat!("tallykey-sim ", env!("CARGO_PKG_VERSION"))).into()
    }

    fn simulated(&self) -> bool {
        true
    }
}
