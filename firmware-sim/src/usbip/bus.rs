//! The controller shared between the device's thread and a host's connection.

use super::controller::{Controller, Frame, TooMany};
use super::wire::{Command, ImportRefused, Reply};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use usb_device::bus::{PollResult, UsbBus};
use usb_device::endpoint::{EndpointAddress, EndpointType};
use usb_device::{Result, UsbDirection};

/// A frame of full speed (USB 2.0 §4.4.1).
const FRAME: Duration = Duration::from_millis(1);

/// How long a host that wants the device waits for it to get ready.
const READY: Duration = Duration::from_secs(5);

/// A port that one device is plugged into and one host may have.
pub(super) struct Port {
    state: Mutex<State>,
    changed: Condvar,
    /// Where frames are counted from, if transactions keep to them.
    frames: Option<Instant>,
}

struct State {
    controller: Controller,
    power: Power,
    host: Option<Host>,
    /// Counts hosts, so that the end of one is not taken for the end of the next.
    hosts: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Power {
    /// No device is plugged in.
    Off,
    /// It starts.
    Starting,
    /// It can be enumerated.
    On,
}

impl State {
    fn is_host(&self, number: u64) -> bool {
        self.host.as_ref().is_some_and(|host| host.number == number)
    }
}

struct Host {
    number: u64,
    stream: TcpStream,
}

impl Port {
    pub(super) fn new(paced: bool) -> Self {
        Self {
            state: Mutex::new(State {
                controller: Controller::new(paced),
                power: Power::Starting,
                host: None,
                hosts: 0,
            }),
            changed: Condvar::new(),
            frames: paced.then(Instant::now),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Frame {
        let elapsed = self.frames.map_or(Duration::ZERO, |start| start.elapsed());
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }
}

/// The host's side.
impl Port {
    pub(super) fn is_plugged(&self) -> bool {
        self.lock().power != Power::Off
    }

    /// Gives the device to the host at the other end of `stream`; returns that host's number. The device starts
    /// anew, so that the host sees what it says of itself by now.
    pub(super) fn attach(&self, stream: TcpStream) -> std::result::Result<u64, ImportRefused> {
        let mut state = self.lock();
        match (state.power, &state.host) {
            (Power::Off, _) => return Err(ImportRefused::Absent),
            (_, Some(_)) => return Err(ImportRefused::Busy),
            (_, None) => {}
        }
        state.hosts += 1;
        let number = state.hosts;
        state.host = Some(Host { number, stream });
        state.power = Power::Starting;
        self.changed.notify_all();
        let (mut state, _) = self
            .changed
            .wait_timeout_while(state, READY, |state| state.power == Power::Starting)
            .unwrap_or_else(PoisonError::into_inner);
        if state.power == Power::On && state.is_host(number) {
            return Ok(number);
        }
        state.host.take_if(|host| host.number == number);
        Err(ImportRefused::Absent)
    }

    pub(super) fn detach(&self, host: u64) {
        let mut state = self.lock();
        if state.host.take_if(|found| found.number == host).is_some() {
            state.controller.begin_anew();
        }
        self.changed.notify_all();
    }

    /// # Errors
    /// [`TooMany`].
    pub(super) fn take(&self, command: Command) -> std::result::Result<(), TooMany> {
        let now = self.now();
        let mut state = self.lock();
        match command {
            Command::Submit(submit) => state.controller.submit(submit, now)?,
            Command::Unlink { seq, victim } => state.controller.unlink(seq, victim)?,
        }
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Waits for the next reply to `host`; none once it is not the host any more.
    pub(super) fn next_reply(&self, host: u64) -> Option<Reply> {
        let mut state = self.lock();
        loop {
            state.host.as_ref().filter(|found| found.number == host)?;
            if let Some(reply) = state.controller.next_reply() {
                return Some(reply);
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn reply_taken(&self) {
        self.lock().controller.reply_taken();
    }
}

/// The device's side.
impl Port {
    /// The device is pulled out, or cannot start.
    pub(super) fn power_off(&self) {
        let mut state = self.lock();
        state.power = Power::Off;
        if let Some(host) = state.host.take() {
            // If that fails the connection is gone already.
            let _ = host.stream.shutdown(Shutdown::Both);
        }
        self.changed.notify_all();
    }

    /// Stops the bus, or lets it go on: every transfer that is under way waits.
    pub(super) fn set_suspended(&self, suspended: bool) {
        self.lock().controller.set_suspended(suspended);
    }

    /// A controller for a device that starts now.
    pub(super) fn power_on(self: &Arc<Self>) -> Bus {
        let mut state = self.lock();
        state.power = Power::Starting;
        state.controller = Controller::new(self.frames.is_some());
        state.controller.begin_anew();
        drop(state);
        Bus {
            port: Arc::clone(self),
        }
    }

    /// Waits until the device has something to do, at most `tick`; false if it is to start anew.
    pub(super) fn wait(&self, tick: Duration) -> bool {
        let end = Instant::now() + tick;
        let mut state = self.lock();
        loop {
            if state.power != Power::On {
                return false;
            }
            let now = self.now();
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || state.controller.has_event(now) {
                return true;
            }
            let wait = match self.frames {
                Some(start) if state.controller.waits_for_a_frame(now) => {
                    let elapsed = start.elapsed();
                    let into_frame = elapsed.subsec_nanos() % FRAME.subsec_nanos();
                    left.min(FRAME.saturating_sub(Duration::from_nanos(into_frame.into())))
                }
                _ => left,
            };
            state = self
                .changed
                .wait_timeout(state, wait)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            let now = self.now();
            state.controller.advance(now);
            // The host's replies may have become due.
            self.changed.notify_all();
        }
    }
}

/// The device's hand on its port.
pub(super) struct Bus {
    port: Arc<Port>,
}

impl Bus {
    fn change<T>(&self, act: impl FnOnce(&mut Controller, Frame) -> T) -> T {
        let now = self.port.now();
        let outcome = act(&mut self.port.lock().controller, now);
        self.port.changed.notify_all();
        outcome
    }
}

impl UsbBus for Bus {
    fn alloc_ep(
        &mut self,
        direction: UsbDirection,
        wanted: Option<EndpointAddress>,
        _: EndpointType,
        size: u16,
        _: u8,
    ) -> Result<EndpointAddress> {
        let wanted = wanted.map(|address| address.index());
        self.change(|controller, _| controller.allocate(direction, wanted, size.into()))
            .map(|number| EndpointAddress::from_parts(number, direction))
    }

    fn enable(&mut self) {
        self.port.lock().power = Power::On;
        self.port.changed.notify_all();
    }

    // The controller has begun anew by the time the device hears of a reset.
    fn reset(&self) {}

    // vhci keeps addresses to itself.
    fn set_device_address(&self, _: u8) {}

    fn write(&self, address: EndpointAddress, packet: &[u8]) -> Result<usize> {
        self.change(|controller, now| controller.write(address.index(), packet, now))?;
        Ok(packet.len())
    }

    fn read(&self, address: EndpointAddress, into: &mut [u8]) -> Result<usize> {
        self.change(|controller, now| controller.read(address.index(), into, now))
    }

    fn set_stalled(&self, address: EndpointAddress, stalled: bool) {
        self.change(|controller, _| {
            controller.set_stalled(address.direction(), address.index(), stalled);
        });
    }

    fn is_stalled(&self, address: EndpointAddress) -> bool {
        self.change(|controller, _| controller.is_stalled(address.direction(), address.index()))
    }

    // The power that a suspended device saves is not pretended.
    fn suspend(&self) {}

    fn resume(&self) {}

    fn poll(&self) -> PollResult {
        self.change(Controller::poll)
    }
}
