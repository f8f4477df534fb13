//! What time alone changes: the clock's floor, and how long dongles that are away still count.

use crate::arbiter::Kind;
use crate::ledger::clock::{Clock, Wrong};
use crate::ledger::{Event, Told};

use super::super::batch::Batch;
use super::super::ports::Store;
use super::super::pulse::{self, Pulse};
use super::super::start::Moment;
use super::Core;

/// The service's time.
pub(super) struct Time {
    clock: Clock,
    last: Moment,
    /// Running time at the last pulse, milliseconds.
    beat_ms: u64,
    /// Digest of the last time token that the clock was told of, hex.
    token: Option<String>,
}

impl Time {
    /// At a start: the floor holds that was kept, unless `told` was believed after it.
    pub(super) fn start(moment: Moment, pulse: Option<&Pulse>, told: Option<&Told>) -> Self {
        let mut clock = pulse.map_or(Clock::new(moment.wall_ms), |pulse| pulse.clock);
        if let Some(told) = told {
            let known = pulse.and_then(|pulse| pulse.token.as_ref());
            if known != Some(&told.digest) {
                // Where the pulse was lost there is no floor to lower.
                clock.set(milliseconds(told.at), told.answers && pulse.is_some());
            }
        }
        clock.look(moment.wall_ms, 0);
        Self {
            clock,
            last: moment,
            beat_ms: moment.running_ms,
            token: told.map(|told| told.digest.clone()),
        }
    }

    /// Looks at the time; how long ago the last look was, milliseconds in which this host ran.
    fn look(&mut self, moment: Moment) -> u64 {
        let elapsed_ms = moment.running_ms.saturating_sub(self.last.running_ms);
        self.clock.look(moment.wall_ms, elapsed_ms);
        self.last = moment;
        elapsed_ms
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What the host's clock says, Unix time in milliseconds.
    pub(super) fn wall_ms(&self) -> i64 {
        self.last.wall_ms
    }

    /// How long this host has been running, milliseconds from any beginning.
    pub(super) fn running_ms(&self) -> u64 {
        self.last.running_ms
    }

    /// The time that lines are judged at, Unix time in seconds; 0 before 1970.
    pub(super) fn now_s(&self) -> u64 {
        u64::try_from(self.clock.now_ms() / 1_000).unwrap_or(0)
    }

    /// Whether a pulse is due.
    pub(super) fn is_due(&self) -> bool {
        self.last.running_ms.saturating_sub(self.beat_ms) >= pulse::EVERY_MS
    }
}

impl<S: Store> Core<S> {
    /// Lets time pass up to now, and writes down what it changed.
    pub(super) fn pass(&mut self, batch: &mut Batch) {
        let was = self.time.clock.suspicion().map(|it| it.wrong);
        let elapsed_ms = self.time.look((self.settings.clock)());
        let now = self.tell_of_clock(was, batch);
        // Where software licences count, no dongle is missed.
        let counts = self.state.arbiter.active() != Some(Kind::Software);
        let passed = self.dongles.pass(elapsed_ms, counts);
        // What is told of a time that runs out is old a second later.
        self.unpublished |= now.is_some() || passed.away;
        for event in passed.events {
            self.tell(event, batch);
        }
        let now_s = self.time.now_s();
        let turned = self.licences.pass(&self.state.shelf, &self.settings, now_s);
        if passed.turned || turned {
            self.weigh(batch);
        }
    }

    /// Writes down if the clock is believed otherwise than it `was`; how it is wrong now.
    fn tell_of_clock(&mut self, was: Option<Wrong>, batch: &mut Batch) -> Option<Wrong> {
        let now = self.time.clock.suspicion().map(|it| it.wrong);
        if now != was {
            let state = now.map_or("believed", |wrong| wrong.name()).to_owned();
            let believed = self.time.clock.now_ms() / 1_000;
            self.tell(Event::Clock { state, believed }, batch);
        }
        now
    }

    /// Counts from the time that the vendor told, and looks at once whether the host's clock agrees with it.
    pub(super) fn believe(&mut self, told: &Told, batch: &mut Batch) {
        let was = self.time.clock.suspicion().map(|it| it.wrong);
        self.time.clock.set(milliseconds(told.at), told.answers);
        self.time.clock.look(self.time.last.wall_ms, 0);
        self.time.token = Some(told.digest.clone());
        self.tell_of_clock(was, batch);
        self.unpublished = true;
    }

    /// Keeps what time changed. If that fails, less grace is left after the next start, and no count is wrong.
    pub(super) async fn beat(&mut self) {
        self.time.beat_ms = self.time.last.running_ms;
        let pulse = Pulse {
            wall_ms: self.time.last.wall_ms,
            clock: self.time.clock,
            token: self.time.token.clone(),
            grace: self.dongles.graces(),
        };
        if let Err(error) = self.store.set_pulse(&pulse.write()).await {
            tracing::warn!(
                "the time could not be kept; after a restart less grace is left: {error}"
            );
        }
    }
}

fn milliseconds(unix_s: u64) -> i64 {
    i64::try_from(unix_s).map_or(i64::MAX, |s| s.saturating_mul(1_000))
}
