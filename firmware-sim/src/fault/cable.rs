//! The cable between the core and every way to reach it.

use super::hostile::Impostor;
use super::plan::{Armed, Plan};
use super::{At, Change, Counter, Counters, Direction, Mode, TooMany};
use crate::fault::hostile::CONTROL_SERIAL;
use std::collections::VecDeque;
use tallykey_protocol::report::Report;

/// Reports that may wait on their way to the dongle: three of the longest messages. A host that writes more than
/// that to a dongle that takes nothing loses them.
const WAITING_MAX: usize = 400;

/// Why a dongle lost its power by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The cut that was planned for its flash.
    Cut,
    /// [`Mode::Vanish`].
    Vanished,
}

/// What there is to carry to the host.
pub(crate) enum Leaving {
    Report(Report),
    /// Something, but not yet.
    Later,
    /// Nothing: the device may be asked.
    Empty,
}

/// A report that waits for its time.
struct Waiting {
    due_ms: u64,
    report: Report,
}

/// The cable, what is under way in it, and what was done to it.
#[derive(Default)]
pub(crate) struct Cable {
    plan: Plan,
    to_dongle: VecDeque<Waiting>,
    to_host: VecDeque<Waiting>,
    /// Stalled, until so many reports have been lost or without such an end.
    stall: Option<Option<u64>>,
    suspended: bool,
    impostor: Option<Impostor>,
    vanish_after: Option<u64>,
    cut: bool,
    lost: Option<Loss>,
    counters: Counters,
}

/// What people ask of it.
impl Cable {
    /// # Errors
    /// [`TooMany`].
    pub(crate) fn arm(&mut self, at: At, change: Change) -> Result<(), TooMany> {
        self.plan.arm(at, change)
    }

    pub(crate) fn armed(&self) -> &[Armed] {
        self.plan.armed()
    }

    pub(crate) fn stall(&mut self, reports: Option<u64>) {
        self.stall = Some(reports);
    }

    pub(crate) fn release(&mut self) {
        self.stall = None;
    }

    pub(crate) const fn is_stalled(&self) -> bool {
        self.stall.is_some()
    }

    /// Whether that was news.
    pub(crate) fn set_suspended(&mut self, suspended: bool) -> bool {
        std::mem::replace(&mut self.suspended, suspended) != suspended
    }

    pub(crate) const fn is_suspended(&self) -> bool {
        self.suspended
    }

    /// Makes it hostile, or honest again.
    pub(crate) fn set_mode(&mut self, mode: Option<Mode>) {
        (self.impostor, self.vanish_after) = match mode {
            None => (None, None),
            Some(Mode::Vanish { after }) => (None, Some(after.get())),
            Some(mode) => (Some(Impostor::new(mode)), None),
        };
    }

    /// How it is hostile.
    pub(crate) fn mode(&self) -> Option<Mode> {
        let impostor = self.impostor.as_ref().map(|found| found.mode().clone());
        let vanish = || {
            let after = std::num::NonZeroU64::new(self.vanish_after?)?;
            Some(Mode::Vanish { after })
        };
        impostor.or_else(vanish)
    }

    pub(crate) fn set_cut(&mut self, planned: bool) {
        self.cut = planned;
    }

    /// Whether a cut of the flash takes the power of the whole dongle.
    pub(crate) const fn is_cut_planned(&self) -> bool {
        self.cut
    }

    /// As on the first day.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) const fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn count(&mut self, counter: Counter) {
        self.counters.add(counter, 1);
    }

    pub(crate) fn add(&mut self, counter: Counter, more: u64) {
        self.counters.add(counter, more);
    }
}

/// What happens to it.
impl Cable {
    pub(crate) fn lose(&mut self, loss: Loss) {
        self.lost.get_or_insert(loss);
    }

    /// The loss that has not been acted on.
    pub(crate) fn take_loss(&mut self) -> Option<Loss> {
        self.lost.take()
    }

    /// The dongle has no power any more: nothing is under way, and what hung is over.
    pub(crate) fn power_off(&mut self) {
        self.bus_reset();
        (self.stall, self.suspended, self.lost) = (None, false, None);
    }

    pub(crate) fn bus_reset(&mut self) {
        self.to_dongle.clear();
        self.to_host.clear();
        if let Some(impostor) = &mut self.impostor {
            impostor.bus_reset();
        }
    }

    /// Whether nothing moves and nothing works.
    pub(crate) const fn is_quiet(&self) -> bool {
        self.suspended || self.stall.is_some() || self.lost.is_some()
    }

    /// Whether time alone moves something.
    pub(crate) fn is_waiting(&self) -> bool {
        let under_way = !self.to_dongle.is_empty() || !self.to_host.is_empty();
        let endless = self.impostor.as_ref().is_some_and(Impostor::is_endless);
        !self.is_quiet() && (under_way || endless)
    }

    /// The device in the core's place.
    pub(crate) const fn has_impostor(&self) -> bool {
        self.impostor.is_some()
    }

    pub(crate) fn turn(&mut self) {
        if let Some(impostor) = &mut self.impostor {
            impostor.turn();
        }
    }

    /// A serial for enumeration other than its own.
    pub(crate) fn false_serial(&self) -> Option<&'static str> {
        let mode = self.impostor.as_ref()?.mode();
        (*mode == Mode::ControlSerial).then_some(CONTROL_SERIAL)
    }

    /// Whether it enumerates as another product.
    pub(crate) fn has_false_ids(&self) -> bool {
        let impostor = self.impostor.as_ref();
        impostor.is_some_and(|found| *found.mode() == Mode::WrongId)
    }
}

/// To the dongle.
impl Cable {
    /// The host sends.
    pub(crate) fn send(&mut self, report: &Report, now_ms: u64) {
        let mut report = *report;
        let counters = &mut self.counters;
        let passing = self.plan.meet(Direction::Out, &mut report, counters);
        for _ in 0..passing.copies {
            if self.to_dongle.len() >= WAITING_MAX {
                self.count(Counter::Overruns);
                continue;
            }
            if self.suspended {
                self.count(Counter::Held);
            }
            let due_ms = now_ms.saturating_add(passing.delay_ms);
            self.to_dongle.push_back(Waiting { due_ms, report });
        }
    }

    /// The next report to reach the core; an impostor has taken what was for it.
    pub(crate) fn arriving(&mut self, now_ms: u64) -> Option<Report> {
        while !self.suspended && self.lost.is_none() {
            let waiting = self.to_dongle.pop_front_if(|next| next.due_ms <= now_ms)?;
            if self.swallows() {
                continue;
            }
            self.passed(Counter::ReportsOut);
            match &mut self.impostor {
                Some(impostor) => impostor.accept(&waiting.report, now_ms),
                None => return Some(waiting.report),
            }
        }
        None
    }

    /// Whether a stalled dongle takes a report and does nothing with it.
    fn swallows(&mut self) -> bool {
        let Some(left) = &mut self.stall else {
            return false;
        };
        let over = left.as_mut().is_some_and(|left| {
            *left = left.saturating_sub(1);
            *left == 0
        });
        if over {
            self.stall = None;
        }
        self.count(Counter::Swallowed);
        true
    }
}

/// To the host.
impl Cable {
    /// The device sends.
    pub(crate) fn depart(&mut self, mut report: Report, now_ms: u64) {
        let counters = &mut self.counters;
        let passing = self.plan.meet(Direction::In, &mut report, counters);
        let due_ms = now_ms.saturating_add(passing.delay_ms);
        for _ in 0..passing.copies {
            self.to_host.push_back(Waiting { due_ms, report });
        }
    }

    pub(crate) fn leaving(&mut self, now_ms: u64) -> Leaving {
        if self.is_quiet() {
            return Leaving::Later;
        }
        match self.to_host.pop_front_if(|next| next.due_ms <= now_ms) {
            Some(waiting) => {
                self.passed(Counter::ReportsIn);
                Leaving::Report(waiting.report)
            }
            None if self.to_host.is_empty() => Leaving::Empty,
            None => Leaving::Later,
        }
    }

    /// The next report of the impostor.
    pub(crate) fn impostors(&mut self) -> Option<Report> {
        let report = self.impostor.as_mut()?.next_report()?;
        self.count(Counter::Hostile);
        Some(report)
    }

    fn passed(&mut self, counter: Counter) {
        self.count(counter);
        if let Some(left) = &mut self.vanish_after {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.vanish_after = None;
                self.lose(Loss::Vanished);
            }
        }
    }
}
