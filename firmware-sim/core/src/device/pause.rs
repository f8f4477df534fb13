//! What a request may have to wait for once it has been judged: a bank of the flash to be erased, a person at the
//! button. Each takes longer than a host waits in silence, so the request stays held and signs of life go out.
//!
//! Whatever sets a [`Stage`] that waits refuses for now, and nobody hears of it. When the wait is over the request
//! begins from the start; what was settled in an earlier round is passed over.

use super::Device;
use crate::platform::{self, Platform};
use crate::store::{Item, Store};
use tallykey_protocol::limits::CONFIRM_MS;
use tallykey_protocol::status::Status;

/// Milliseconds between two blinks while the dongle asks.
const BLINK_MS: u64 = 1_000;

/// How far the request under way is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// In its first round.
    First,
    /// Waits for a bank to be erased.
    Erasing,
    /// In a round after that.
    Erased,
    /// Waits for a person.
    Asking { end_ms: u64, blink_ms: u64 },
    /// In a round after the person said yes.
    Confirmed,
    /// The person said no, or nothing for too long.
    Withheld,
}

impl Stage {
    const fn waits(self) -> bool {
        matches!(self, Self::Erasing | Self::Asking { .. })
    }
}

/// Whether `store` can take commits of these many bytes now, else the request waits until it can.
pub(super) fn make_room(store: &Store, stage: &mut Stage, bytes: u32) -> Result<(), Status> {
    if store.has_room(bytes) {
        return Ok(());
    }
    *stage = Stage::Erasing;
    Err(Status::StorageFailed)
}

impl<P: Platform> Device<P> {
    /// Whether the request under way waits.
    pub(crate) const fn is_waiting(&self) -> bool {
        self.stage.waits()
    }

    /// Whether it waits for a person.
    pub(crate) const fn is_asking(&self) -> bool {
        matches!(self.stage, Stage::Asking { .. })
    }

    /// The request under way is dropped.
    pub(crate) const fn wait_no_more(&mut self) {
        self.stage = Stage::First;
    }

    /// Does a little of what the request waits for; whether it still waits. Meanwhile its host cannot send a
    /// heartbeat, so the lease does not run.
    pub(crate) fn wait_on(&mut self) -> bool {
        if self.is_waiting() {
            let now_ms = self.platform.now_ms();
            self.sessions.renew(now_ms);
            self.stage = match self.stage {
                Stage::Erasing => self.erase(),
                Stage::Asking { end_ms, blink_ms } => self.look(now_ms, end_ms, blink_ms),
                other => other,
            };
        }
        self.is_waiting()
    }

    /// Erases one sector.
    fn erase(&mut self) -> Stage {
        match self.store.erase_ahead(self.platform.flash()) {
            Ok(true) => Stage::Erased,
            Ok(false) => Stage::Erasing,
            Err(_) => {
                self.broken = true;
                Stage::Erased
            }
        }
    }

    /// Looks for the person's answer.
    fn look(&mut self, now_ms: u64, end_ms: u64, blink_ms: u64) -> Stage {
        match self.platform.presence() {
            platform::Presence::Confirmed => Stage::Confirmed,
            platform::Presence::Declined => Stage::Withheld,
            platform::Presence::Waiting if now_ms >= end_ms => Stage::Withheld,
            platform::Presence::Waiting if now_ms >= blink_ms => {
                self.platform.wink();
                let blink_ms = now_ms.saturating_add(BLINK_MS);
                Stage::Asking { end_ms, blink_ms }
            }
            platform::Presence::Waiting => Stage::Asking { end_ms, blink_ms },
        }
    }

    /// Asks the person, for an owner proof that is right. Refused where the answer is no; where there is none yet, the
    /// request waits.
    pub(super) fn confirm(&mut self) -> Result<(), Status> {
        if !self.platform.ask_presence() {
            return Ok(());
        }
        let answer = self.platform.presence();
        if answer == platform::Presence::Confirmed {
            return Ok(());
        }
        // Before the wait: pulling the dongle out in it must cost no try.
        self.commit(self.lifecycle(), &Item::ProofRight)?;
        if answer == platform::Presence::Waiting {
            self.platform.wink();
            let now_ms = self.platform.now_ms();
            self.stage = Stage::Asking {
                end_ms: now_ms.saturating_add(CONFIRM_MS),
                blink_ms: now_ms.saturating_add(BLINK_MS),
            };
        }
        Err(Status::NotConfirmed)
    }
}
