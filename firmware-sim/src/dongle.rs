//! A simulated dongle and the USB port that it is, or is not, plugged into.

use crate::platform::{Button, SimPlatform};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tallykey_core::platform::Platform;
use tallykey_core::{BootFault, Dongle};
use tallykey_protocol::report::Report;

/// Reports kept for a host that does not read: three of the longest messages. Later ones are dropped, as
/// hidraw does; its own time-outs tell the host.
const QUEUE_MAX: usize = 400;

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
    /// Something changed: a report is there, a handle was closed, the dongle was pulled out.
    changed: Condvar,
}

struct State {
    part: Part,
    /// What each open handle has not read yet. Like hidraw, every handle gets every report.
    queues: BTreeMap<u64, VecDeque<Report>>,
    next_handle: u64,
    pace: Pace,
}

/// How fast the part is.
#[derive(Default)]
pub(crate) struct Pace {
    /// What a signature takes on it, ms.
    sign_ms: u64,
    /// When the request that the core holds is done, in the part's ms.
    due_ms: Option<u64>,
}

impl Pace {
    /// Lets the dongle do what it holds if that is done by now.
    pub(crate) fn work(&mut self, dongle: &mut Dongle<SimPlatform>) {
        match dongle.held() {
            None => self.due_ms = None,
            Some(command) => {
                let now_ms = dongle.platform().now_ms();
                let takes_ms = if command.signs() { self.sign_ms } else { 0 };
                if now_ms >= *self.due_ms.get_or_insert(now_ms.saturating_add(takes_ms)) {
                    dongle.work();
                    // What waits for the button is still held.
                    self.due_ms = dongle.held().map(|_| now_ms);
                }
            }
        }
    }

    /// Whether the dongle is at work: then time alone makes it speak.
    pub(crate) const fn is_working(&self) -> bool {
        self.due_ms.is_some()
    }
}

enum Part {
    Running(Box<Dongle<SimPlatform>>),
    /// Without power: only what the flash holds.
    Off(Box<SimPlatform>),
    /// Between the two, while the lock is held.
    Changing,
}

impl SimDongle {
    /// Plugs in a part: the core boots from its flash.
    ///
    /// # Errors
    /// [`BootFault`] if the flash is damaged.
    pub fn plug(platform: SimPlatform) -> Result<Self, BootFault> {
        let part = Part::Running(Box::new(
            Dongle::boot(platform).map_err(|(_, fault)| fault)?,
        ));
        let state = Mutex::new(State {
            part,
            queues: BTreeMap::new(),
            next_handle: 0,
            pace: Pace::default(),
        });
        Ok(Self {
            port: Arc::new(Port {
                state,
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
        let Part::Running(_) = state.part else {
            return Err(Gone);
        };
        let handle = state.next_handle;
        state.next_handle += 1;
        state.queues.insert(handle, VecDeque::new());
        Ok(Connection {
            port: Arc::clone(&self.port),
            handle,
        })
    }

    /// Makes every command that signs take this long, as it does on a real part (2.6 to 600 ms).
    pub fn set_sign_time(&self, ms: u64) {
        self.port.lock().pace.sign_ms = ms;
    }

    /// Says what becomes of the button from now on, also for a request that waits for it.
    pub fn set_button(&self, button: Button) {
        self.with_platform(|platform| platform.set_button(button));
    }

    /// Presses the button. It counts if the dongle asks for it now.
    pub fn press(&self) {
        self.with_platform(SimPlatform::press);
    }

    /// Whether a request waits for the button.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        self.with_core(|core, _| core.is_asking()).unwrap_or(false)
    }

    /// Whether it is plugged in.
    #[must_use]
    pub fn is_plugged(&self) -> bool {
        matches!(self.port.lock().part, Part::Running(_))
    }

    /// Pulls it out: power and RAM are gone, every open handle ends.
    pub fn unplug(&self) {
        let mut state = self.port.lock();
        state.part = match std::mem::replace(&mut state.part, Part::Changing) {
            Part::Running(dongle) => Part::Off(Box::new(dongle.into_platform())),
            other => other,
        };
        state.queues.clear();
        state.pace.due_ms = None;
        self.port.changed.notify_all();
    }

    /// Plugs it in again: the core boots from what the flash holds.
    ///
    /// # Errors
    /// [`BootFault`] if the flash is damaged; it stays unplugged then.
    pub fn replug(&self) -> Result<(), BootFault> {
        self.unplug();
        let mut state = self.port.lock();
        let (part, outcome) = match std::mem::replace(&mut state.part, Part::Changing) {
            Part::Off(platform) => match Dongle::boot(*platform) {
                Ok(dongle) => (Part::Running(Box::new(dongle)), Ok(())),
                Err((platform, fault)) => (Part::Off(Box::new(platform)), Err(fault)),
            },
            other => (other, Ok(())),
        };
        state.part = part;
        self.port.changed.notify_all();
        outcome
    }

    /// Resets the bus: every session and channel ends, as when a host re-enumerates the device.
    pub fn bus_reset(&self) {
        if let Part::Running(dongle) = &mut self.port.lock().part {
            dongle.bus_reset();
        }
    }

    /// Lets something other than a handle drive the core, as a USB controller's driver does.
    ///
    /// # Errors
    /// [`Gone`] if it is not plugged in.
    pub(crate) fn with_core<T>(
        &self,
        act: impl FnOnce(&mut Dongle<SimPlatform>, &mut Pace) -> T,
    ) -> Result<T, Gone> {
        let state = &mut *self.port.lock();
        match &mut state.part {
            Part::Running(dongle) => Ok(act(dongle, &mut state.pace)),
            Part::Off(_) | Part::Changing => Err(Gone),
        }
    }

    /// Waits until it is plugged in.
    pub(crate) fn wait_plugged(&self) {
        let changed = &self.port.changed;
        let _plugged = changed
            .wait_while(self.port.lock(), |state| {
                !matches!(state.part, Part::Running(_))
            })
            .unwrap_or_else(PoisonError::into_inner);
    }

    /// How often it was asked to blink.
    #[must_use]
    pub fn winks(&self) -> u64 {
        self.with_platform(|platform| platform.winks())
    }

    /// Does something to the hardware, plugged in or not: look into the flash, plan a power cut.
    pub fn with_platform<T>(&self, act: impl FnOnce(&mut SimPlatform) -> T) -> T {
        match &mut self.port.lock().part {
            Part::Running(dongle) => act(dongle.platform()),
            Part::Off(platform) => act(platform),
            // Never left behind while the lock is free.
            Part::Changing => unreachable!("a part is changed under the lock"),
        }
    }
}

impl Port {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic of one host's thread is no reason for the device to be gone for the others.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Lets the dongle do what is due by now.
    fn run(&mut self) {
        let Part::Running(dongle) = &mut self.part else {
            return;
        };
        dongle.tick();
        self.pace.work(dongle);
        self.deliver();
    }

    /// Moves what the dongle has to say to every handle, as the host controller's polling does.
    fn deliver(&mut self) {
        let Part::Running(dongle) = &mut self.part else {
            return;
        };
        while let Some(report) = dongle.next_report() {
            for queue in self
                .queues
                .values_mut()
                .filter(|queue| queue.len() < QUEUE_MAX)
            {
                queue.push_back(report);
            }
        }
    }
}

/// An open handle on a dongle. Closed when dropped.
pub struct Connection {
    port: Arc<Port>,
    handle: u64,
}

impl Connection {
    /// Sends one report to the dongle.
    ///
    /// # Errors
    /// [`Gone`].
    pub fn write(&self, report: &Report) -> Result<(), Gone> {
        let mut state = self.port.lock();
        if !state.queues.contains_key(&self.handle) {
            return Err(Gone);
        }
        if let Part::Running(dongle) = &mut state.part {
            dongle.accept(report);
        }
        state.run();
        self.port.changed.notify_all();
        Ok(())
    }

    /// The next report of the dongle; `None` if none comes within `timeout`.
    ///
    /// # Errors
    /// [`Gone`], at once when the dongle is pulled out or the handle closed.
    pub fn read(&self, timeout: Duration) -> Result<Option<Report>, Gone> {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.port.lock();
        loop {
            let queue = state.queues.get_mut(&self.handle).ok_or(Gone)?;
            if let Some(report) = queue.pop_front() {
                return Ok(Some(report));
            }
            state =
                match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                    Some(Duration::ZERO) => {
                        state.run();
                        return Ok(state.queues.get_mut(&self.handle).ok_or(Gone)?.pop_front());
                    }
                    left if state.pace.is_working() => {
                        let turn = left.unwrap_or(TURN).min(TURN);
                        let mut state = self
                            .port
                            .changed
                            .wait_timeout(state, turn)
                            .unwrap_or_else(PoisonError::into_inner)
                            .0;
                        state.run();
                        state
                    }
                    Some(left) => {
                        self.port
                            .changed
                            .wait_timeout(state, left)
                            .unwrap_or_else(PoisonError::into_inner)
                            .0
                    }
                    None => self
                        .port
                        .changed
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner),
                };
        }
    }

    /// Closes the handle; a read that waits in another thread ends with [`Gone`].
    pub fn close(&self) {
        self.port.lock().queues.remove(&self.handle);
        self.port.changed.notify_all();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}
