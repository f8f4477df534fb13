//! A simulated dongle and the USB port that it is, or is not, plugged into.

mod connection;
mod pace;
mod state;
mod status;
mod wire;

pub use connection::Connection;
pub use status::Status;

pub(crate) use wire::Wire;

use crate::fault::{At, Change, Counter, Mode, TooMany};
use crate::flash::PowerCut;
use crate::platform::{Button, SimPlatform};
use state::State;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tallykey_core::platform::Platform;
use tallykey_core::{BootFault, Dongle};
use tallykey_usb::ReportDevice;

/// How often a dongle that is at work is looked at while a host waits.
pub(crate) const TURN: Duration = Duration::from_millis(5);

/// A dongle that can be plugged, unplugged and shared between threads. Cloning gives another hand on the same one.
#[derive(Clone)]
pub struct SimDongle {
    port: Arc<Port>,
}

/// The dongle is not plugged in, or this handle is from before it was unplugged, or was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the simulated dongle is not plugged in")]
pub struct Gone;

struct Port {
    state: Mutex<State>,
    /// Something changed: a report is there, a handle was closed, the dongle was pulled out, a counter went up.
    changed: Condvar,
}

impl Port {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic of one host's thread is no reason for the device to be gone for the others.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SimDongle {
    /// Plugs in a part: the core boots from its flash.
    ///
    /// # Errors
    /// [`BootFault`] if the flash is damaged.
    pub fn plug(platform: SimPlatform) -> Result<Self, BootFault> {
        let core = Dongle::boot(platform).map_err(|(_, fault)| fault)?;
        Ok(Self {
            port: Arc::new(Port {
                state: Mutex::new(State::of(core)),
                changed: Condvar::new(),
            }),
        })
    }

    /// Opens the device, as a host opens /dev/hidraw.
    ///
    /// # Errors
    /// [`Gone`] if it is not plugged in.
    pub fn connect(&self) -> Result<Connection, Gone> {
        let mut state = self.port.lock();
        if !state.is_plugged() {
            return Err(Gone);
        }
        let handle = state.next_handle;
        state.next_handle += 1;
        state.queues.insert(handle, VecDeque::new());
        Ok(Connection {
            port: Arc::clone(&self.port),
            handle,
        })
    }

    /// Does something to it, and lets everybody look at what came of it.
    fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let outcome = act(&mut self.port.lock());
        self.port.changed.notify_all();
        outcome
    }

    /// Whether it is plugged in.
    #[must_use]
    pub fn is_plugged(&self) -> bool {
        self.port.lock().is_plugged()
    }

    /// Pulls it out: power and RAM are gone, every open handle ends.
    pub fn unplug(&self) {
        self.change(|state| state.power_off(Counter::Unplugs));
    }

    /// Plugs it in again: the core boots from what the flash holds.
    ///
    /// # Errors
    /// [`BootFault`] if the flash is damaged, or a planned cut came while it started; it stays unplugged then.
    pub fn replug(&self) -> Result<(), BootFault> {
        self.change(|state| {
            state.power_off(Counter::Unplugs);
            state.power_on()
        })
    }

    /// Resets the bus: every session and channel ends, as when a host re-enumerates the device.
    pub fn bus_reset(&self) {
        self.change(|state| {
            if let Some(mut wire) = state.wire() {
                wire.bus_reset();
            }
        });
    }

    /// Lets something other than a handle drive the core, as a USB controller's driver does.
    ///
    /// # Errors
    /// [`Gone`] if it is not plugged in, or was pulled out by this.
    pub(crate) fn with_wire<T>(&self, act: impl FnOnce(&mut Wire<'_>) -> T) -> Result<T, Gone> {
        self.change(|state| {
            let outcome = act(&mut state.wire().ok_or(Gone)?);
            if state.settle() {
                Err(Gone)
            } else {
                Ok(outcome)
            }
        })
    }

    /// Waits until it is plugged in.
    pub(crate) fn wait_plugged(&self) {
        let changed = &self.port.changed;
        let _plugged = changed
            .wait_while(self.port.lock(), |state| !state.is_plugged())
            .unwrap_or_else(PoisonError::into_inner);
    }

    /// How often it was asked to blink.
    #[must_use]
    pub fn winks(&self) -> u64 {
        self.with_platform(|platform| platform.winks())
    }

    /// Does something to the hardware, plugged in or not: look into the flash, plan a power cut.
    pub fn with_platform<T>(&self, act: impl FnOnce(&mut SimPlatform) -> T) -> T {
        act(self.port.lock().platform())
    }
}

/// Faults, and what came of them.
impl SimDongle {
    /// Makes every command that signs take this long, as it does on a real part (2.6 to 600 ms).
    pub fn set_sign_time(&self, ms: u64) {
        self.change(|state| state.pace.sign_ms = ms);
    }

    /// Makes every sector that is erased ahead of a commit take this long, as it does on a real part (22 to 400 ms).
    pub fn set_erase_time(&self, ms: u64) {
        self.change(|state| state.pace.erase_ms = ms);
    }

    /// Says what becomes of the button from now on, also for a request that waits for it.
    pub fn set_button(&self, button: Button) {
        self.change(|state| state.platform().set_button(button));
    }

    /// Presses the button. It counts if the dongle asks for it now.
    pub fn press(&self) {
        self.change(|state| state.platform().press());
    }

    /// Whether a request waits for the button.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        let state = self.port.lock();
        state.core().is_some_and(Dongle::is_asking)
    }

    /// Arms a fault of reports.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn arm(&self, at: At, change: Change) -> Result<(), TooMany> {
        self.change(|state| state.cable.arm(at, change))
    }

    /// Lets it take reports and lose them, and say nothing: so many reports, or until [`Self::release`].
    pub fn stall(&self, reports: Option<u64>) {
        self.change(|state| state.cable.stall(reports));
    }

    /// Ends a stall.
    pub fn release(&self) {
        self.change(|state| state.cable.release());
    }

    /// Suspends it: nothing moves until [`Self::resume`], and nothing is forgotten.
    ///
    /// # Errors
    /// [`Gone`] if it is not plugged in.
    pub fn suspend(&self) -> Result<(), Gone> {
        self.set_suspended(true, Counter::Suspends)
    }

    /// Ends [`Self::suspend`].
    ///
    /// # Errors
    /// [`Gone`] if it is not plugged in.
    pub fn resume(&self) -> Result<(), Gone> {
        self.set_suspended(false, Counter::Resumes)
    }

    fn set_suspended(&self, suspended: bool, counter: Counter) -> Result<(), Gone> {
        self.change(|state| {
            if !state.is_plugged() {
                return Err(Gone);
            }
            if state.cable.set_suspended(suspended) {
                state.cable.count(counter);
            }
            Ok(())
        })
    }

    /// Takes its power away in the middle of a later flash write; [`Self::replug`] gives it back.
    pub fn cut(&self, cut: PowerCut) {
        self.change(|state| {
            state.cable.set_cut(true);
            state.platform().flash().plan(cut);
        });
    }

    /// Makes it another device, or itself again.
    pub fn set_hostile(&self, mode: Option<Mode>) {
        self.change(|state| state.cable.set_mode(mode));
    }

    /// Undoes every fault and forgets what was counted. It stays plugged in or not, and as slow as it is.
    pub fn clear(&self) {
        self.change(|state| {
            if state.cable.is_cut_planned() {
                state.end_cut();
            }
            state.cable.clear();
        });
    }

    /// What a counter says.
    #[must_use]
    pub fn counted(&self, counter: Counter) -> u64 {
        self.port.lock().cable.counters().get(counter)
    }

    /// Waits until a counter is at least `least`, at most for `timeout`; returns what it says then.
    #[must_use]
    pub fn wait_counted(&self, counter: Counter, least: u64, timeout: Duration) -> u64 {
        let short = |state: &mut State| state.cable.counters().get(counter) < least;
        let waited = self
            .port
            .changed
            .wait_timeout_while(self.port.lock(), timeout, short);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.cable.counters().get(counter)
    }

    /// Everything there is to say of it.
    #[must_use]
    pub fn status(&self) -> Status {
        let mut state = self.port.lock();
        let known = state.known();
        let asking = state.core().is_some_and(Dongle::is_asking);
        let button = state.platform().button();
        Status {
            serial: known.serial,
            lifecycle: known.lifecycle.to_owned(),
            plugged: state.is_plugged(),
            suspended: state.cable.is_suspended(),
            stalled: state.cable.is_stalled(),
            hostile: state.cable.mode().map(|mode| mode.to_string()),
            sign_time_ms: state.pace.sign_ms,
            erase_time_ms: state.pace.erase_ms,
            button,
            asking,
            cut_planned: state.cable.is_cut_planned(),
            armed: state
                .cable
                .armed()
                .iter()
                .map(ToString::to_string)
                .collect(),
            counters: state.cable.counters().clone(),
        }
    }
}
