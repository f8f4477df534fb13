//! What is behind the lock of a port.

use super::pace::Pace;
use super::status::Known;
use super::wire::Wire;
use crate::fault::{Cable, Counter, Loss};
use crate::platform::SimPlatform;
use std::collections::{BTreeMap, VecDeque};
use tallykey_core::{BootFault, Dongle};
use tallykey_protocol::limits::SERIAL_MAX;
use tallykey_protocol::report::Report;
use tallykey_usb::ReportDevice;

/// Reports kept for a host that does not read: three of the longest messages. Later ones are dropped, as
/// hidraw does; its own time-outs tell the host.
const QUEUE_MAX: usize = 400;

pub(super) struct State {
    part: Part,
    /// What each open handle has not read yet. Like hidraw, every handle gets every report.
    pub(super) queues: BTreeMap<u64, VecDeque<Report>>,
    pub(super) next_handle: u64,
    pub(super) pace: Pace,
    pub(super) cable: Cable,
    known: Known,
}

enum Part {
    Running(Box<Dongle<SimPlatform>>),
    /// Without power: only what the flash holds.
    Off(Box<SimPlatform>),
    /// Between the two, while the lock is held.
    Changing,
}

impl State {
    pub(super) fn of(core: Dongle<SimPlatform>) -> Self {
        let known = known(&core);
        Self {
            part: Part::Running(Box::new(core)),
            queues: BTreeMap::new(),
            next_handle: 0,
            pace: Pace::default(),
            cable: Cable::default(),
            known,
        }
    }

    pub(super) const fn is_plugged(&self) -> bool {
        matches!(self.part, Part::Running(_))
    }

    /// The core and its cable, if there is power.
    pub(super) fn wire(&mut self) -> Option<Wire<'_>> {
        match &mut self.part {
            Part::Running(core) => Some(Wire {
                core,
                pace: &mut self.pace,
                cable: &mut self.cable,
            }),
            Part::Off(_) | Part::Changing => None,
        }
    }

    pub(super) fn core(&self) -> Option<&Dongle<SimPlatform>> {
        match &self.part {
            Part::Running(core) => Some(core),
            Part::Off(_) | Part::Changing => None,
        }
    }

    pub(super) fn platform(&mut self) -> &mut SimPlatform {
        match &mut self.part {
            Part::Running(core) => core.platform(),
            Part::Off(platform) => platform,
            // Never left behind while the lock is free.
            Part::Changing => unreachable!("a part is changed under the lock"),
        }
    }

    /// What it says of itself, or said when it last had power.
    pub(super) fn known(&self) -> Known {
        self.core().map_or_else(|| self.known.clone(), known)
    }

    pub(super) fn accept(&mut self, report: &Report) {
        if let Some(mut wire) = self.wire() {
            wire.accept(report);
        }
    }

    /// Lets the dongle do what is due by now, and moves what it has to say to every handle, as the host controller's
    /// polling does. Whether anything came of it.
    pub(super) fn run(&mut self) -> bool {
        let Some(mut wire) = self.wire() else {
            return false;
        };
        wire.tick();
        wire.work();
        let reports: Vec<Report> = std::iter::from_fn(|| wire.next_report()).collect();
        for queue in self.queues.values_mut() {
            let room = QUEUE_MAX.saturating_sub(queue.len());
            queue.extend(reports.iter().take(room));
        }
        self.settle() || !reports.is_empty()
    }

    /// Whether time alone makes it speak.
    pub(super) fn is_working(&mut self) -> bool {
        self.wire().is_some_and(|wire| wire.is_working())
    }

    /// Takes the power away if something wants that; whether it did.
    pub(super) fn settle(&mut self) -> bool {
        let Some(loss) = self.cable.take_loss() else {
            return false;
        };
        self.power_off(match loss {
            Loss::Cut => Counter::Cuts,
            Loss::Vanished => Counter::Vanished,
        });
        if loss == Loss::Cut {
            self.end_cut();
        }
        true
    }

    /// Takes the power away, for the reason that is counted there.
    pub(super) fn power_off(&mut self, reason: Counter) {
        self.known = self.known();
        self.part = match std::mem::replace(&mut self.part, Part::Changing) {
            Part::Running(core) => {
                self.cable.count(reason);
                Part::Off(Box::new(core.into_platform()))
            }
            other => other,
        };
        self.queues.clear();
        self.pace.stop();
        self.cable.power_off();
    }

    /// Gives it power: the core boots from what the flash holds.
    pub(super) fn power_on(&mut self) -> Result<(), BootFault> {
        let (part, outcome) = match std::mem::replace(&mut self.part, Part::Changing) {
            Part::Off(platform) => match Dongle::boot(*platform) {
                Ok(core) => {
                    self.cable.count(Counter::Replugs);
                    (Part::Running(Box::new(core)), Ok(()))
                }
                Err((platform, fault)) => (Part::Off(Box::new(platform)), Err(fault)),
            },
            other => (other, Ok(())),
        };
        self.part = part;
        if outcome.is_err() && self.cable.is_cut_planned() && self.platform().is_cut() {
            self.cable.count(Counter::Cuts);
            self.end_cut();
        }
        outcome
    }

    /// The power that a planned cut took, or was to take, is back for the next start.
    pub(super) fn end_cut(&mut self) {
        self.cable.set_cut(false);
        self.platform().restore_power();
    }
}

fn known(core: &Dongle<SimPlatform>) -> Known {
    let mut serial = [0; SERIAL_MAX];
    Known {
        serial: core.usb_serial(&mut serial).to_owned(),
        lifecycle: core.lifecycle().name(),
    }
}
