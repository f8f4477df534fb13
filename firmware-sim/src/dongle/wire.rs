//! The core with a cable between it and whoever asks.

use super::pace::Pace;
use crate::fault::{Cable, Counter, Leaving, Loss};
use crate::platform::SimPlatform;
use tallykey_core::Dongle;
use tallykey_core::platform::Platform;
use tallykey_protocol::limits::SERIAL_MAX;
use tallykey_protocol::report::Report;
use tallykey_usb::ReportDevice;

/// What a driver of the port sees of a dongle that has power.
pub(crate) struct Wire<'a> {
    pub(super) core: &'a mut Dongle<SimPlatform>,
    pub(super) pace: &'a mut Pace,
    pub(super) cable: &'a mut Cable,
}

impl Wire<'_> {
    /// Whether time alone makes it speak.
    pub(crate) fn is_working(&self) -> bool {
        self.cable.is_waiting() || (self.pace.is_working() && !self.cable.is_quiet())
    }

    pub(crate) const fn is_suspended(&self) -> bool {
        self.cable.is_suspended()
    }

    /// The serial to enumerate with, and whether to do so as another product.
    pub(crate) fn enumerate(&mut self) -> (String, bool) {
        let (serial, foreign) = (self.cable.false_serial(), self.cable.has_false_ids());
        if serial.is_some() || foreign {
            self.cable.count(Counter::HostileIdentities);
        }
        let mut own = [0; SERIAL_MAX];
        let own = self.core.usb_serial(&mut own);
        (serial.unwrap_or(own).to_owned(), foreign)
    }

    fn now_ms(&mut self) -> u64 {
        self.core.platform().now_ms()
    }

    /// Takes what has come through the cable by now. Each message finds the answers to those before it gone, as if
    /// they had come one by one.
    fn arrive(&mut self) {
        let now_ms = self.now_ms();
        let mut first = true;
        while let Some(report) = self.cable.arriving(now_ms) {
            if !std::mem::take(&mut first) {
                while let Some(report) = self.core.next_report() {
                    self.cable.depart(report, now_ms);
                }
            }
            self.core.accept(&report);
            self.work();
        }
    }
}

impl ReportDevice for Wire<'_> {
    fn bus_reset(&mut self) {
        self.core.bus_reset();
        self.cable.bus_reset();
        self.cable.count(Counter::Resets);
    }

    fn accept(&mut self, report: &Report) {
        let now_ms = self.now_ms();
        self.cable.send(report, now_ms);
        self.arrive();
    }

    fn work(&mut self) {
        if self.cable.is_quiet() || self.cable.has_impostor() {
            return;
        }
        for slow in self.pace.work(self.core).into_iter().flatten() {
            self.cable.count(slow);
        }
        let presses = self.core.platform().take_presses();
        self.cable.add(Counter::Asked, presses.asked);
        self.cable.add(Counter::Confirmed, presses.confirmed);
        self.cable.add(Counter::Declined, presses.declined);
        if self.cable.is_cut_planned() && self.core.platform().is_cut() {
            self.cable.lose(Loss::Cut);
        }
    }

    fn tick(&mut self) {
        if self.cable.is_quiet() {
            return;
        }
        self.cable.turn();
        if !self.cable.has_impostor() {
            self.core.tick();
        }
        self.arrive();
    }

    fn next_report(&mut self) -> Option<Report> {
        let now_ms = self.now_ms();
        loop {
            match self.cable.leaving(now_ms) {
                Leaving::Report(report) => return Some(report),
                Leaving::Later => return None,
                Leaving::Empty => {}
            }
            let report = if self.cable.has_impostor() {
                self.cable.impostors()?
            } else {
                self.core.next_report()?
            };
            self.cable.depart(report, now_ms);
        }
    }
}
