//! The clock of a test, and its machine.

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tallykey::licence::machine_binding::Facts;
use tallykey::machine::facts::{LinuxMachine, Machine as _};
use tallykey::service::Moment;

use super::bench::NOW;

/// The clock of a test: it stands until time is let pass.
#[derive(Clone)]
pub(crate) struct Clockwork {
    wall_ms: Arc<AtomicI64>,
    running_ms: Arc<AtomicU64>,
    /// The recorded tree that stands for this machine.
    machine: Arc<Mutex<&'static str>>,
    /// The terms in the profile that the next start finds.
    terms: Arc<Mutex<&'static str>>,
}

impl Clockwork {
    /// Time passes while the host runs.
    pub(crate) fn pass(&self, time: Duration) {
        let ms = u64::try_from(time.as_millis()).expect("no test is that long");
        self.running_ms.fetch_add(ms, Ordering::SeqCst);
        let ms = i64::try_from(ms).expect("no test is that long");
        self.wall_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Time passes until a moment, Unix time in milliseconds.
    pub(crate) fn pass_until(&self, wall_ms: i64) {
        let left = wall_ms - self.wall_ms.load(Ordering::SeqCst);
        let left = u64::try_from(left).expect("it is still to come");
        self.pass(Duration::from_millis(left));
    }

    /// The clock is set forward, or the host was off.
    pub(crate) fn skip(&self, time: Duration) {
        let ms = i64::try_from(time.as_millis()).expect("no test is that long");
        self.wall_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// The clock is set back.
    pub(crate) fn skip_back(&self, time: Duration) {
        let ms = i64::try_from(time.as_millis()).expect("no test is that long");
        self.wall_ms.fetch_sub(ms, Ordering::SeqCst);
    }

    /// The disk is put into another machine.
    pub(crate) fn become_machine(&self, tree: &'static str) {
        *self.machine.lock().expect("no panic") = tree;
    }

    /// The vendor publishes a profile with other terms.
    pub(crate) fn publish_terms(&self, terms: &'static str) {
        *self.terms.lock().expect("no panic") = terms;
    }

    pub(super) fn terms(&self) -> &'static str {
        *self.terms.lock().expect("no panic")
    }

    /// What this machine shows of itself.
    pub(crate) fn facts(&self) -> Facts {
        let tree = *self.machine.lock().expect("no panic");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machine/trees");
        LinuxMachine::at(root.join(tree)).facts()
    }

    pub(super) fn moment(&self) -> Moment {
        Moment {
            wall_ms: self.wall_ms.load(Ordering::SeqCst),
            running_ms: self.running_ms.load(Ordering::SeqCst),
        }
    }
}

/// A clock that stands at [`NOW`].
pub(super) fn standing() -> Clockwork {
    Clockwork {
        wall_ms: Arc::new(AtomicI64::new(NOW)),
        running_ms: Arc::default(),
        machine: Arc::new(Mutex::new("server")),
        terms: Arc::default(),
    }
}
