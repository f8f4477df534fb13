//! A store that fails when it is told to: nothing that was answered is lost, nothing that was not
//! durable is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tallykey::ledger::{Head, Row};
use tallykey::service::ports::{Store, StoreError};
use tallykey::service::{RequestAsk, ServiceError};
use tallykey::store::SqliteStore;

use crate::bench::{Bench, open, operator};
use crate::dongle::Dongle;
use crate::issued::{counter, grant};

/// What the next commits meet; back to [`SOUND`] is the test's to say.
const SOUND: u8 = 0;
/// Nothing is written, and the service is told so.
const LOST: u8 = 1;
/// Everything is written, and the service is told that nothing was.
const UNSURE: u8 = 2;
/// Nothing can be written or read.
const GONE: u8 = 3;

struct Failing {
    inner: SqliteStore,
    plan: Arc<AtomicU8>,
}

impl Failing {
    fn plan(&self) -> u8 {
        self.plan.load(Ordering::SeqCst)
    }
}

fn broken() -> StoreError {
    let source = std::io::Error::other("no space left on device");
    StoreError::Unavailable {
        what: "the entries could not be written",
        source: source.into(),
    }
}

impl Store for Failing {
    async fn read(&mut self, after: u64, limit: u32) -> Result<Vec<Row>, StoreError> {
        if self.plan() == GONE {
            Err(broken())
        } else {
            self.inner.read(after, limit).await
        }
    }

    async fn newest(&mut self) -> Result<Option<Head>, StoreError> {
        self.inner.newest().await
    }

    async fn append(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        match self.plan() {
            SOUND => self.inner.append(rows).await,
            UNSURE => {
                self.inner.append(rows).await?;
                Err(broken())
            }
            _ => Err(broken()),
        }
    }

    async fn pulse(&mut self) -> Result<Option<String>, StoreError> {
        self.inner.pulse().await
    }

    async fn set_pulse(&mut self, pulse: &str) -> Result<(), StoreError> {
        match self.plan() {
            SOUND => self.inner.set_pulse(pulse).await,
            _ => Err(broken()),
        }
    }

    async fn close(self) -> Result<(), StoreError> {
        self.inner.close().await
    }

    fn place(&self) -> String {
        self.inner.place()
    }
}

struct Failable {
    bench: Bench,
    plan: Arc<AtomicU8>,
    _home: tempfile::TempDir,
}

impl Failable {
    async fn start() -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let plan = Arc::new(AtomicU8::new(SOUND));
        let inner = open(&home.path().join("state"));
        let bench = Bench::with(Failing {
            inner,
            plan: Arc::clone(&plan),
        })
        .await;
        Self {
            bench,
            plan,
            _home: home,
        }
    }

    fn set(&self, plan: u8) {
        self.plan.store(plan, Ordering::SeqCst);
    }
}

fn code<T: std::fmt::Debug>(answer: Result<T, ServiceError>) -> &'static str {
    match answer {
        Err(ServiceError::Fault(fault)) => fault.code(),
        other => panic!("no fault: {other:?}"),
    }
}

#[tokio::test]
async fn what_could_not_be_written_is_not_answered_and_can_be_asked_again() {
    let desk = Failable::start().await;
    desk.bench.ask("gate-1").await.expect("free");
    desk.set(LOST);
    assert_eq!(code(desk.bench.ask("gate-2").await), "store-unavailable");
    assert_eq!(
        desk.bench.service.snapshot().broken,
        Some("store-unavailable")
    );
    assert_eq!(
        desk.bench.counts("camera").used,
        1,
        "what was not stored is not shown"
    );

    desk.set(SOUND);
    let again = desk.bench.ask("gate-2").await.expect("free");
    assert!(again.created);
    assert_eq!(desk.bench.service.snapshot().broken, None);
    assert_eq!(desk.bench.counts("camera").used, 2);
}

#[tokio::test]
async fn what_was_written_after_all_is_found_when_it_is_asked_for_again() {
    let desk = Failable::start().await;
    desk.set(UNSURE);
    assert_eq!(code(desk.bench.ask("gate-1").await), "store-unavailable");
    desk.set(SOUND);
    assert!(
        !desk.bench.ask("gate-1").await.expect("free").created,
        "it takes no second channel"
    );
    assert_eq!(desk.bench.counts("camera").used, 1);
}

#[tokio::test]
async fn a_release_that_could_not_be_written_did_not_happen() {
    let desk = Failable::start().await;
    let id = desk.bench.ask("gate-1").await.expect("free").allocation.id;
    desk.set(LOST);
    assert_eq!(
        code(desk.bench.service.release(&operator(), id).await),
        "store-unavailable"
    );
    desk.set(SOUND);
    assert_eq!(
        desk.bench
            .service
            .allocation(id)
            .await
            .expect("held")
            .device,
        "gate-1"
    );
    assert_eq!(desk.bench.counts("camera").used, 1);
}

#[tokio::test]
async fn while_nothing_can_be_read_nothing_is_answered() {
    let desk = Failable::start().await;
    let id = desk.bench.ask("gate-1").await.expect("free").allocation.id;
    desk.set(GONE);
    for _ in 0..3 {
        assert_eq!(code(desk.bench.ask("gate-2").await), "store-unavailable");
        assert_eq!(
            code(desk.bench.service.allocation(id).await),
            "store-unavailable"
        );
        assert_eq!(
            code(desk.bench.service.history(0, 10).await),
            "store-unavailable"
        );
    }
    desk.set(SOUND);
    assert_eq!(
        desk.bench
            .service
            .allocation(id)
            .await
            .expect("held")
            .device,
        "gate-1"
    );
}

#[tokio::test]
async fn a_dongle_seen_while_the_store_failed_is_written_down_later() {
    let desk = Failable::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    desk.set(LOST);
    desk.bench
        .tell(dongle.opened(), |snapshot| snapshot.broken.is_some())
        .await;
    assert_eq!(
        desk.bench.counts("camera").total,
        4,
        "nothing counts before it is written down"
    );
    desk.set(SOUND);
    desk.bench
        .service
        .wait_for(|snapshot| snapshot.broken.is_none())
        .await
        .expect("it runs");
    assert_eq!(desk.bench.counts("camera").total, 7);
    let entries = desk
        .bench
        .service
        .history(0, 100)
        .await
        .expect("a sound history");
    let kinds: Vec<_> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["service-started", "authentication-type", "dongle-opened"]
    );
}

#[tokio::test]
async fn a_dongle_is_handed_nothing_that_was_not_written_down() {
    let desk = Failable::start().await;
    let dongle = Dongle::new("TK-1", &[("camera", 3)]);
    desk.bench.plug(&dongle).await;
    let before = counter(&dongle);
    desk.set(LOST);
    let file = grant(&dongle, 2, 8);
    let told = desk.bench.service.import(&operator(), file.clone()).await;
    assert_eq!(code(told), "store-unavailable");
    assert_eq!(counter(&dongle), before);

    desk.set(SOUND);
    let told = desk.bench.service.import(&operator(), file).await;
    assert!(told.expect("sound again")[0].outcome.is_ok());
    assert_eq!(desk.bench.counts("camera").total, 4 + 8);
}

#[tokio::test]
async fn a_request_that_could_not_be_written_down_does_not_leave() {
    let failable = Failable::start().await;
    let service = &failable.bench.service;
    let ask = RequestAsk::default();
    failable.set(LOST);
    let made = service.make_request(&operator(), ask.clone()).await;
    assert_eq!(code(made), "store-unavailable");
    failable.set(SOUND);
    let made = service.make_request(&operator(), ask).await;
    let made = made.expect("the disk is back");
    let page = service.history(0, 100).await.expect("it runs");
    let told: Vec<_> = page
        .iter()
        .filter(|entry| entry.kind == "request-made")
        .collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].body["file"], made.name.as_str());
}
