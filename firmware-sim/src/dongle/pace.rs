//! How fast the part is.

use crate::fault::Counter;
use crate::platform::SimPlatform;
use tallykey_core::Dongle;
use tallykey_core::platform::Platform;

/// What a signature takes, and what is under way.
#[derive(Default)]
pub(super) struct Pace {
    /// What a signature takes on it, ms.
    pub(super) sign_ms: u64,
    /// What it takes to erase a sector, ms.
    pub(super) erase_ms: u64,
    /// When the request that the core holds is done, in the part's ms.
    due_ms: Option<u64>,
    /// A sector is being erased until then.
    erasing: bool,
}

impl Pace {
    /// Lets the dongle do what it holds if that is done by now; returns what took its time in that.
    pub(super) fn work(&mut self, dongle: &mut Dongle<SimPlatform>) -> [Option<Counter>; 2] {
        let Some(command) = dongle.held() else {
            self.stop();
            return [None; 2];
        };
        let now_ms = dongle.platform().now_ms();
        let takes_ms = if command.signs() { self.sign_ms } else { 0 };
        if now_ms < *self.due_ms.get_or_insert(now_ms.saturating_add(takes_ms)) {
            return [None; 2];
        }
        let erased = self.erasing;
        dongle.work();
        let erases = |dongle: &Dongle<_>| dongle.held().is_some() && !dongle.is_asking();
        while self.erase_ms == 0 && erases(dongle) {
            dongle.work();
        }
        // What waits for the button, or for the next sector, is still held.
        self.erasing = erases(dongle);
        let erase_ms = if self.erasing { self.erase_ms } else { 0 };
        self.due_ms = dongle.held().map(|_| now_ms.saturating_add(erase_ms));
        let signed = takes_ms > 0 && self.due_ms.is_none();
        [
            erased.then_some(Counter::SlowErasures),
            signed.then_some(Counter::SlowSignatures),
        ]
    }

    /// Nothing is under way any more.
    pub(super) fn stop(&mut self) {
        (self.due_ms, self.erasing) = (None, false);
    }

    /// Whether the dongle is at work: then time alone makes it speak.
    pub(super) const fn is_working(&self) -> bool {
        self.due_ms.is_some()
    }
}
