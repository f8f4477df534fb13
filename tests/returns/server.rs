//! A server of the vendor's product: the whole service in this process, on a recorded machine.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tallykey::arbiter::Takeover;
use tallykey::licence::machine_binding::Standing;
use tallykey::licence::{Profile, Trust};
use tallykey::machine::facts::{LinuxMachine, Machine as _};
use tallykey::service::ports::Watcher;
use tallykey::service::watch::Errand;
use tallykey::service::{
    Actor, Ask, FeatureCounts, Imported, Moment, Purpose, RequestAsk, RequestFile, Returning,
    Service, ServiceError, Settings,
};
use tallykey::store::{HostKeyFile, SqliteStore, StateFolder};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::desk::Desk;

/// A server, its disk, and whom it trusts.
pub(crate) struct Server {
    service: Service,
    disk: Arc<TempDir>,
    clock: Clock,
    delivered: (Trust, Profile),
}

/// The time, as far as the test lets it pass.
#[derive(Clone)]
struct Clock {
    wall_ms: Arc<AtomicI64>,
    running_ms: Arc<AtomicU64>,
}

/// A server without a USB port.
struct NoBus;

impl Watcher for NoBus {
    fn visit(&self, key: &str, _: Errand) {
        panic!("there is no dongle {key}");
    }

    fn stop(self: Box<Self>) {}
}

impl Server {
    /// A new server of a desk's product on the machine that was recorded as `tree`.
    pub(crate) async fn start(desk: &Desk, tree: &'static str) -> Self {
        let disk = Arc::new(tempfile::tempdir().expect("a folder"));
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        // It stands, an hour fast: what the desk will sell counts from when that is sold.
        let now = (now.expect("after 1970") + Duration::from_secs(3_600)).as_millis();
        let clock = Clock {
            wall_ms: Arc::new(AtomicI64::new(i64::try_from(now).expect("soon enough"))),
            running_ms: Arc::default(),
        };
        let server = Self::over(disk, clock, desk.delivered(), tree).await;
        let accepted = server.service.accept_terms(&technician()).await;
        accepted.expect("a sound history");
        server
    }

    /// Starts it again, its disk in the machine `tree`.
    pub(crate) async fn restart(self, tree: &'static str) -> Self {
        self.service.stop().await;
        Self::over(self.disk, self.clock, self.delivered, tree).await
    }

    async fn over(
        disk: Arc<TempDir>,
        clock: Clock,
        delivered: (Trust, Profile),
        tree: &'static str,
    ) -> Self {
        let folder = StateFolder::claim(&disk.path().join("state")).expect("ours");
        let (host_key, _) = HostKeyFile::open(&folder).expect("a host key");
        let (trust, profile) = delivered.clone();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machine/trees");
        let (root, time) = (root.join(tree), clock.clone());
        let settings = Settings {
            trust,
            profile,
            host: "nvr-3".into(),
            simulated: false,
            takeover: Takeover::Ask,
            host_key: Box::new(host_key),
            machine: Box::new(move || LinuxMachine::at(&root).facts()),
            clock: Box::new(move || Moment {
                wall_ms: time.wall_ms.load(Ordering::SeqCst),
                running_ms: time.running_ms.load(Ordering::SeqCst),
            }),
        };
        let store = SqliteStore::new(folder).expect("paths of our own");
        let (_, events) = mpsc::channel(1);
        let service = Service::start(settings, store, events, Box::new(NoBus)).await;
        Self {
            service: service.expect("a sound folder"),
            disk,
            clock,
            delivered,
        }
    }

    pub(crate) async fn request(&self, purpose: Option<Purpose>) -> RequestFile {
        let made = self.try_request(purpose).await;
        made.expect("nothing is in the way")
    }

    /// A request, or the code of why there is none.
    pub(crate) async fn try_request(
        &self,
        purpose: Option<Purpose>,
    ) -> Result<RequestFile, &'static str> {
        let ask = RequestAsk {
            purpose,
            ..RequestAsk::default()
        };
        let made = self.service.make_request(&technician(), ask).await;
        made.map_err(|error| match error {
            ServiceError::Refused(refusal) => refusal.code(),
            ServiceError::Fault(fault) => fault.code(),
        })
    }

    /// What came of each object of a file.
    pub(crate) async fn import(&self, content: &str) -> Vec<&'static str> {
        let items = self.service.import(&technician(), content.into()).await;
        let items = items.expect("a sound history").into_iter();
        items
            .map(|item| match item.outcome {
                Ok(Imported::New) => "imported",
                Ok(Imported::Already) => "already",
                Ok(Imported::OwnerCode(_)) => "owner-code",
                Err(ServiceError::Refused(refusal)) => refusal.code(),
                Err(ServiceError::Fault(fault)) => fault.code(),
            })
            .collect()
    }

    /// Takes every licence away.
    pub(crate) async fn remove_all(&self) {
        let licences = self.service.licences().await.expect("it runs");
        for one in licences.installed {
            let removed = self.service.remove_licence(&technician(), &one.id).await;
            removed.expect("it is there");
        }
    }

    pub(crate) async fn allocate(&self, device: &str) {
        let ask = Ask {
            device: device.into(),
            feature: Some("camera".into()),
            ..Ask::default()
        };
        let allocated = self.service.allocate(&technician(), ask).await;
        allocated.expect("a channel is left");
    }

    /// Lets time pass, and the service see it.
    pub(crate) async fn pass(&self, time: Duration) {
        let ms = u64::try_from(time.as_millis()).expect("no test is that long");
        self.clock.running_ms.fetch_add(ms, Ordering::SeqCst);
        let ms = i64::try_from(ms).expect("no test is that long");
        self.clock.wall_ms.fetch_add(ms, Ordering::SeqCst);
        self.service.allocations().await.expect("it runs");
    }

    pub(crate) async fn standings(&self) -> Vec<Standing> {
        let licences = self.service.licences().await.expect("it runs");
        let installed = licences.installed.into_iter();
        installed
            .map(|one| one.standing.expect("it verifies"))
            .collect()
    }

    pub(crate) fn returning(&self) -> Option<Returning> {
        let snapshot = self.service.snapshot();
        let mut returns = snapshot.returns.iter();
        returns.next().map(|(_, returning)| returning.clone())
    }

    pub(crate) fn cameras(&self) -> u64 {
        self.counts().total
    }

    pub(crate) fn suspended(&self) -> u64 {
        self.counts().suspended
    }

    fn counts(&self) -> FeatureCounts {
        let snapshot = self.service.snapshot();
        let mut features = snapshot.features.iter();
        let cameras = features.find(|one| one.id == "camera");
        cameras.expect("a feature of the product").clone()
    }
}

fn technician() -> Actor {
    Actor::user(1_000)
}
