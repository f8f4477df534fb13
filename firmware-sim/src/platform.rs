//! The pretended hardware: everything that the core asks of a part.

use crate::flash::SimFlash;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tallykey_core::platform::{Platform, RandomFault};

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

/// The part that the core runs on.
pub struct SimPlatform {
    flash: SimFlash,
    clock: Clock,
    winks: u64,
}

impl SimPlatform {
    /// A part with this flash and clock.
    #[must_use]
    pub const fn new(flash: SimFlash, clock: Clock) -> Self {
        Self {
            flash,
            clock,
            winks: 0,
        }
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
