//! Dongles for tests, and words for what tests look at.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use tallykey_core::platform::Platform;
use tallykey_protocol::command::{Command, Encode};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::grant::{Grant, Line, Plan};
use tallykey_protocol::id::PublicKey;
use tallykey_protocol::list::List;
use tallykey_protocol::profile::Profile;
use tallykey_protocol::proof::{Kind, Proof};
use tallykey_protocol::status::Status;
use tallykey_signing::{Holder, Vendor, first_grant, next_grant, simulator};
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::host::{Channel, Session, TalkError};
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{Order, chip_id, provision};

/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: u64 = 1_767_225_600;

pub(crate) const SERIAL: &str = "SIM-0001";

pub(crate) const CHANNELS: [(&str, u64); 2] = [("camera", 64), ("vca", 8)];

pub(crate) static VENDOR: LazyLock<Vendor> =
    LazyLock::new(|| simulator::vendor().expect("the simulator's vendor"));

pub(crate) static PROFILE: LazyLock<Profile<'static>> = LazyLock::new(simulator::profile);

/// Another vendor, as good as ours in every way but the keys.
pub(crate) fn other_vendor() -> Vendor {
    Vendor::generate("Other vendor", true, simulator::ISSUED_AT, getrandom::fill).expect("a vendor")
}

/// Time that only moves when a test says so.
#[derive(Clone, Default)]
pub(crate) struct Ticks(Arc<AtomicU64>);

impl Ticks {
    pub(crate) fn clock(&self) -> Clock {
        Clock::Virtual(Arc::clone(&self.0))
    }

    pub(crate) fn pass(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

pub(crate) fn plug(flash: SimFlash, ticks: &Ticks) -> SimDongle {
    SimDongle::plug(SimPlatform::new(flash, ticks.clock())).expect("it boots")
}

pub(crate) fn blank(serial: &str) -> SimDongle {
    plug(SimFlash::blank(chip_id(serial)), &Ticks::default())
}

pub(crate) fn order(serial: &str) -> Order<'_> {
    Order {
        serial,
        profile: &PROFILE,
        channels: &CHANNELS,
        raise: true,
        convert: Convert::None,
        now: NOW,
    }
}

/// A dongle as the factory leaves it, and its clock.
pub(crate) fn provisioned(serial: &str) -> (SimDongle, Ticks) {
    let ticks = Ticks::default();
    let dongle = plug(SimFlash::blank(chip_id(serial)), &ticks);
    provision(&dongle, &VENDOR, &order(serial), |_| Ok(())).expect("it is provisioned");
    (dongle, ticks)
}

pub(crate) fn channel(dongle: &SimDongle) -> Channel {
    Channel::new(dongle.connect().expect("it is plugged in")).expect("a channel")
}

pub(crate) fn open(dongle: &SimDongle) -> Session {
    try_open(dongle).expect("a session")
}

pub(crate) fn try_open(dongle: &SimDongle) -> Result<Session, TalkError> {
    Session::open(channel(dongle), *b"the test's host ")
}

/// The status that a command is answered with, in a session.
pub(crate) fn status(session: &mut Session, command: Command, request: &impl Encode) -> Status {
    session.ask(command, request).expect("an answer").status
}

/// Units programmed and sectors erased so far.
pub(crate) fn writes(dongle: &SimDongle) -> u64 {
    dongle.with_platform(|platform| platform.flash().writes())
}

/// Pulls the dongle out, puts it back and opens it.
pub(crate) fn replugged(dongle: &SimDongle) -> Session {
    dongle.replug().expect("it boots");
    open(dongle)
}

pub(crate) fn contents(dongle: &SimDongle) -> Vec<u8> {
    dongle.with_platform(|platform| platform.flash().contents().to_vec())
}

/// Product, revision, digest, and what was given away of each line.
pub(crate) type HeldGrant = (String, u64, [u8; 32], Vec<(u32, u64)>);

/// What a dongle proves of itself, without what is new in every proof.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Facts {
    pub(crate) counter: u64,
    pub(crate) grants: Vec<HeldGrant>,
}

pub(crate) fn facts(session: &mut Session) -> Facts {
    let record = session.prove(Kind::State).expect("a proof");
    read_facts(&record, Kind::State, session.key())
}

pub(crate) fn read_facts(record: &[u8], kind: Kind, key: &PublicKey) -> Facts {
    let proof = Proof::verify(record, kind, key).expect("a true proof");
    let given = |g: &tallykey_protocol::proof::GrantState<'_>| {
        g.given.iter().map(|g| (g.line, g.count)).collect()
    };
    let grants = proof
        .grants
        .iter()
        .map(|g| (g.product.to_owned(), g.revision, g.digest, given(g)));
    Facts {
        counter: proof.counter,
        grants: grants.collect(),
    }
}

pub(crate) fn line(id: u32, feature: &str, count: u64) -> Line<'_> {
    Line {
        id,
        feature,
        count,
        plan: Plan::Perpetual,
        valid_from: NOW,
        valid_to: None,
    }
}

/// The lines that [`provisioned`] gives, with this many cameras.
pub(crate) fn lines(cameras: u64) -> Vec<Line<'static>> {
    vec![line(1, "camera", cameras), line(2, "vca", 8)]
}

/// The claims of a grant of this revision.
pub(crate) fn grant<'a>(
    serial: &'a str,
    key: &'a PublicKey,
    revision: u64,
    lines: &[Line<'a>],
) -> Grant<'a> {
    let lines = List::of(lines).expect("few lines");
    let first = first_grant(&PROFILE, Holder { serial, key }, lines, NOW);
    match revision {
        1 => first,
        n => next_grant(
            &Grant {
                revision: n - 1,
                ..first
            },
            lines,
            NOW,
        ),
    }
}
