//! The thread that looks for dongles, starts a session with each, and cleans up after it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::session::{self, Context, Ended};
use super::{DongleEvent, Errand};
use crate::dongle::{Fault, Trouble};
use crate::usb::{Finder, Found, UsbError};

/// Dongles watched at a time. A host has one or two; a hostile hub may show hundreds.
const DONGLES_MAX: usize = 16;

/// Errands that may wait for one session: as many as it has receipts to acknowledge, and some.
const ERRANDS_MAX: usize = 24;

/// What the rescan thread is told.
pub(super) enum Notice {
    Visit {
        key: String,
        errand: Errand,
    },
    /// Something ended: look now.
    Look,
    /// Something was plugged in or out: look now, and often until it must have settled.
    Moved,
}

impl Notice {
    /// Answers what will not be done.
    pub(super) fn refuse(self) {
        if let Self::Visit { key, errand } = self {
            errand(Err(Fault::NotFound { place: key }));
        }
    }
}

pub(super) struct Rescan {
    finder: Box<dyn Finder>,
    context: Arc<Context>,
    inbox: Receiver<Notice>,
    dongles: BTreeMap<String, Dongle>,
    /// When something was last plugged in or out.
    moved: Option<Instant>,
    /// The last complaint about the bus, so that each is logged once.
    complaint: Option<String>,
}

/// One dongle that was found.
struct Dongle {
    found: Found,
    present: bool,
    arrived: Instant,
    shown: Shown,
    /// It is new and could not be opened yet.
    settling: bool,
    session: Option<Session>,
}

/// What the last event about it said.
#[derive(PartialEq, Eq)]
enum Shown {
    Nothing,
    Open,
    Fault(String),
}

struct Session {
    started: Instant,
    errands: SyncSender<Errand>,
    thread: JoinHandle<Ended>,
}

impl Rescan {
    pub(super) fn new(
        finder: Box<dyn Finder>,
        context: Arc<Context>,
        inbox: Receiver<Notice>,
    ) -> Self {
        Self {
            finder,
            context,
            inbox,
            dongles: BTreeMap::new(),
            moved: None,
            complaint: None,
        }
    }

    pub(super) fn run(mut self) {
        let mut next = Instant::now();
        while !self.context.is_ending() {
            let left = next.saturating_duration_since(Instant::now());
            match self.inbox.recv_timeout(left) {
                Ok(Notice::Visit { key, errand }) => self.visit(key, errand),
                Ok(Notice::Look) => {
                    if self.reap() {
                        next = Instant::now();
                    }
                }
                Ok(Notice::Moved) => {
                    next = Instant::now();
                    self.moved = Some(next);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    self.reap();
                    self.look();
                    self.start();
                    next = Instant::now() + self.pause();
                }
            }
        }
        self.close();
    }

    fn pause(&self) -> std::time::Duration {
        let intervals = &self.context.intervals;
        let moved = self
            .moved
            .is_some_and(|moved| moved.elapsed() < intervals.settled);
        if moved || self.dongles.values().any(|dongle| dongle.settling) {
            intervals.settle.min(intervals.rescan)
        } else {
            intervals.rescan
        }
    }

    /// Which dongles are there. Those that are not, and have no session to end, have left.
    fn look(&mut self) {
        let found = match self.finder.find() {
            Ok(found) => found,
            Err(error) => return self.complain(&error),
        };
        self.complaint = None;
        for dongle in self.dongles.values_mut() {
            dongle.present = found.iter().any(|found| found.key == dongle.found.key);
            if !dongle.present
                && let Some(session) = &mut dongle.session
            {
                session.tell_to_close();
            }
        }
        for found in found {
            if self.dongles.contains_key(&found.key) {
                continue;
            }
            if self.dongles.len() >= DONGLES_MAX {
                tracing::warn!(key = found.key, "more than {DONGLES_MAX} dongles; ignored");
                continue;
            }
            self.dongles.insert(found.key.clone(), Dongle::new(found));
        }
        self.forget();
    }

    fn forget(&mut self) {
        let context = &self.context;
        self.dongles.retain(|key, dongle| {
            let keep = dongle.present || dongle.session.is_some();
            if !keep && dongle.shown != Shown::Nothing {
                context.say(DongleEvent::Left { key: key.clone() });
            }
            keep
        });
    }

    /// Takes leave of the sessions that have ended. Whether one is to be opened again without waiting for the next
    /// look: it broke after it had held. A reset does that, and takes the channels away until it is open again.
    fn reap(&mut self) -> bool {
        let held = self.context.intervals.heartbeat;
        let mut again = false;
        let mut failed = Vec::new();
        for (key, dongle) in &mut self.dongles {
            let over = dongle.session.take_if(|s| s.thread.is_finished());
            if let Some(session) = over {
                let lasted = session.started.elapsed();
                let ended = session.join();
                if ended.opened {
                    dongle.shown = Shown::Open;
                    // Not sooner, or a dongle that breaks each session at once would keep this busy.
                    again |= ended.fault.is_some() && lasted >= held;
                }
                failed.extend(ended.fault.map(|fault| (key.clone(), fault)));
            }
        }
        self.judge(failed);
        again
    }

    /// Starts a session with every dongle that has none.
    fn start(&mut self) {
        let mut failed = Vec::new();
        for (key, dongle) in &mut self.dongles {
            if !dongle.present || dongle.session.is_some() {
                continue;
            }
            let started = self
                .finder
                .open(&dongle.found)
                .and_then(|port| Session::start(port, key, &self.context));
            match started {
                Ok(session) => {
                    dongle.settling = false;
                    dongle.session = Some(session);
                }
                Err(error) => failed.push((key.clone(), error.into())),
            }
        }
        self.judge(failed);
    }

    /// Says what failed, unless the dongle was unplugged: that is asked of the bus, because what a
    /// failed read says differs from system to system.
    fn judge(&mut self, failed: Vec<(String, Fault)>) {
        if failed.is_empty() {
            return;
        }
        self.look();
        for (key, fault) in failed {
            if let Some(dongle) = self.dongles.get_mut(&key) {
                dongle.failed(fault, &self.context);
            }
        }
    }

    fn visit(&self, key: String, errand: Errand) {
        let session = self.dongles.get(&key).and_then(|d| d.session.as_ref());
        let sent = match session {
            Some(session) => session.errands.try_send(errand),
            None => Err(TrySendError::Disconnected(errand)),
        };
        if let Err(TrySendError::Full(errand) | TrySendError::Disconnected(errand)) = sent {
            Notice::Visit { key, errand }.refuse();
        }
    }

    /// Ends every session and waits for its end: the leases are given back.
    fn close(self) {
        let sessions: Vec<Session> = self
            .dongles
            .into_values()
            .filter_map(|dongle| dongle.session)
            .collect();
        let threads: Vec<JoinHandle<Ended>> = sessions.into_iter().map(|s| s.thread).collect();
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("the session with a dongle ended by a defect");
            }
        }
    }

    fn complain(&mut self, error: &UsbError) {
        let complaint = error.to_string();
        if self.complaint.as_ref() != Some(&complaint) {
            tracing::warn!("cannot look for dongles: {complaint}");
            self.complaint = Some(complaint);
        }
    }
}

impl Dongle {
    fn new(found: Found) -> Self {
        Self {
            found,
            present: true,
            arrived: Instant::now(),
            shown: Shown::Nothing,
            settling: false,
            session: None,
        }
    }

    /// Says what is wrong, once.
    fn failed(&mut self, fault: Fault, context: &Context) {
        let key = self.found.key.clone();
        let fresh =
            self.shown == Shown::Nothing && self.arrived.elapsed() < context.intervals.settled;
        self.settling = fresh && matches!(fault, Fault::NoPermission { .. });
        if self.settling {
            return;
        }
        let shown = match fault {
            Fault::NotFound { .. } if self.shown == Shown::Open => Shown::Nothing,
            ref fault => Shown::Fault(fault.to_string()),
        };
        if self.shown == shown {
            return;
        }
        context.say(match shown {
            Shown::Nothing | Shown::Open => DongleEvent::Left { key },
            Shown::Fault(_) => DongleEvent::Faulted {
                key,
                usb_serial: self.found.usb_serial.clone(),
                fault,
            },
        });
        self.shown = shown;
    }
}

impl Session {
    fn start(
        port: Box<dyn crate::usb::ReportPort>,
        key: &str,
        context: &Arc<Context>,
    ) -> Result<Self, UsbError> {
        let (errands, inbox) = sync_channel(ERRANDS_MAX);
        let (owned, shared) = (key.to_owned(), Arc::clone(context));
        let thread = thread::Builder::new()
            .name("dongle".into())
            .spawn(move || session::run(port, owned, &shared, &inbox))
            .map_err(|source| UsbError::Failed {
                action: "start a thread for",
                place: key.to_owned(),
                source: Box::new(source),
            })?;
        Ok(Self {
            started: Instant::now(),
            errands,
            thread,
        })
    }

    /// A session closes when nobody can order anything of it any more.
    fn tell_to_close(&mut self) {
        let (errands, _) = sync_channel(0);
        self.errands = errands;
    }

    fn join(self) -> Ended {
        self.thread.join().unwrap_or_else(|_| Ended {
            opened: true,
            fault: Some(Trouble::Stopped.into()),
        })
    }
}
