//! Dongles that come, go, fall silent or are refused, as the watch tells the service.
#![cfg(feature = "sim")]

#[path = "impostor/bench.rs"]
#[expect(dead_code, reason = "the impostors use the rest")]
mod bench;
#[path = "unplug/faults.rs"]
mod faults;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tallykey::dongle::{Fault, Open, Timing, Vendor};
use tallykey::service::watch::{After, DongleEvent, Intervals, Watch};
use tallykey::usb::sim::{Address, LocalFinder, SocketFinder};
use tallykey::usb::{Finder, Found, ReportPort, UsbError};
use tallykey_protocol::command::Command;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::socket::{Listener, serve};
use tokio::sync::mpsc as events;

use bench::{Between, Way, blank, open, port, simulator, simulators_own};

/// Everything often, so that a test need not wait; answers may take long on a busy machine.
const OFTEN: Intervals = Intervals {
    rescan: Duration::from_millis(5),
    settle: Duration::from_millis(1),
    settled: Duration::from_secs(600),
    heartbeat: Duration::from_millis(5),
    prove: Duration::from_secs(600),
    attention: Duration::from_millis(1),
    answer: bench::TIMING,
};

/// A watch and what it says.
struct Watched {
    watch: Watch,
    events: events::Receiver<DongleEvent>,
    runtime: tokio::runtime::Runtime,
}

impl Watched {
    fn new(finder: impl Finder + 'static) -> Self {
        Self::with(finder, simulator(), OFTEN)
    }

    fn with(finder: impl Finder + 'static, vendor: Vendor, intervals: Intervals) -> Self {
        let (sender, events) = events::channel(16);
        let watch =
            Watch::start(Box::new(finder), vendor, [1; 16], intervals, sender).expect("a thread");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        Self {
            watch,
            events,
            runtime,
        }
    }

    /// The next event. The time is only to end a test whose event never comes.
    fn next(&mut self) -> DongleEvent {
        let event = async { tokio::time::timeout(bench::TIMING.answer, self.events.recv()).await };
        let event = self.runtime.block_on(event);
        event.expect("an event").expect("the watch goes on")
    }

    fn opened(&mut self) -> String {
        match self.next() {
            DongleEvent::Opened { key, evidence } => {
                assert_eq!(evidence.serial, bench::SERIAL);
                key
            }
            other => panic!("not opened: {other:?}"),
        }
    }

    fn faulted(&mut self) -> Fault {
        match self.next() {
            DongleEvent::Faulted { fault, .. } => fault,
            other => panic!("no fault: {other:?}"),
        }
    }

    fn left(&mut self) {
        match self.next() {
            DongleEvent::Left { .. } => {}
            other => panic!("it has not left: {other:?}"),
        }
    }
}

fn bus(dongle: &SimDongle) -> LocalFinder {
    LocalFinder::new(vec![dongle.clone()])
}

#[test]
fn a_dongle_opens_leaves_and_comes_back() {
    let dongle = simulators_own();
    let mut watched = Watched::new(bus(&dongle));
    watched.opened();
    dongle.unplug();
    watched.left();
    dongle.replug().expect("its flash is good");
    watched.opened();
}

#[test]
fn stopping_gives_the_lease_back() {
    let dongle = simulators_own();
    let mut watched = Watched::new(bus(&dongle));
    watched.opened();
    watched.watch.stop();
    open(port(&dongle)).expect("the lease ended with the watch");
}

#[test]
fn a_service_that_reads_no_more_ends_the_watch() {
    let dongle = simulators_own();
    let mut watched = Watched::new(bus(&dongle));
    watched.opened();
    drop(watched.events);
    watched.watch.stop();
    open(port(&dongle)).expect("the lease ended with the watch");
}

#[test]
fn an_errand_is_run_with_an_open_dongle_and_no_other() {
    let dongle = simulators_own();
    let mut watched = Watched::new(bus(&dongle));
    let key = watched.opened();
    let wink = |key: &str| {
        let (done, outcome) = mpsc::channel();
        watched.watch.visit(
            key,
            Box::new(move |open| {
                let winked = open.and_then(Open::wink);
                done.send(winked).expect("the test waits");
                After::Same
            }),
        );
        outcome.recv().expect("always answered")
    };
    wink(&key).expect("it is open");
    assert_eq!(dongle.winks(), 1);
    assert!(matches!(wink("no such key"), Err(Fault::NotFound { .. })));
}

#[test]
fn a_proof_comes_by_itself_from_time_to_time() {
    let dongle = simulators_own();
    let prove = Duration::from_millis(5);
    let mut watched = Watched::with(bus(&dongle), simulator(), Intervals { prove, ..OFTEN });
    watched.opened();
    for _ in 0..3 {
        assert!(matches!(watched.next(), DongleEvent::Proved { .. }));
    }
}

#[test]
fn a_fault_is_said_once_and_ends_when_its_cause_does() {
    let looks = Arc::new(AtomicUsize::new(0));
    let dongle = blank();
    let mut watched = Watched::new(Counting {
        inner: bus(&dongle),
        looks: Arc::clone(&looks),
    });
    assert_eq!(watched.faulted().code(), "not-provisioned");
    // It has been tried again in vain by the time the bus has been looked at twice more.
    let before = looks.load(Ordering::SeqCst);
    while looks.load(Ordering::SeqCst) < before + 3 {
        std::thread::yield_now();
    }
    dongle.unplug();
    watched.left();
}

#[test]
fn a17_a_dongle_in_use_elsewhere_opens_once_it_is_free() {
    let dongle = simulators_own();
    let elsewhere = open(port(&dongle)).expect("nobody has it");
    let mut watched = Watched::new(bus(&dongle));
    assert_eq!(watched.faulted().code(), "busy");
    elsewhere.close().expect("an honest dongle");
    loop {
        match watched.next() {
            // The age of the lease is news each second.
            DongleEvent::Faulted { fault, .. } => assert_eq!(fault.code(), "busy"),
            DongleEvent::Opened { .. } => return,
            other => panic!("neither busy nor open: {other:?}"),
        }
    }
}

#[test]
fn two_missed_heartbeats_end_the_session_and_it_opens_again() {
    let silent = Arc::new(AtomicBool::new(false));
    let hush = Arc::clone(&silent);
    let mut watched = Watched::new(Tapped {
        inner: bus(&simulators_own()),
        hand: Arc::new(move |way, command, _| {
            way != Way::ToHost
                || command != Command::Heartbeat.code()
                || !hush.load(Ordering::SeqCst)
        }),
    });
    watched.opened();
    silent.store(true, Ordering::SeqCst);
    let fault = watched.faulted();
    assert_eq!(fault.code(), "io");
    assert!(fault.to_string().contains("did not answer"), "{fault}");
    silent.store(false, Ordering::SeqCst);
    watched.opened();
}

/// What a reset looks like from here, long after the dongle was plugged in.
#[test]
fn a_session_that_held_and_broke_is_opened_again_at_once() {
    let rarely = Intervals {
        rescan: Duration::from_secs(3600),
        ..OFTEN
    };
    let tapped = Tapped {
        inner: bus(&simulators_own()),
        hand: Arc::new(|way, command, _| {
            way != Way::ToHost || command != Command::Heartbeat.code()
        }),
    };
    let mut watched = Watched::with(tapped, simulator(), rarely);
    watched.opened();
    assert_eq!(watched.faulted().code(), "io");
    watched.opened();
}

#[test]
fn one_wrong_heartbeat_ends_the_session() {
    let mut watched = Watched::new(Tapped {
        inner: bus(&simulators_own()),
        hand: Arc::new(|way, command, message| {
            if way == Way::ToHost && command == Command::Heartbeat.code() {
                let last = message.len() - 1;
                message[last] ^= 1;
            }
            true
        }),
    });
    watched.opened();
    assert_eq!(watched.faulted().code(), "proof-invalid");
}

#[test]
fn permission_that_udev_has_yet_to_give_is_no_fault() {
    let mut watched = Watched::new(Forbidden {
        inner: bus(&simulators_own()),
        times: 3,
    });
    watched.opened();
}

#[test]
fn permission_that_stays_away_is() {
    let forbidden = Forbidden {
        inner: bus(&simulators_own()),
        times: usize::MAX,
    };
    let settled = Duration::from_millis(2);
    let mut watched = Watched::with(forbidden, simulator(), Intervals { settled, ..OFTEN });
    assert_eq!(watched.faulted().code(), "no-permission");
}

#[test]
fn a_wake_makes_the_next_look_come_at_once() {
    let dongle = simulators_own();
    dongle.unplug();
    let looks = Arc::new(AtomicUsize::new(0));
    let rarely = Intervals {
        rescan: Duration::from_secs(3600),
        ..OFTEN
    };
    let finder = Counting {
        inner: bus(&dongle),
        looks: Arc::clone(&looks),
    };
    let mut watched = Watched::with(finder, simulator(), rarely);
    while looks.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    dongle.replug().expect("its flash is good");
    watched.watch.waker().wake();
    watched.opened();
}

#[test]
fn a_dongle_that_does_not_answer_at_all_is_given_up() {
    let answer = Timing {
        silence: Duration::from_millis(1),
        answer: Duration::from_millis(2),
    };
    let mut watched = Watched::with(
        Tapped {
            inner: bus(&simulators_own()),
            hand: Arc::new(|way, _, _| way != Way::ToHost),
        },
        simulator(),
        Intervals { answer, ..OFTEN },
    );
    assert_eq!(watched.faulted().code(), "io");
}

#[test]
fn a_dongle_at_a_socket_is_watched_like_any_other() {
    let dongle = simulators_own();
    let free = "127.0.0.1:0".parse().expect("an address");
    let listener = Listener::tcp(free).expect("a free port");
    let address: Address = listener
        .attach()
        .expect("its port")
        .parse()
        .expect("what --attach takes");
    let served = dongle.clone();
    std::thread::spawn(move || serve(&served, &listener));
    let mut watched = Watched::new(SocketFinder::new(vec![address]));
    watched.opened();
    dongle.unplug();
    watched.left();
    dongle.replug().expect("its flash is good");
    loop {
        match watched.next() {
            DongleEvent::Faulted { fault, .. } => assert_eq!(fault.code(), "not-found", "{fault}"),
            DongleEvent::Opened { .. } => return,
            other => panic!("neither absent nor open: {other:?}"),
        }
    }
}

/// Counts how often the bus is looked at.
struct Counting {
    inner: LocalFinder,
    looks: Arc<AtomicUsize>,
}

impl Finder for Counting {
    fn find(&mut self) -> Result<Vec<Found>, UsbError> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        self.inner.find()
    }

    fn open(&mut self, found: &Found) -> Result<Box<dyn ReportPort>, UsbError> {
        self.inner.open(found)
    }
}

type SharedHand = Arc<dyn Fn(Way, u8, &mut Vec<u8>) -> bool + Send + Sync>;

/// A bus with someone on every cable.
struct Tapped {
    inner: LocalFinder,
    hand: SharedHand,
}

impl Finder for Tapped {
    fn find(&mut self) -> Result<Vec<Found>, UsbError> {
        self.inner.find()
    }

    fn open(&mut self, found: &Found) -> Result<Box<dyn ReportPort>, UsbError> {
        let hand = Arc::clone(&self.hand);
        let port = self.inner.open(found)?;
        Ok(Between::on(port, move |way, command, message| {
            hand(way, command, message)
        }))
    }
}

/// A bus that may not be opened the first `times`.
struct Forbidden {
    inner: LocalFinder,
    times: usize,
}

impl Finder for Forbidden {
    fn find(&mut self) -> Result<Vec<Found>, UsbError> {
        self.inner.find()
    }

    fn open(&mut self, found: &Found) -> Result<Box<dyn ReportPort>, UsbError> {
        if self.times == 0 {
            return self.inner.open(found);
        }
        self.times -= 1;
        Err(UsbError::NoPermission {
            place: found.key.clone(),
            source: std::io::ErrorKind::PermissionDenied.into(),
        })
    }
}
