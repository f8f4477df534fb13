//! A running service over a state folder, and dongles to plug into it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tallykey::arbiter::Takeover;
use tallykey::licence::{Profile, Trust};
use tallykey::service::ports::Store;
use tallykey::service::watch::DongleEvent;
use tallykey::service::{
    Actor, Allocated, Ask, FeatureCounts, Service, ServiceError, Settings, Snapshot, StartError,
};
use tallykey::store::{HostKeyFile, SqliteStore, StateFolder};
use tallykey_protocol::id::PublicKey;
use tallykey_protocol::list::List;
use tallykey_protocol::profile::{self, Feature, Weight};
use tallykey_signing::{Signer, SoftwareKey, simulator};
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::clockwork::{Clockwork, standing};
use crate::bus::{Bus, Plugged};
use crate::dongle::Dongle;

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
        host: "nvr-3 駅".into(),
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
    plugged: Plugged,
    home: Arc<TempDir>,
    folder: PathBuf,
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
        let (bus, plugged) = bus(&events);
        let service = Service::start(settings, store, told, bus).await;
        Self {
            service: service.expect("a sound folder"),
            clock,
            events,
            plugged,
            home,
            folder,
        }
    }

    /// A service over a store of the test's own.
    pub(crate) async fn with(store: impl Store) -> Self {
        let home = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let (events, told) = mpsc::channel(8);
        let clock = standing();
        let (bus, plugged) = bus(&events);
        let folder = home.path().join("unused");
        let settings = set_up(&folder, &clock).0;
        let service = Service::start(settings, store, told, bus).await;
        Self {
            service: service.expect("a sound store"),
            clock,
            events,
            plugged,
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

    /// Where its state is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The public half of its host key.
    pub(crate) fn host_key(&self) -> PublicKey {
        let pem = std::fs::read_to_string(self.folder.join("host-key.pem")).expect("a key");
        let key = SoftwareKey::from_pem(&pem).expect("PKCS#8");
        Signer::public_key(&key)
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
        self.tell_opened(dongle, "open").await
    }

    /// Plugs in a dongle as it is now, and waits until it is shown so.
    pub(crate) async fn tell_opened(&self, dongle: &Dongle, state: &str) -> Arc<Snapshot> {
        self.plugged.plug(dongle.key(), dongle.sim());
        self.tell(dongle.opened(), |snapshot| {
            dongle.state_in(snapshot) == Some(state)
        })
        .await
    }

    /// Takes a dongle away without anybody being told yet.
    pub(crate) fn pull(&self, dongle: &Dongle) {
        self.plugged.unplug(dongle.key());
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

    /// It is at something else from now on.
    pub(crate) fn deafen(&self, dongle: &Dongle) {
        self.plugged.deafen(dongle.key());
    }

    /// The dongles do nothing that is asked of them until [`Bench::go_on`].
    pub(crate) fn hold(&self) {
        self.plugged.hold();
    }

    pub(crate) fn go_on(&self) {
        self.plugged.go_on(&self.events);
    }

    pub(crate) async fn unplug(&self, dongle: &Dongle) -> Arc<Snapshot> {
        let left = DongleEvent::Left {
            key: dongle.key().into(),
        };
        self.plugged.unplug(dongle.key());
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
    let (events, told) = mpsc::channel(1);
    let (settings, store) = set_up(folder, &standing());
    Service::start(settings, store, told, bus(&events).0).await
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a new folder");
    for file in std::fs::read_dir(from).expect("a folder") {
        let file = file.expect("a readable folder");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("room for a copy");
    }
}

fn bus(events: &mpsc::Sender<DongleEvent>) -> (Box<Bus>, Plugged) {
    let bus = Bus {
        plugged: Plugged::default(),
        events: events.clone(),
    };
    let plugged = bus.plugged.clone();
    (Box::new(bus), plugged)
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
