//! One life: the host starts over what its disk holds, the dongle is plugged in, and what is wanted is asked for until
//! it is done. Whenever the dongle dies on the way, it is plugged in again.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tallykey::dongle::Evidence;
use tallykey::service::watch::DongleEvent;
use tallykey::service::{Actor, Conversion, Fault, Goal, Service, ServiceError, Snapshot};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::bus::Bus;
use super::case::{Case, Factory};
use super::check;
use super::disk::Writer;
use super::stage::{Moment, PORT, Seen, Stage, World};

/// What came of it.
pub(crate) struct Lived {
    /// Every moment in it.
    pub(crate) seen: Vec<Seen>,
    pub(crate) end: World,
    pub(crate) done: Conversion,
}

/// A host that runs, and its dongle.
pub(crate) struct Host {
    pub(crate) service: Service,
    pub(crate) stage: Arc<Stage>,
    events: mpsc::Sender<DongleEvent>,
    watching: JoinHandle<()>,
    /// Whether the disk is older than the dongle.
    old_disk: bool,
}

/// Runs something in time that passes by itself when nothing is left to do: nothing here waits.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(future)
}

/// Lives on from `world`; the dongle dies at each of `cuts`.
pub(crate) fn live(factory: &Factory, case: &Case, world: World, cuts: &[Moment]) -> Lived {
    run(async {
        let host = Host::start(factory, case, Stage::set(world, cuts)).await;
        let (done, asked) = host.finish(factory, case).await;
        assert!(asked as usize <= 1 + cuts.len(), "asked {asked} times");
        assert_eq!(host.stage.cuts_left(), 0, "it died where it was to");
        Lived {
            seen: host.stage.take_seen(),
            end: host.stage.world(),
            done,
        }
    })
}

impl Host {
    pub(crate) async fn start(factory: &Factory, case: &Case, stage: Arc<Stage>) -> Self {
        let (events, told) = mpsc::channel(64);
        let bus = Bus {
            stage: Arc::clone(&stage),
            events: events.clone(),
        };
        let store = Writer(Arc::clone(&stage));
        let service = Service::start(factory.settings(true), store, told, Box::new(bus)).await;
        let service = service.expect("whatever is on the disk");
        let watching = tokio::spawn({
            let (service, case) = (service.clone(), *case);
            async move {
                let never = |snapshot: &Snapshot| {
                    check::published(snapshot, &case);
                    false
                };
                drop(service.wait_for(never).await);
            }
        });
        Self {
            service,
            stage,
            events,
            watching,
            old_disk: false,
        }
    }

    /// The same over a disk that was put back.
    pub(crate) async fn start_restored(factory: &Factory, case: &Case, world: World) -> Self {
        Self {
            old_disk: true,
            ..Self::start(factory, case, Stage::set(world, &[])).await
        }
    }

    /// Plugs in, asks, plugs in again and asks again, until it is done; how often it was asked for.
    pub(crate) async fn finish(&self, factory: &Factory, case: &Case) -> (Conversion, u32) {
        let (mut asked, mut file) = (0, None);
        for _ in 0..16 {
            let pulled = self.stage.is_dead() || self.stage.session().is_none();
            if pulled && !self.plug(factory).await {
                continue;
            }
            self.settle().await;
            let conversions = self.conversions().await;
            for one in &conversions {
                check::same_file(&mut file, one);
            }
            if self.stage.is_dead() {
                continue;
            }
            check::settled(&self.service, &self.stage, case).await;
            let done = conversions.into_iter().find(|one| one.receipt.is_some());
            match done {
                Some(done) if done.acknowledged == Some(true) => {
                    assert!(!self.watching.is_finished(), "what was published was so");
                    check::done(self, case).await;
                    return (done, asked);
                }
                Some(done) => assert!(!done.ours, "nobody tells the dongle: {done:?}"),
                None => {
                    asked += 1;
                    self.ask(factory, case).await;
                }
            }
        }
        panic!("it is never done")
    }

    /// Whether it is open, and the service knows.
    pub(crate) async fn plug(&self, factory: &Factory) -> bool {
        let Some(evidence) = self.stage.plug(&factory.vendor) else {
            return false;
        };
        let disk = self.stage.disk();
        check::sum(&evidence, &disk);
        if !self.old_disk {
            check::told(&evidence, &disk);
        }
        self.tell(evidence).await;
        true
    }

    /// The same for a dongle whose older receipts are nowhere any more.
    pub(crate) async fn plug_uncounted(&self, factory: &Factory) -> bool {
        let evidence = self.stage.plug(&factory.vendor);
        let plugged = evidence.is_some();
        if let Some(evidence) = evidence {
            self.tell(evidence).await;
        }
        plugged
    }

    async fn tell(&self, evidence: Evidence) {
        let key = PORT.to_owned();
        self.stage.hears();
        let told = self.events.send(DongleEvent::Opened { key, evidence });
        told.await.expect("it runs");
    }

    /// Waits until everything that is under way is over.
    pub(crate) async fn settle(&self) {
        loop {
            let heard = self.stage.heard();
            self.conversions().await;
            if self.stage.heard() == heard {
                return;
            }
        }
    }

    pub(crate) async fn conversions(&self) -> Vec<Conversion> {
        self.service.conversions().await.expect("it runs")
    }

    async fn ask(&self, factory: &Factory, case: &Case) {
        let operator = Actor::user(1_000);
        let asked = self.service.convert(&operator, factory.ask(case));
        let asked = tokio::time::timeout(Duration::from_secs(300), asked).await;
        match asked.expect("an answer") {
            Ok(converted) => {
                let done = converted.done.expect("it was no dry run");
                assert_eq!((done.goal, done.ours), (case.goal, true));
            }
            Err(ServiceError::Fault(Fault::Interrupted { .. })) => {
                assert!(self.stage.is_dead(), "nothing interrupts it");
            }
            Err(error) => panic!("{}: {error}", case.name),
        }
    }
}

/// What the other machine makes of a licence that is for it.
pub(crate) fn import_there(factory: &Factory, done: &Conversion) {
    if done.goal != Goal::OtherMachine {
        return;
    }
    let file = done.licence.clone().expect("a file");
    run(check::import_there(factory, file, done));
}
