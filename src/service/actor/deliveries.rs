//! Records on their way to dongles, and the imports that wait for what becomes of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::dongle::{self, Evidence, Open, Trouble};
use crate::ledger::Posted;
use crate::licence::{DongleRule, IssuedRefusal};

use super::super::fault::{Fault, ServiceError};
use super::super::request::{ImportItem, Imported, NewOwnerCode};
use super::super::watch::{After, Errand};
use super::outcome::Outcome;

/// Running time that an import waits for its dongles, milliseconds: some dozens of the slowest signatures.
const PATIENCE_MS: u64 = 60_000;

/// One record for one dongle.
#[derive(Debug)]
pub(super) struct Parcel {
    /// Place of its object in the answer, if that depends on the dongle.
    pub(super) place: Option<usize>,
    pub(super) handover: Handover,
    pub(super) posted: Posted,
    pub(super) record: Vec<u8>,
}

/// Which command takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handover {
    Update,
    Instruct,
    Time,
}

/// Everything of one file for one dongle, in the order in which it is handed over.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) key: String,
    pub(super) parcels: Vec<Parcel>,
}

/// What a dongle made of a record.
#[derive(Debug)]
pub(super) enum Answer {
    Taken(Option<NewOwnerCode>),
    Held,
    Refused(DongleRule),
    Failed(Arc<dongle::Fault>),
}

/// What came of everything for one dongle.
#[derive(Debug)]
pub(super) struct Delivered {
    pub(super) import: u64,
    pub(super) key: String,
    pub(super) answers: Vec<(Parcel, Answer)>,
    /// Whether there was a session to hand anything over in.
    pub(super) met: bool,
    /// What the dongle proved after it; none if it did not.
    pub(super) proved: Option<Evidence>,
}

/// An import whose answer waits for dongles.
#[derive(Debug)]
struct Waiting {
    reply: oneshot::Sender<Result<Vec<ImportItem>, ServiceError>>,
    items: Vec<ImportItem>,
    /// Dongles that have not answered.
    left: usize,
    /// Running time at which it is answered all the same, milliseconds.
    until_ms: u64,
}

/// An import that can be answered.
pub(super) type Done = (
    oneshot::Sender<Result<Vec<ImportItem>, ServiceError>>,
    Vec<ImportItem>,
);

/// Every import that waits.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    next: u64,
    waiting: BTreeMap<u64, Waiting>,
}

impl Deliveries {
    /// Keeps an answer until every dongle on its way has spoken; what is to be done in their sessions, and the number
    /// of the import.
    pub(super) fn wait(
        &mut self,
        (reply, items): Done,
        routes: Vec<Route>,
        now_ms: u64,
        tell: &mpsc::UnboundedSender<Outcome>,
    ) -> (u64, Vec<(String, Errand)>) {
        self.next += 1;
        let import = self.next;
        let left = routes.len();
        let until_ms = now_ms.saturating_add(PATIENCE_MS);
        let waiting = Waiting {
            reply,
            items,
            left,
            until_ms,
        };
        self.waiting.insert(import, waiting);
        let errands = routes.into_iter().map(|route| {
            let key = route.key.clone();
            (key, errand(import, route, tell.clone()))
        });
        (import, errands.collect())
    }

    /// Takes what a dongle said into its import's answer, which may be whole then.
    pub(super) fn settle(&mut self, import: u64, answers: Vec<(Parcel, Answer)>) -> Option<Done> {
        let waiting = self.waiting.get_mut(&import)?;
        for (parcel, answer) in answers {
            let place = parcel.place;
            let Some(item) = place.and_then(|place| waiting.items.get_mut(place)) else {
                continue;
            };
            item.outcome = answer.outcome(parcel.posted.serial);
        }
        waiting.left = waiting.left.saturating_sub(1);
        match waiting.left {
            0 => self.take(import),
            _ => None,
        }
    }

    /// Whether an import of this number still waits.
    pub(super) fn knows(&self, import: u64) -> bool {
        self.waiting.contains_key(&import)
    }

    /// The import of this number, answered as far as it is.
    pub(super) fn take(&mut self, import: u64) -> Option<Done> {
        let waiting = self.waiting.remove(&import)?;
        Some((waiting.reply, waiting.items))
    }

    /// The imports that have waited too long at `now_ms` of running time.
    pub(super) fn overdue(&mut self, now_ms: u64) -> Vec<Done> {
        let late = self.waiting.iter();
        let late = late.filter(|(_, waiting)| waiting.until_ms <= now_ms);
        let late: Vec<u64> = late.map(|(import, _)| *import).collect();
        late.into_iter().filter_map(|one| self.take(one)).collect()
    }
}

impl Answer {
    /// The word of the history.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Taken(_) => "taken",
            Self::Held => "held",
            Self::Refused(rule) => rule.code(),
            Self::Failed(fault) => fault.code(),
        }
    }

    fn outcome(self, serial: String) -> Result<Imported, ServiceError> {
        match self {
            Self::Taken(None) => Ok(Imported::New),
            Self::Taken(Some(code)) => Ok(Imported::OwnerCode(code)),
            Self::Held => Ok(Imported::Already),
            Self::Refused(rule) => Err(ServiceError::Refused(
                IssuedRefusal::Dongle { serial, rule }.into(),
            )),
            Self::Failed(source) => Err(Fault::DongleFailed { serial, source }.into()),
        }
    }
}

/// Hands everything over, has the dongle prove what it is then, and tells.
fn errand(import: u64, route: Route, tell: mpsc::UnboundedSender<Outcome>) -> Errand {
    Box::new(move |open| {
        let mut delivered = Delivered {
            import,
            key: route.key,
            answers: Vec::new(),
            met: open.is_ok(),
            proved: None,
        };
        let mut after = After::Same;
        match open {
            Ok(open) => {
                delivered.answers = hand_over(open, route.parcels);
                match open.prove() {
                    Ok(evidence) => delivered.proved = Some(evidence.clone()),
                    // The session looks for itself what became of it.
                    Err(_) => after = After::Changed,
                }
            }
            Err(fault) => {
                let fault = Arc::new(fault);
                let failed = |parcel| (parcel, Answer::Failed(Arc::clone(&fault)));
                delivered.answers = route.parcels.into_iter().map(failed).collect();
            }
        }
        // Nobody hears it when the service is stopping: the same file tells it again.
        tell.send(Outcome::Delivered(Box::new(delivered))).ok();
        after
    })
}

/// One after the other. What the dongle refuses keeps nothing else out; when it cannot be talked to any more, the rest
/// is not tried.
fn hand_over(open: &mut Open, parcels: Vec<Parcel>) -> Vec<(Parcel, Answer)> {
    let mut gone: Option<Arc<dongle::Fault>> = None;
    let each = parcels.into_iter().map(|parcel| {
        let answer = match &gone {
            Some(fault) => Answer::Failed(Arc::clone(fault)),
            None => hand(open, &parcel),
        };
        if let Answer::Failed(fault) = &answer {
            gone = Some(Arc::clone(fault));
        }
        (parcel, answer)
    });
    each.collect()
}

fn hand(open: &mut Open, parcel: &Parcel) -> Answer {
    let record = &parcel.record;
    let taken = match parcel.handover {
        Handover::Update => open.update(record).map(|_| None),
        Handover::Instruct => open.instruct(record),
        Handover::Time => open.set_time(record).map(|_| None),
    };
    match taken {
        Ok(code) => Answer::Taken(code.map(NewOwnerCode)),
        Err(fault) => match rule_of(&fault) {
            Some(DongleRule::RevisionHeld) => Answer::Held,
            Some(rule) => Answer::Refused(rule),
            None => Answer::Failed(Arc::new(fault)),
        },
    }
}

fn rule_of(fault: &dongle::Fault) -> Option<DongleRule> {
    match fault {
        dongle::Fault::Io {
            source: Trouble::Refused { status, .. },
        } => DongleRule::of(*status),
        _ => None,
    }
}
