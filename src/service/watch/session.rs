//! The thread of one dongle: open a session, hold it, say what changes.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};
use std::time::Instant;

use tokio::sync::mpsc as events;

use super::rescan::Notice;
use super::{DongleEvent, Intervals, WinkDone};
use crate::dongle::{Beat, Fault, Found, Open, Vendor};
use crate::usb::ReportPort;

/// What every session's thread knows.
pub(super) struct Context {
    pub(super) vendor: Vendor,
    pub(super) host_id: [u8; 16],
    pub(super) intervals: Intervals,
    pub(super) events: events::Sender<DongleEvent>,
    pub(super) notices: SyncSender<Notice>,
}

/// What a session is told. That its sender is gone means to close.
pub(super) struct Wink(pub(super) WinkDone);

/// How a session ended.
pub(super) struct Ended {
    /// Whether [`DongleEvent::Opened`] was sent.
    pub(super) opened: bool,
    /// What ended it; none if it was told to.
    pub(super) fault: Option<Fault>,
}

/// The service does not read events any more.
struct Unheard;

impl Context {
    /// Waits while the actor is behind.
    pub(super) fn say(&self, event: DongleEvent) -> bool {
        self.events.blocking_send(event).is_ok()
    }
}

pub(super) fn run(
    port: Box<dyn ReportPort>,
    key: String,
    context: &Arc<Context>,
    winks: &Receiver<Wink>,
) -> Ended {
    let ended = session(port, key, context, winks);
    // Only a hint: the rescan looks by itself, so a full queue does no harm.
    context.notices.try_send(Notice::Ended).ok();
    ended
}

fn session(
    port: Box<dyn ReportPort>,
    key: String,
    context: &Context,
    winks: &Receiver<Wink>,
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
    let opened = context.say(DongleEvent::Opened {
        key: key.clone(),
        evidence: open.evidence().clone(),
    });
    let fault = hold(&mut open, &key, context, winks).err();
    if !matches!(fault, Some(Fault::NotFound { .. }))
        && let Err(error) = open.close()
    {
        tracing::debug!(key, %error, "the lease is left to run out");
    }
    Ended { opened, fault }
}

/// Holds the session until it is to close (`Ok`) or has ended by itself.
fn hold(
    open: &mut Open,
    key: &str,
    context: &Context,
    winks: &Receiver<Wink>,
) -> Result<(), Fault> {
    let intervals = &context.intervals;
    let mut beat_at = Instant::now() + intervals.heartbeat;
    let mut prove_at = Instant::now() + intervals.prove;
    loop {
        match winks.try_recv() {
            Ok(Wink(done)) => done(open.wink()),
            Err(TryRecvError::Disconnected) => return Ok(()),
            Err(TryRecvError::Empty) => {}
        }
        let now = Instant::now();
        if now >= beat_at {
            beat_at = now + intervals.heartbeat;
            if open.heartbeat()? == Beat::Changed {
                prove_at = now;
            }
        }
        if now >= prove_at {
            prove_at = now + intervals.prove;
            if prove(open, key, context)?.is_err() {
                return Ok(());
            }
        }
        let next = beat_at.min(prove_at).saturating_duration_since(now);
        open.idle(next.min(intervals.attention))?;
    }
}

fn prove(open: &mut Open, key: &str, context: &Context) -> Result<Result<(), Unheard>, Fault> {
    let proved = DongleEvent::Proved {
        key: key.to_owned(),
        evidence: open.prove()?.clone(),
    };
    Ok(context.say(proved).then_some(()).ok_or(Unheard))
}
