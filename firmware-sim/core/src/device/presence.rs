//! A person at the dongle, before channels are given away.
//!
//! What needs one is done in two rounds. The first judges everything, the owner proof too, and then asks; until there
//! is an answer the request stays held. The second begins from the start and passes over the owner proof.

use super::Device;
use crate::platform::{self, Platform};
use crate::store::Item;
use tallykey_protocol::limits::CONFIRM_MS;
use tallykey_protocol::status::Status;

/// Milliseconds between two blinks while the dongle asks.
const BLINK_MS: u64 = 1_000;

/// How far the request under way is with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// Nobody was asked.
    Unasked,
    /// The request waits for an answer.
    Asked { end_ms: u64, blink_ms: u64 },
    /// The person said yes.
    Given,
    /// The person said no, or nothing for too long.
    Withheld,
}

impl<P: Platform> Device<P> {
    /// Whether a request waits for a person.
    pub(crate) const fn is_asking(&self) -> bool {
        matches!(self.presence, Presence::Asked { .. })
    }

    /// The request that waited is dropped.
    pub(crate) const fn ask_no_more(&mut self) {
        self.presence = Presence::Unasked;
    }

    /// Looks for an answer; whether the request still waits for one. Meanwhile its host cannot send a heartbeat, so
    /// the lease does not run.
    pub(crate) fn waits_for_person(&mut self) -> bool {
        let Presence::Asked { end_ms, blink_ms } = &mut self.presence else {
            return false;
        };
        let now_ms = self.platform.now_ms();
        self.sessions.renew(now_ms);
        self.presence = match self.platform.presence() {
            platform::Presence::Confirmed => Presence::Given,
            platform::Presence::Declined => Presence::Withheld,
            platform::Presence::Waiting if now_ms >= *end_ms => Presence::Withheld,
            platform::Presence::Waiting => {
                if now_ms >= *blink_ms {
                    *blink_ms = now_ms.saturating_add(BLINK_MS);
                    self.platform.wink();
                }
                return true;
            }
        };
        false
    }

    /// Asks the person, for an owner proof that is right. Where the answer is not there at once, the request is refused
    /// for now: whoever runs it sees [`Self::is_asking`].
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
            self.presence = Presence::Asked {
                end_ms: now_ms.saturating_add(CONFIRM_MS),
                blink_ms: now_ms.saturating_add(BLINK_MS),
            };
        }
        Err(Status::NotConfirmed)
    }
}
