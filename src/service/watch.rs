//! Keeps a session with every dongle that is plugged in.
//!
//! ```text
//! rescan thread ── finds, opens ports, starts and reaps ──▶ one thread for each dongle
//!        └──────────────── events ───────────▶ the actor ◀────── events ──────┘
//! ```
//!
//! USB blocks, so each dongle has its own thread. The rescan alone is enough to find and to lose a
//! dongle; a thread that notices a loss only makes it sooner. Everything is bounded: the dongles
//! watched, what each may send, how long each may take.

mod rescan;
mod session;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc as events;

use crate::dongle::{Evidence, Fault, Open, Timing, Vendor};
use crate::usb::Finder;
use rescan::{Notice, Rescan};

/// Errands that may wait for the rescan thread. More are refused: nobody orders that much.
const ERRANDS_MAX: usize = 32;

/// How often things are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intervals {
    /// Between two looks for dongles, and between two tries at a faulty one.
    pub rescan: Duration,
    /// Between two looks, and two tries, while something has just been plugged in. A person waits for it, and such a
    /// look only reads one folder.
    pub settle: Duration,
    /// How long a dongle that arrived may be forbidden before that is said: its arrival is seen
    /// before its device node is there, and that some 0.2 s before udev has set its permissions.
    pub settled: Duration,
    /// Between two heartbeats. Two missed ones must fit the lease of 15 s.
    pub heartbeat: Duration,
    /// Between two signed proofs of an unchanged dongle.
    pub prove: Duration,
    /// Longest wait for orders inside a session.
    pub attention: Duration,
    /// How long a dongle may take to answer.
    pub answer: Timing,
}

impl Default for Intervals {
    fn default() -> Self {
        Self {
            rescan: Duration::from_secs(5),
            settle: Duration::from_millis(50),
            settled: Duration::from_secs(3),
            heartbeat: Duration::from_secs(5),
            prove: Duration::from_secs(600),
            attention: Duration::from_millis(200),
            answer: Timing::default(),
        }
    }
}

impl Intervals {
    /// For simulated dongles: looking costs nothing, and a person is waiting.
    #[must_use]
    pub fn simulated() -> Self {
        Self {
            rescan: Duration::from_millis(250),
            attention: Duration::from_millis(50),
            ..Self::default()
        }
    }
}

/// What happened to a dongle. `key` names it on this host while it is plugged in.
#[derive(Debug)]
pub enum DongleEvent {
    /// A session is open.
    Opened {
        /// Names the dongle.
        key: String,
        /// What it proved.
        evidence: Evidence,
    },
    /// An open dongle proved its state anew.
    Proved {
        /// Names the dongle.
        key: String,
        /// What it proved.
        evidence: Evidence,
    },
    /// It gives nothing, from now on or again. Said once for each change.
    Faulted {
        /// Names the dongle.
        key: String,
        /// What USB says its serial is, unproven.
        usb_serial: Option<String>,
        /// What is wrong.
        fault: Fault,
    },
    /// It is not there any more.
    Left {
        /// Names the dongle.
        key: String,
    },
}

/// What is to be done in the open session with a dongle, by the thread that holds it; called once, with a fault if
/// there is no session.
pub type Errand = Box<dyn FnOnce(Result<&mut Open, Fault>) -> After + Send>;

/// How an errand leaves a dongle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// As it was.
    Same,
    /// Maybe otherwise: its state is to be proved at once.
    Changed,
}

/// The running watch. Dropping it ends it without waiting; [`Watch::stop`] waits.
pub struct Watch {
    context: Arc<session::Context>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts looking for dongles of `vendor`. `host_id` names this host to them. Events go to
    /// `events`, whose reader must go on reading until it drops its end.
    ///
    /// # Errors
    /// The system gave no thread.
    pub fn start(
        finder: Box<dyn Finder>,
        vendor: Vendor,
        host_id: [u8; 16],
        intervals: Intervals,
        events: events::Sender<DongleEvent>,
    ) -> io::Result<Self> {
        let (notices, inbox) = mpsc::sync_channel(ERRANDS_MAX);
        let context = Arc::new(session::Context {
            vendor,
            host_id,
            intervals,
            events,
            notices,
            ending: AtomicBool::new(false),
        });
        let rescan = Rescan::new(finder, Arc::clone(&context), inbox);
        let thread = thread::Builder::new()
            .name("dongles".into())
            .spawn(|| rescan.run())?;
        let thread = Some(thread);
        Ok(Self { context, thread })
    }

    /// What makes this look at once.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker(self.context.notices.clone())
    }

    /// Runs an errand in the session with the dongle `key`. Does not wait; without a session it is called with
    /// [`Fault::NotFound`].
    pub fn visit(&self, key: &str, errand: Errand) {
        let visit = Notice::Visit {
            key: key.to_owned(),
            errand,
        };
        if let Err(mpsc::TrySendError::Full(notice) | mpsc::TrySendError::Disconnected(notice)) =
            self.context.notices.try_send(visit)
        {
            notice.refuse();
        }
    }

    /// Closes every session, so that the leases end now, and waits until that is done. The reader
    /// of the events must go on reading meanwhile, or have dropped its end.
    pub fn stop(mut self) {
        self.end();
        if self
            .thread
            .take()
            .is_some_and(|thread| thread.join().is_err())
        {
            tracing::error!("the watch over the dongles ended by a defect");
        }
    }

    fn end(&self) {
        self.context.ending.store(true, Ordering::Release);
        // Only to wake it: a full queue keeps it awake as well.
        self.context.notices.try_send(Notice::Look).ok();
    }
}

/// Tells a [`Watch`] that something was plugged in or out. Only makes it sooner: the rescan alone is
/// enough.
#[derive(Clone)]
pub struct Waker(mpsc::SyncSender<Notice>);

impl Waker {
    /// Does not wait.
    pub fn wake(&self) {
        // A full queue keeps the watch awake as well.
        self.0.try_send(Notice::Moved).ok();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end();
    }
}
