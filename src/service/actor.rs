//! The one owner of all state.
//!
//! Each turn takes everything that waits, decides it request by request against the state in
//! memory, makes it durable in one commit, publishes and answers. While a commit is under way the
//! next requests queue up: the slower the disk, the larger the groups.

mod asking;
mod change;
mod convert;
mod decrees;
mod deliveries;
mod handle;
mod issued;
mod news;
mod outcome;
mod publish;
mod receipts;
mod software;
mod terms;
mod time;
mod views;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use crate::arbiter::{self, Active, Kind};
use crate::ledger::{Event, Ledger, Supply};
use crate::licence::Entitlement;

use super::Settings;
use super::batch::Batch;
use super::dongles::Dongles;
use super::fault::Fault;
use super::licences::Licences;
use super::ports::{Store, Watcher};
use super::pulse::Pulse;
use super::request::{Actor, Request};
use super::snapshot::Snapshot;
use super::state::State;
use super::token::Tokens;
use super::watch::DongleEvent;
use convert::{PutOff, Waiting};
use deliveries::Deliveries;
use outcome::{Outcome, Outcomes};
use time::Time;

/// How often the state is confirmed, and what time alone changes is looked at.
const TICK: Duration = Duration::from_secs(1);

/// Entries after which a turn takes no further request: bounds the time to the first answer.
const GROUP_MAX: usize = 512;

/// All state, its store, and where it is published.
pub(super) struct Core<S> {
    pub(super) settings: Settings,
    pub(super) state: State,
    pub(super) dongles: Dongles,
    pub(super) licences: Licences,
    pub(super) active: Active,
    pub(super) supply: Supply,
    deliveries: Deliveries,
    time: Time,
    /// When a line begins or ends next, Unix time in seconds.
    next_turn: Option<u64>,
    store: S,
    inputs: Inputs,
    outcomes: Outcomes,
    /// Who waits for what a dongle was asked to give, by the request's id.
    waiting: BTreeMap<Uuid, Waiting>,
    /// What is asked for when a dongle has taken notice of its receipts.
    put_off: Vec<PutOff>,
    published: watch::Sender<Arc<Snapshot>>,
    tokens: watch::Sender<Arc<Tokens>>,
    /// What the service itself saw happen and has not written down yet.
    owed: Vec<Event>,
    /// Why the state in memory may not be what is stored.
    broken: Option<Fault>,
    /// Whether what is published is not what is in memory.
    unpublished: bool,
    /// Told to stop, and who waits for it.
    stopping: Option<Vec<oneshot::Sender<()>>>,
}

/// What the actor hears of.
pub(super) struct Inputs {
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) events: mpsc::Receiver<DongleEvent>,
    pub(super) watcher: Box<dyn Watcher>,
}

/// Where readers look.
pub(super) type Published = (watch::Receiver<Arc<Snapshot>>, watch::Receiver<Arc<Tokens>>);

/// What wakes the actor.
enum Wake {
    Request(Request),
    Outcome(Outcome),
    Dongle(Box<DongleEvent>),
    Tick,
}

impl<S: Store> Core<S> {
    /// An actor that has replayed its history, and where it publishes.
    pub(super) fn new(
        settings: Settings,
        (mut state, pulse): (State, Option<Pulse>),
        store: S,
        inputs: Inputs,
    ) -> (Self, Published) {
        let moment = (settings.clock)();
        state.heed(&settings.trust);
        let time = Time::start(moment, pulse.as_ref(), state.times.last());
        let dongles = Dongles::recall(&settings, &state, pulse.as_ref(), moment.wall_ms);
        let active = Active::default();
        let supply = Supply::new(&settings.profile, &active, state.ledger.pool(), 0);
        let first = publish::snapshot(&settings, &state, &supply, &dongles, &time);
        let (published, snapshots) = watch::channel(Arc::new(first));
        let (tokens, known) = watch::channel(Arc::new(state.tokens.clone()));
        let core = Self {
            settings,
            state,
            dongles,
            licences: Licences::default(),
            active,
            supply,
            deliveries: Deliveries::default(),
            time,
            next_turn: None,
            store,
            inputs,
            outcomes: Outcomes::new(),
            waiting: BTreeMap::new(),
            put_off: Vec::new(),
            published,
            tokens,
            owed: Vec::new(),
            broken: None,
            unpublished: true,
            stopping: None,
        };
        (core, (snapshots, known))
    }

    /// Writes down that the service started. What was active stays: that no dongle is proved yet is an unplug since
    /// its last proof.
    pub(super) async fn begin(&mut self) -> Result<(), Fault> {
        let simulated = self.settings.simulated;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let mut batch = Batch::default();
        self.tell(Event::ServiceStarted { version, simulated }, &mut batch);
        self.read_licences(&(self.settings.machine)(), &mut batch);
        self.weigh(&mut batch);
        self.expire(&mut batch);
        self.commit(batch).await;
        // Before anything counts on it: a start that was waited for is not waited for again.
        self.beat().await;
        self.broken.clone().map_or(Ok(()), Err)
    }

    /// Answers until it is told to stop or nobody can ask any more.
    pub(super) async fn run(mut self) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.stopping.is_none() {
            // Dongles and time come seldom; taken first, they never wait behind a busy queue.
            let wake = tokio::select! {
                biased;
                // Before what the dongle proves after it.
                Some(outcome) = self.outcomes.told.recv() => Wake::Outcome(outcome),
                Some(event) = self.inputs.events.recv() => Wake::Dongle(Box::new(event)),
                _ = ticks.tick() => Wake::Tick,
                request = self.inputs.requests.recv() => match request {
                    Some(request) => Wake::Request(request),
                    None => break,
                },
            };
            self.turn(wake).await;
        }
        self.end().await;
    }

    async fn turn(&mut self, wake: Wake) {
        let mut batch = Batch::default();
        if self.broken.is_some() {
            self.rebuild().await;
            self.keep_receipts(&mut batch);
            self.weigh(&mut batch);
        }
        for event in std::mem::take(&mut self.owed) {
            self.tell(event, &mut batch);
        }
        // Before any request: none may be given a channel of a line that has just ended.
        self.pass(&mut batch);
        if self.next_turn.is_some_and(|turn| turn <= self.now_s()) {
            self.weigh(&mut batch);
        }
        self.expire(&mut batch);
        self.lose_patience(&mut batch);
        let mut beats = false;
        match wake {
            Wake::Outcome(outcome) => self.hear(outcome, &mut batch),
            Wake::Dongle(event) => {
                self.notice(*event, &mut batch);
                beats = true;
            }
            Wake::Tick => {
                self.confirm();
                beats = self.time.is_due();
            }
            Wake::Request(request) => {
                self.take(request, &mut batch);
                while batch.rows.len() < GROUP_MAX && self.stopping.is_none() {
                    let Ok(next) = self.inputs.requests.try_recv() else {
                        break;
                    };
                    self.take(next, &mut batch);
                }
            }
        }
        self.commit(batch).await;
        if beats && self.broken.is_none() {
            self.beat().await;
        }
    }

    fn notice(&mut self, event: DongleEvent, batch: &mut Batch) {
        let proved = match &event {
            DongleEvent::Opened { evidence, .. } | DongleEvent::Proved { evidence, .. } => {
                Some(evidence.thumbprint)
            }
            DongleEvent::Faulted { .. } | DongleEvent::Left { .. } => None,
        };
        let told = self.dongles.notice(event, &self.settings, &self.state);
        for event in told {
            self.tell(event, batch);
        }
        self.keep_receipts(batch);
        self.pass(batch);
        self.unpublished = true;
        self.weigh(batch);
        self.settle_waiting(proved, batch);
        self.take_up(batch);
    }

    /// Lets the arbiter decide by what each kind gives now.
    fn weigh(&mut self, batch: &mut Batch) {
        for event in arbiter::events(Kind::ALL.map(|kind| self.gives(kind))) {
            self.decide(event, batch);
        }
        self.settle();
    }

    /// Whether a kind has a channel of anything. What is held has no grace, for it counts for nothing now; it is still
    /// there while it may only be re-enumerating, or has not proved itself since a start, so that a choice is kept.
    fn gives(&self, kind: Kind) -> bool {
        let now = self.now_s();
        match kind {
            Kind::Dongle if self.state.arbiter.active() == Some(Kind::Dongle) => {
                self.dongles.counting().any(|one| one.gives_at(now))
            }
            Kind::Dongle if self.state.arbiter.held() == Some(Kind::Dongle) => {
                self.dongles.near().any(|one| one.gives_at(now))
            }
            Kind::Dongle => self.dongles.present().any(|one| one.gives_at(now)),
            Kind::Software => self.licences.counting().any(|one| one.gives_at(now)),
        }
    }

    /// What every source gives that is here or within a grace, dongles first.
    fn counting(&self) -> impl Iterator<Item = Entitlement> {
        let dongles = self.dongles.counting().cloned();
        dongles.chain(self.licences.counting())
    }

    fn decide(&mut self, event: arbiter::Event, batch: &mut Batch) {
        self.decide_as(&Actor::service(), event, batch);
    }

    /// Lets the arbiter decide, and writes a change down before it takes effect.
    fn decide_as(&mut self, actor: &Actor, event: arbiter::Event, batch: &mut Batch) {
        let was = self.state.arbiter;
        let now = arbiter::decide(was, event, self.settings.takeover);
        if now != was {
            let (was, now) = (was.name().to_owned(), now.name().to_owned());
            let because = event.name().to_owned();
            let event = Event::AuthenticationType { was, now, because };
            self.record(actor, &event, batch);
        }
    }

    /// Counts what is active from now on.
    fn settle(&mut self) {
        let at = self.now_s();
        self.active = arbiter::activate(self.state.arbiter, self.counting());
        self.supply = self.stock(&self.state.ledger);
        let turns = [self.dongles.next_turn(at), self.licences.next_turn(at)];
        self.next_turn = turns.into_iter().flatten().min();
        self.unpublished = true;
    }

    /// The channels there are now, by what a ledger knows of the user's wishes.
    fn stock(&self, ledger: &Ledger) -> Supply {
        let profile = &self.settings.profile;
        Supply::new(profile, &self.active, ledger.pool(), self.now_s())
    }

    /// Writes down what the service itself saw. It stays true if the commit fails, and is owed.
    fn tell(&mut self, event: Event, batch: &mut Batch) {
        self.record(&Actor::service(), &event, batch);
        batch.told.push(event);
    }

    fn record(&mut self, actor: &Actor, event: &Event, batch: &mut Batch) {
        let at = self.now_ms();
        batch
            .rows
            .push(self.state.record(at, actor.as_str(), event));
        self.unpublished = true;
    }

    /// Makes a batch durable, publishes it, and only then answers.
    async fn commit(&mut self, mut batch: Batch) {
        if self.broken.is_none()
            && !batch.rows.is_empty()
            && let Err(error) = self.store.append(&batch.rows).await
        {
            tracing::error!(
                place = self.store.place(),
                "the history could not be written: {error}"
            );
            self.broken = Some(error.into());
        }
        if let Some(fault) = &self.broken {
            self.owed.append(&mut batch.told);
            self.unpublished = true;
            for (reply, _) in batch
                .imports
                .iter()
                .filter_map(|one| self.deliveries.take(*one))
            {
                // Who does not wait any more asks again and finds what is durable.
                drop(reply.send(Err(fault.clone().into())));
            }
        }
        if std::mem::take(&mut self.unpublished) {
            self.publish();
        }
        for (after, limit, reply) in std::mem::take(&mut batch.histories) {
            let page = self.history(after, limit).await;
            batch.answer(reply, page);
        }
        if self.broken.is_none() {
            for (key, errand) in std::mem::take(&mut batch.errands) {
                self.inputs.watcher.visit(&key, errand);
            }
            self.acknowledge();
        }
        self.sent();
        batch.finish(self.broken.as_ref());
    }

    /// Reads the state again from what is stored: nothing that was not answered may stay in it.
    async fn rebuild(&mut self) {
        match State::replay(&mut self.store).await {
            Ok(state) => {
                self.state = state;
                self.state.heed(&self.settings.trust);
                self.broken = None;
            }
            Err(error) => self.broken = Some(error.into()),
        }
        self.unpublished = true;
    }

    async fn end(mut self) {
        self.beat().await;
        // Who still asks is told at once that the service is stopping.
        drop(self.inputs.requests);
        // The watch may be waiting to tell of a dongle: it must not wait for ever.
        drop(self.inputs.events);
        drop(self.outcomes);
        let watcher = self.inputs.watcher;
        if let Err(error) = tokio::task::spawn_blocking(move || watcher.stop()).await {
            tracing::error!("the watch over the dongles did not stop: {error}");
        }
        if let Err(error) = self.store.close().await {
            tracing::warn!("the history was not closed in good order; nothing is lost: {error}");
        }
        // Dropped, the senders tell who waits for the end.
        drop(self.stopping);
    }

    /// What the host's clock says, as the history keeps it.
    fn now_ms(&self) -> i64 {
        self.time.wall_ms()
    }

    /// The time that lines are judged at, Unix time in seconds; 0 before 1970.
    fn now_s(&self) -> u64 {
        self.time.now_s()
    }
}
