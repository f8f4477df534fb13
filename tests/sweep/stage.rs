//! Where one life of a host and a dongle plays: it counts every moment at which something may die, notes what is
//! durable there, and pulls the dongle out where it is told to.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tallykey::dongle::{Fault, Found, Open, Timing, Vendor};
use tallykey::usb::{ReportPort, UsbError};
use tallykey_protocol::report::Report;
use tallykey_sim::dongle::{Connection, SimDongle};
use tallykey_sim::flash::{PowerCut, SimFlash, Tear};
use tallykey_sim::platform::Platform as _;
use tallykey_sim::platform::{Clock, SimPlatform};

use super::disk::Disk;

/// The key of the one port.
pub(crate) const PORT: &str = "port-1";

/// Everything that outlives a loss of power.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) disk: Disk,
    pub(crate) flash: Arc<Vec<u8>>,
}

/// Something that is under way when power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// A report has not crossed yet: the dongle does not get it, or the host does not.
    Report(u32),
    /// The dongle has the report, and no answer comes back.
    Answer(u32),
    /// A flash write of a command, torn.
    Flash(u64),
    /// A flash write of a boot, torn.
    Boot(u64),
    /// A commit is not durable yet.
    Commit(u32),
    /// It is durable, and nothing else has happened.
    Committed(u32),
}

/// A moment, and what is so in it.
pub(crate) struct Seen {
    pub(crate) moment: Moment,
    /// What has come to the service's ears until then: from there on it does the same, whatever else happened.
    pub(crate) heard: u32,
    /// What is durable in it.
    pub(crate) world: World,
}

struct Inner {
    disk: Disk,
    flash: Arc<Vec<u8>>,
    writes: u64,
    reports: u32,
    commits: u32,
    heard: u32,
    dead: bool,
    /// Where the dongle dies, the next one last.
    cuts: Vec<Moment>,
    seen: Vec<Seen>,
}

pub(crate) struct Stage {
    dongle: SimDongle,
    inner: Mutex<Inner>,
    session: Mutex<Option<Open>>,
}

impl Stage {
    /// Everything is off. The dongle dies at each of `cuts`, in that order, and is plugged in again.
    pub(crate) fn set(world: World, cuts: &[Moment]) -> Arc<Self> {
        let mut flash = SimFlash::copy_of(&world.flash);
        flash.record();
        let clock = Clock::Virtual(Arc::default());
        let dongle = SimDongle::plug(SimPlatform::new(flash, clock)).expect("it boots");
        let stage = Self {
            dongle,
            inner: Mutex::new(Inner {
                disk: world.disk,
                flash: world.flash,
                writes: 0,
                reports: 0,
                commits: 0,
                heard: 0,
                dead: false,
                cuts: cuts.iter().rev().copied().collect(),
                seen: Vec::new(),
            }),
            session: Mutex::new(None),
        };
        stage.look_at_flash(&mut stage.lock(), Moment::Boot);
        Arc::new(stage)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no panic")
    }

    pub(crate) fn disk(&self) -> Disk {
        self.lock().disk.clone()
    }

    /// What outlives a loss of power now.
    pub(crate) fn world(&self) -> World {
        self.lock().world()
    }

    /// Every moment until now.
    pub(crate) fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.lock().seen)
    }

    /// Deaths that are still to come.
    pub(crate) fn cuts_left(&self) -> usize {
        self.lock().cuts.len()
    }

    /// What has come to the service's ears.
    pub(crate) fn heard(&self) -> u32 {
        self.lock().heard
    }

    /// Something comes to the service's ears.
    pub(crate) fn hears(&self) {
        self.lock().heard += 1;
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.lock().dead
    }

    /// Makes a change of the disk durable.
    pub(crate) fn commit(&self, change: impl FnOnce(&mut Disk)) {
        let mut inner = self.lock();
        inner.commits += 1;
        let number = inner.commits;
        self.dies(&mut inner, Moment::Commit(number));
        change(&mut inner.disk);
        inner.note(Moment::Committed(number));
    }

    /// Gives the dongle its power, and opens a session with it. None if it died over it.
    pub(crate) fn plug(self: &Arc<Self>, vendor: &Vendor) -> Option<tallykey::dongle::Evidence> {
        self.lock().dead = false;
        *self.session() = None;
        self.dongle.replug().expect("it boots");
        self.look_at_flash(&mut self.lock(), Moment::Boot);
        self.arm(&self.lock());
        match self.open(vendor) {
            Ok(open) => {
                let evidence = open.evidence().clone();
                *self.session() = Some(open);
                Some(evidence)
            }
            Err(fault) => {
                assert!(self.is_dead(), "it is refused: {fault}");
                None
            }
        }
    }

    pub(crate) fn session(&self) -> MutexGuard<'_, Option<Open>> {
        self.session.lock().expect("no panic")
    }

    fn open(self: &Arc<Self>, vendor: &Vendor) -> Result<Open, Fault> {
        let timing = Timing {
            silence: Duration::from_secs(20),
            answer: Duration::from_secs(60),
        };
        let port = Port {
            connection: self.dongle.connect().expect("it is plugged in"),
            stage: Arc::clone(self),
        };
        Found::new(Box::new(port), timing)?
            .identify(vendor)?
            .open([1; 16])
    }

    /// Plans the next death, if it is one in a flash write.
    fn arm(&self, inner: &Inner) {
        if let Some(Moment::Flash(number)) = inner.cuts.last() {
            let tear = Tear::Subset(*number);
            let left = number - inner.writes;
            self.dongle.cut(PowerCut::after(left, tear));
        }
    }

    /// Notes what was written to the flash since the last look, and every moment in that.
    fn look_at_flash(&self, inner: &mut Inner, moment: fn(u64) -> Moment) {
        let (log, contents) = self.dongle.with_platform(|platform| {
            let flash = platform.flash();
            let log = flash.recorded();
            flash.record();
            let contents = (!log.is_empty()).then(|| flash.contents().to_vec());
            (log, contents)
        });
        let Some(contents) = contents else { return };
        let mut cells = inner.flash.to_vec();
        for write in &log {
            let number = inner.writes;
            inner.writes += 1;
            if inner.dead {
                continue;
            }
            let mut torn = cells.clone();
            write.torn(&mut torn, Tear::Subset(number));
            write.torn(&mut cells, Tear::All);
            let world = World {
                disk: inner.disk.clone(),
                flash: Arc::new(torn),
            };
            let heard = inner.heard;
            let moment = moment(number);
            inner.seen.push(Seen {
                moment,
                heard,
                world,
            });
            // The power went in it: what the core tried after it is nothing.
            inner.dead = inner.cuts.last() == Some(&moment);
        }
        inner.flash = Arc::new(contents);
    }

    /// Whether the dongle dies here.
    fn dies(&self, inner: &mut Inner, moment: Moment) -> bool {
        inner.note(moment);
        inner.dead |= inner.cuts.pop_if(|cut| *cut == moment).is_some();
        inner.dead
    }
}

impl Inner {
    fn world(&self) -> World {
        World {
            disk: self.disk.clone(),
            flash: Arc::clone(&self.flash),
        }
    }

    fn note(&mut self, moment: Moment) {
        let seen = Seen {
            moment,
            heard: self.heard,
            world: self.world(),
        };
        self.seen.push(seen);
    }
}

/// A port that breaks for good when the dongle dies.
struct Port {
    connection: Connection,
    stage: Arc<Stage>,
}

fn gone() -> UsbError {
    UsbError::Gone { place: PORT.into() }
}

impl ReportPort for Port {
    fn write(&mut self, report: &Report) -> Result<(), UsbError> {
        let mut inner = self.stage.lock();
        if inner.dead {
            return Err(gone());
        }
        inner.reports += 1;
        let number = inner.reports;
        if self.stage.dies(&mut inner, Moment::Report(number)) {
            return Err(gone());
        }
        let written = self.connection.write(report);
        self.stage.look_at_flash(&mut inner, Moment::Flash);
        assert_eq!(written.is_err(), inner.dead, "the power went as planned");
        if inner.dead {
            inner.cuts.pop();
        }
        if inner.dead || self.stage.dies(&mut inner, Moment::Answer(number)) {
            return Err(gone());
        }
        Ok(())
    }

    fn read(&mut self, timeout: Duration) -> Result<Option<Report>, UsbError> {
        let mut inner = self.stage.lock();
        if inner.dead {
            return Err(gone());
        }
        inner.reports += 1;
        let number = inner.reports;
        if self.stage.dies(&mut inner, Moment::Report(number)) {
            return Err(gone());
        }
        self.connection.read(timeout).map_err(|_| gone())
    }
}
