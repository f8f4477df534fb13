//! The thread of one dongle: open a session, hold it, say what changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};
use std::time::Instant;

use tokio::sync::mpsc as events;

use super::rescan::Notice;
use super::{After, DongleEvent, Errand, Intervals};
use crate::dongle::{Beat, Fault, Found, Open, Vendor};
use crate::usb::ReportPort;

/// What every session's thread knows.
pub(super) struct Context {
    pub(super) vendor: Vendor,
    pub(super) host_id: [u8; 16],
    pub(super) intervals: Intervals,
    pub(super) events: events::Sender<DongleEvent>,
    pub(super) notices: SyncSender<Notice>,
    /// Close everything.
    pub(super) ending: AtomicBool,
}

/// How a session ended.
pub(super) struct Ended {
    /// Whether [`DongleEvent::Opened`] was sent.
    pub(super) opened: bool,
    /// What ended it; none if it was told to.
    pub(super) fault: Option<Fault>,
}

impl Context {
    /// Whether to close everything: it was said, or nobody listens any more.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire) || self.events.is_closed()
    }

    /// Waits while the actor is behind. That nobody listens is seen by [`Context::is_ending`].
    pub(super) fn say(&self, event: DongleEvent) {
        self.events.blocking_send(event).ok();
    }
}

pub(super) fn run(
    port: Box<dyn ReportPort>,
    key: String,
    context: &Arc<Context>,
    errands: &Receiver<Errand>,
) -> Ended {
    let ended = session(port, key, context, errands);
    // Only a hint: the rescan looks by itself, so a full queue does no harm.
    context.notices.try_send(Notice::Look).ok();
    ended
}

fn session(
    port: Box<dyn ReportPort>,
    key: String,
    context: &Context,
    errands: &Receiver<Errand>,
) -> Ended {
    let opened = Found::new(port, context.intervals.answer)
        .and_then(|found| found.identify(&context.vendor))
        .and_then(|identified| identified.open(context.host_id));
    let mut open = match opened {
        Ok(open) => open,
        Err(fault) => {
            return Ended {
                opened: false,
                fault: Some(fault),
            };
        }
    };
    context.say(DongleEvent::Opened {
        key: key.clone(),
        evidence: open.evidence().clone(),
    });
    let fault = hold(&mut open, &key, context, errands).err();
    if !matches!(fault, Some(Fault::NotFound { .. }))
        && let Err(error) = open.close()
    {
        tracing::debug!(key, %error, "the lease is left to run out");
    }
    Ended {
        opened: true,
        fault,
    }
}

/// Holds the session until it is to close (`Ok`), which is when nobody can send an errand any more, or has ended by
/// itself.
fn hold(
    open: &mut Open,
    key: &str,
    context: &Context,
    errands: &Receiver<Errand>,
) -> Result<(), Fault> {
    let intervals = &context.intervals;
    let mut beat_at = Instant::now() + intervals.heartbeat;
    let mut prove_at = Instant::now() + intervals.prove;
    while !context.is_ending() {
        let after = match errands.try_recv() {
            Ok(errand) => errand(Ok(open)),
            Err(TryRecvError::Disconnected) => return Ok(()),
            Err(TryRecvError::Empty) => After::Same,
        };
        let now = Instant::now();
        if after == After::Changed {
            prove_at = now;
        }
        if now >= beat_at {
            beat_at = now + intervals.heartbeat;
            if open.heartbeat()? == Beat::Changed {
                prove_at = now;
            }
        }
        if now >= prove_at {
            prove_at = now + intervals.prove;
            let evidence = open.prove()?.clone();
            let key = key.to_owned();
            context.say(DongleEvent::Proved { key, evidence });
        }
        let next = beat_at.min(prove_at).saturating_duration_since(now);
        open.idle(next.min(intervals.attention))?;
    }
    Ok(())
}
