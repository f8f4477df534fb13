//! The pretended hardware: everything that the core asks of a part.

use crate::flash::SimFlash;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
pub use tallykey_core::platform::Platform;
use tallykey_core::platform::{Presence, RandomFault};

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Button {
    /// The board has none
    Absent,
    /// Pressed as soon as the dongle asks
    #[default]
    Accept,
    /// Declined as soon as the dongle asks
    Reject,
    /// Pressed when somebody says so (`button press` of `ctl`), or not at all
    Ask,
}

/// What has happened at the button.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Presses {
    /// Times that the dongle asked.
    pub(crate) asked: u64,
    /// Times that the answer was yes.
    pub(crate) confirmed: u64,
    /// Times that it was no.
    pub(crate) declined: u64,
}

/// The part that the core runs on.
pub struct SimPlatform {
    flash: SimFlash,
    clock: Clock,
    winks: u64,
    button: Button,
    /// Pressed since the dongle asked.
    pressed: bool,
    /// The dongle has asked, and has not seen an answer.
    asking: bool,
    presses: Presses,
}

/// The storage key of the part with this chip id: as public as every key here.
#[must_use]
pub fn storage_key(chip_id: [u8; 8]) -> [u8; 32] {
    Sha256::new()
        .chain_update("tallykey-sim storage key")
        .chain_update(chip_id)
        .finalize()
        .into()
}

impl SimPlatform {
    /// A part with this flash and clock.
    #[must_use]
    pub fn new(flash: SimFlash, clock: Clock) -> Self {
        Self {
            flash,
            clock,
            winks: 0,
            button: Button::Accept,
            pressed: false,
            asking: false,
            presses: Presses::default(),
        }
    }

    /// Says what becomes of the button from now on.
    pub(crate) const fn set_button(&mut self, button: Button) {
        self.button = button;
    }

    pub(crate) const fn button(&self) -> Button {
        self.button
    }

    /// What has happened at the button since the last call.
    pub(crate) fn take_presses(&mut self) -> Presses {
        std::mem::take(&mut self.presses)
    }

    /// Presses the button, which means something under [`Button::Ask`].
    pub(crate) const fn press(&mut self) {
        self.pressed = true;
    }

    /// Whether a planned cut has taken its power.
    pub(crate) fn is_cut(&self) -> bool {
        self.flash.is_cut()
    }

    /// The power is back.
    pub(crate) fn restore_power(&mut self) {
        self.flash.restore_power();
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
        self.asking = self.button != Button::Absent;
        self.presses.asked += u64::from(self.asking);
        self.asking
    }

    fn presence(&mut self) -> Presence {
        let answer = match self.button {
            Button::Accept => Presence::Confirmed,
            Button::Ask if self.pressed => Presence::Confirmed,
            Button::Reject => Presence::Declined,
            Button::Ask | Button::Absent => Presence::Waiting,
        };
        if self.asking {
            self.asking = answer == Presence::Waiting;
            self.presses.confirmed += u64::from(answer == Presence::Confirmed);
            self.presses.declined += u64::from(answer == Presence::Declined);
        }
        answer
    }

    fn chip_id(&self) -> [u8; 8] {
        self.flash.chip_id()
    }

    fn storage_key(&mut self) -> Option<[u8; 32]> {
        Some(storage_key(self.flash.chip_id()))
    }

    /// There is no image: the name and version of the core that runs stand for it.
    fn firmware_digest(&self) -> [u8; 32] {
        Sha256::digest(concat!("tallykey-sim ", env!("CARGO_PKG_VERSION"))).into()
    }

    fn simulated(&self) -> bool {
        true
    }
}
