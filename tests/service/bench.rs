//! A running service over a state folder, and dongles to plug into it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tallykey::arbiter::Takeover;
use tallykey::dongle::{Evidence, Found, Timing, Vendor};
use tallykey::licence::{Profile, Trust};
use tallykey::service::ports::{Store, Watcher};
use tallykey::service::watch::{DongleEvent, WinkDone};
use tallykey::service::{
    Actor, Allocated, Ask, FeatureCounts, Service, ServiceError, Settings, Snapshot, StartError,
};
use tallykey::store::{HostKeyFile, SqliteStore, StateFolder};
use tallykey::usb::Finder;
use tallykey::usb::sim::LocalFinder;
use tallykey_protocol::command::{Command, update};
use tallykey_protocol::grant::{Line, Plan};
use tallykey_protocol::list::List;
use tallykey_protocol::profile::{self, Feature, Weight};
use tallykey_protocol::trust::TrustBundle;
use tallykey_signing::{Holder, first_grant, next_grant, simulator};
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::host::{Channel, Session};
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{Order, chip_id, provision};
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::clockwork::{Clockwork, standing};

/// Channels of `camera` that the product gives to everybody.
pub(crate) const FREE: u64 = 4;

/// A model that costs this many channels.
pub(crate) const QUAD: (&str, u64) = ("QUAD-9", 4);

/// Longer than any grace of the product.
pub(crate) const GRACE: Duration = Duration::from_secs(73 * 3_600);

/// When every record of these tests counts, Unix time in milliseconds.
pub(crate) const NOW: i64 = 1_700_000_000_000;

/// The product: free cameras, paid analytics, and a model that costs more; no terms.
pub(crate) fn product() -> profile::Profile<'static> {
    let feature = |id, free| Feature { id, name: id, free };
    let features = [
        feature("camera", FREE),
        feature("vca", 0),
        feature("other-brand", 0),
    ];
    let weights = [Weight {
        model: "QUAD-*",
        channels: QUAD.1,
    }];
    profile::Profile {
        features: List::of(&features).expect("three fit"),
        weights: List::of(&weights).expect("one fits"),
        terms: "",
        ..simulator::profile()
    }
}

/// What the service is set up with.
fn settings(clock: &Clockwork, host_key: HostKeyFile) -> Settings {
    let vendor = simulator::vendor().expect("constant keys");
    let trust = Trust::decode(&vendor.trust_bundle()).expect("our own bundle");
    let product = profile::Profile {
        terms: clock.terms(),
        ..product()
    };
    let record = vendor.sign_profile(&product).expect("our own profile");
    let profile = Profile::verify(&record, &trust).expect("signed by our own vendor");
    Settings {
        trust,
        profile,
        simulated: true,
        takeover: Takeover::Ask,
        host_key: Box::new(host_key),
        machine: {
            let clock = clock.clone();
            Box::new(move || clock.facts())
        },
        clock: {
            let clock = clock.clone();
            Box::new(move || clock.moment())
        },
    }
}

/// A service with nobody watching USB: what happens to dongles is told by the test.
pub(crate) struct Bench {
    pub(crate) service: Service,
    pub(crate) clock: Clockwork,
    events: mpsc::Sender<DongleEvent>,
    home: Arc<TempDir>,
    folder: PathBuf,
}

/// The bus of a test that plugs dongles itself.
pub(crate) struct Nobody;

impl Watcher for Nobody {
    fn wink(&self, _: &str, done: WinkDone) {
        done(Ok(()));
    }

    fn stop(self: Box<Self>) {}
}

impl Bench {
    /// A service over a new state folder.
    pub(crate) async fn start() -> Self {
        let home = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let folder = home.path().join("state");
        Self::over(home, folder, standing()).await
    }

    async fn over(home: Arc<TempDir>, folder: PathBuf, clock: Clockwork) -> Self {
        let (settings, store) = set_up(&folder, &clock);
        let (events, told) = mpsc::channel(8);
        let service = Service::start(settings, store, told, Box::new(Nobody)).await;
        Self {
            service: service.expect("a sound folder"),
            clock,
            events,
            home,
            folder,
        }
    }

    /// A service over a store of the test's own.
    pub(crate) async fn with(store: impl Store) -> Self {
        let home = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let (events, told) = mpsc::channel(8);
        let clock = standing();
        let folder = home.path().join("unused");
        let settings = set_up(&folder, &clock).0;
        let service = Service::start(settings, store, told, Box::new(Nobody)).await;
        Self {
            service: service.expect("a sound store"),
            clock,
            events,
            home,
            folder,
        }
    }

    /// Stops it in good order and starts it again.
    pub(crate) async fn restart(self) -> Self {
        self.restart_after(|| ()).await
    }

    /// Stops it in good order, and starts it again after `between`.
    pub(crate) async fn restart_after(self, between: impl FnOnce()) -> Self {
        let clock = self.clock.clone();
        let (home, folder) = self.stop().await;
        between();
        Self::over(home, folder, clock).await
    }

    /// Its folder as it is now, to be put back later.
    pub(crate) fn image(&self) -> Image {
        let folder = self
            .home
            .path()
            .join(format!("image-{}", uuid::Uuid::new_v4()));
        copy(&self.folder, &folder);
        Image {
            home: Arc::clone(&self.home),
            folder,
            clock: self.clock.clone(),
        }
    }

    /// What the next start would find had the process been killed now: the files as they are, the
    /// log not moved into the database. Starts from that.
    pub(crate) async fn crash(self) -> Self {
        self.image().start().await
    }

    /// Stops it in good order; what is left is its folder.
    pub(crate) async fn stop(self) -> (Arc<TempDir>, PathBuf) {
        self.service.stop().await;
        (self.home, self.folder)
    }

    pub(crate) async fn ask(&self, device: &str) -> Result<Allocated, ServiceError> {
        self.service.allocate(&operator(), camera(device)).await
    }

    /// Tells what happened to a dongle, and waits until that is what is published.
    pub(crate) async fn tell(
        &self,
        event: DongleEvent,
        wanted: impl FnMut(&Snapshot) -> bool,
    ) -> Arc<Snapshot> {
        assert!(self.events.send(event).await.is_ok(), "the service runs");
        self.service
            .wait_for(wanted)
            .await
            .expect("the service runs")
    }

    pub(crate) async fn plug(&self, dongle: &Dongle) -> Arc<Snapshot> {
        self.tell(dongle.opened(), |snapshot| {
            dongle.state_in(snapshot) == Some("open")
        })
        .await
    }

    /// Unplugs it, and lets pass what grace it has.
    pub(crate) async fn lose(&self, dongle: &Dongle) -> Arc<Snapshot> {
        self.unplug(dongle).await;
        self.pass(GRACE).await
    }

    /// Lets time pass, and the service see it.
    pub(crate) async fn pass(&self, time: Duration) -> Arc<Snapshot> {
        self.clock.pass(time);
        // Whatever is asked, what time changed comes first.
        self.service.allocations().await.expect("it runs");
        self.service.snapshot()
    }

    pub(crate) async fn unplug(&self, dongle: &Dongle) -> Arc<Snapshot> {
        let left = DongleEvent::Left {
            key: dongle.key.clone(),
        };
        self.tell(left, |snapshot| dongle.state_in(snapshot).is_none())
            .await
    }

    pub(crate) fn counts(&self, feature: &str) -> FeatureCounts {
        let snapshot = self.service.snapshot();
        let counts = snapshot.features.iter().find(|one| one.id == feature);
        counts.expect("a feature of the product").clone()
    }
}

/// A disk image.
pub(crate) struct Image {
    home: Arc<TempDir>,
    folder: PathBuf,
    clock: Clockwork,
}

impl Image {
    pub(crate) async fn start(self) -> Bench {
        Bench::over(self.home, self.folder, self.clock).await
    }
}

pub(crate) fn open(folder: &Path) -> SqliteStore {
    set_up(folder, &standing()).1
}

fn set_up(folder: &Path, clock: &Clockwork) -> (Settings, SqliteStore) {
    let folder = StateFolder::claim(folder).expect("a folder of our own");
    let (host_key, _) = HostKeyFile::open(&folder).expect("a host key");
    let store = SqliteStore::new(folder).expect("paths of our own");
    (settings(clock, host_key), store)
}

/// Tries to start over a folder.
pub(crate) async fn try_start(folder: &Path) -> Result<Service, StartError> {
    let (_, told) = mpsc::channel(1);
    let (settings, store) = set_up(folder, &standing());
    Service::start(settings, store, told, Box::new(Nobody)).await
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a new folder");
    for file in std::fs::read_dir(from).expect("a folder") {
        let file = file.expect("a readable folder");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("room for a copy");
    }
}

pub(crate) fn operator() -> Actor {
    Actor::user(1_000)
}

pub(crate) fn camera(device: &str) -> Ask {
    Ask {
        device: device.into(),
        feature: Some("camera".into()),
        ..Ask::default()
    }
}

/// A simulated dongle that has been through the factory.
pub(crate) struct Dongle {
    serial: String,
    key: String,
    evidence: Evidence,
    sim: SimDongle,
}

impl Dongle {
    pub(crate) fn new(serial: &str, channels: &[(&str, u64)]) -> Self {
        let flash = SimFlash::blank(chip_id(serial));
        let sim =
            SimDongle::plug(SimPlatform::new(flash, Clock::real())).expect("blank flash boots");
        grant(&sim, serial, channels);
        let evidence = prove(&sim);
        Self {
            serial: serial.into(),
            key: format!("port-{serial}"),
            evidence,
            sim,
        }
    }

    /// The same dongle after its vendor raised its counts.
    pub(crate) fn raised(&self, channels: &[(&str, u64)]) -> Self {
        grant(&self.sim, &self.serial, channels);
        let (serial, key) = (self.serial.clone(), self.key.clone());
        Self {
            serial,
            key,
            evidence: prove(&self.sim),
            sim: self.sim.clone(),
        }
    }

    /// The same dongle after its vendor added a line, which is that of the desk: the factory's
    /// are perpetual.
    pub(crate) fn with_line(&self, channels: &[(&str, u64)], added: Line<'_>) -> Self {
        let vendor = simulator::vendor().expect("constant keys");
        let channel = Channel::new(self.sim.connect().expect("plugged in")).expect("it answers");
        let mut session = Session::open(channel, [2; 16]).expect("it is free");
        let holder = Holder {
            serial: &self.serial,
            key: session.key(),
        };
        let kept = (1..).zip(channels).map(|(id, (feature, count))| Line {
            id,
            feature,
            count: *count,
            plan: Plan::Perpetual,
            valid_from: simulator::ISSUED_AT,
            valid_to: None,
        });
        let mut lines: Vec<_> = kept.collect();
        let held = List::of(&lines).expect("they fit");
        let held = first_grant(&product(), holder, held, simulator::ISSUED_AT);
        lines.push(added);
        let next = next_grant(
            &held,
            List::of(&lines).expect("they fit"),
            simulator::ISSUED_AT,
        );
        let record = vendor.sign_grant(&next).expect("our own vendor");
        let answer = session.ask(Command::Update, &update::Request { record: &record });
        let updated: update::Reply = answer.expect("it answers").read_ok().expect("it follows");
        assert_eq!(updated.revision, 2);
        session.close().expect("it is there");
        let (serial, key) = (self.serial.clone(), self.key.clone());
        Self {
            serial,
            key,
            evidence: prove(&self.sim),
            sim: self.sim.clone(),
        }
    }

    /// The same dongle at another port.
    pub(crate) fn at(&self, port: &str) -> Self {
        let (serial, evidence) = (self.serial.clone(), self.evidence.clone());
        Self {
            serial,
            key: port.into(),
            evidence,
            sim: self.sim.clone(),
        }
    }

    pub(crate) fn opened(&self) -> DongleEvent {
        DongleEvent::Opened {
            key: self.key.clone(),
            evidence: self.evidence.clone(),
        }
    }

    pub(crate) fn serial(&self) -> &str {
        &self.serial
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Its state as published.
    pub(crate) fn state_in(&self, snapshot: &Snapshot) -> Option<&'static str> {
        let mut all = snapshot.dongles.iter();
        all.find(|one| one.serial.as_deref() == Some(&self.serial))
            .map(|one| one.state)
    }
}

fn grant(sim: &SimDongle, serial: &str, channels: &[(&str, u64)]) {
    let vendor = simulator::vendor().expect("constant keys");
    let product = product();
    let order = Order {
        serial,
        profile: &product,
        channels,
        now: simulator::ISSUED_AT,
        raise: true,
    };
    provision(sim, &vendor, &order, |_| Ok(())).expect("the factory's own dongle");
}

/// Opens it as the service does, and closes it in good order.
fn prove(sim: &SimDongle) -> Evidence {
    let timing = Timing {
        silence: Duration::from_secs(20),
        answer: Duration::from_secs(60),
    };
    let bundle = simulator::vendor().expect("constant keys").trust_bundle();
    let bundle = TrustBundle::decode(&bundle).expect("our own bundle");
    let vendor = Vendor::pin(&bundle, true).expect("a root");
    let mut finder = LocalFinder::new(vec![sim.clone()]);
    let found = finder.find().expect("a bus of our own");
    let port = finder.open(&found[0]).expect("it is plugged in");
    let found = Found::new(port, timing).expect("it answers");
    let open = found
        .identify(&vendor)
        .expect("its vendor")
        .open([1; 16])
        .expect("it is free");
    let evidence = open.evidence().clone();
    open.close().expect("it is there");
    evidence
}
