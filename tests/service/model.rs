//! Random operations against the service and against a ledger so simple that it can be read.

#[path = "model/simple.rs"]
mod simple;

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use proptest::prelude::*;
use tallykey::service::{
    Allocation, AllocationState, Ask, Change, Policy, PoolChange, Relocation, ServiceError, Wish,
};
use tokio::runtime::Runtime;

use crate::bench::{Bench, GRACE, NOW, QUAD, operator, product};
use crate::dongle::Dongle;

use simple::{Held, Model};

/// When the test begins, Unix time in seconds.
const START: u64 = NOW.unsigned_abs() / 1_000;

const FEATURES: [&str; 2] = ["camera", "vca"];

#[derive(Debug, Clone)]
enum Operation {
    Allocate(Wanted),
    Batch(Vec<Wanted>),
    /// The allocation at this place of the list, around its end.
    Release(usize),
    /// The allocation at this place goes to this device; the last says whether it is a dry run.
    Move(usize, Wanted, bool),
    Prioritise(usize, i32, bool),
    /// Parks the dongle's line of a feature, or puts it back; the last says whether it is a dry run.
    Park(usize, usize, bool, bool),
    Policy(Policy),
    /// Time passes, seconds.
    Pass(u64),
    /// The allocation at this place lasts so much longer.
    Renew(usize, u32, bool),
    Plug(usize),
    Unplug(usize),
    Restart,
    Crash,
}

#[derive(Debug, Clone, Copy)]
struct Wanted {
    device: u8,
    feature: usize,
    quad: Option<bool>,
    priority: Option<i32>,
    ttl: Option<u32>,
}

impl Wanted {
    fn ask(self) -> Ask {
        let model = self.quad.map(|quad| if quad { QUAD.0 } else { "IB9389" });
        Ask {
            device: format!("00:02:D1:00:00:{:02X}", self.device),
            feature: Some(FEATURES[self.feature].into()),
            model: model.map(Into::into),
            wish: Wish {
                priority: self.priority,
                ..Wish::default()
            },
            ttl: self.ttl,
        }
    }

    fn weight(self) -> u64 {
        if self.quad == Some(true) { QUAD.1 } else { 1 }
    }
}

/// The dongles: what each gives of each feature.
const COUNTS: [[u64; 2]; 3] = [[5, 1], [3, 4], [0, 6]];

fn dongles() -> &'static [Dongle; 3] {
    static DONGLES: OnceLock<[Dongle; 3]> = OnceLock::new();
    DONGLES.get_or_init(|| {
        let make = |number: usize| {
            let lines: Vec<_> = FEATURES.into_iter().zip(COUNTS[number]).collect();
            Dongle::new(&format!("TK-{number}"), &lines)
        };
        [make(0), make(1), make(2)]
    })
}

fn code(error: &ServiceError) -> &'static str {
    match error {
        ServiceError::Refused(refusal) => refusal.code(),
        ServiceError::Fault(fault) => panic!("{fault}"),
    }
}

async fn step(mut bench: Bench, model: &mut Model, operation: &Operation) -> Bench {
    match operation {
        Operation::Allocate(wanted) => {
            let answer = bench.service.allocate(&operator(), wanted.ask()).await;
            let answer = answer.map(|one| one.created).map_err(|error| code(&error));
            assert_eq!(answer, model.allocate(*wanted));
        }
        Operation::Batch(wanted) => {
            let asks = wanted.iter().map(|one| one.ask()).collect();
            let answer = bench.service.allocate_all(&operator(), asks).await;
            let answer = answer
                .map(|all| all.iter().map(|one| one.created).collect())
                .map_err(|batch| {
                    (
                        batch.index.expect("a refusal names its place"),
                        code(&batch.error),
                    )
                });
            assert_eq!(answer, model.allocate_all(wanted));
        }
        Operation::Release(place) => {
            let all = bench.service.allocations().await.expect("a sound history");
            if let Some(place) = place.checked_rem(all.len()) {
                bench
                    .service
                    .release(&operator(), all[place].id)
                    .await
                    .expect("held");
                model.held.remove(place);
            }
        }
        Operation::Move(place, wanted, dry_run) => {
            let ask = wanted.ask();
            let to = Change::Move(Relocation {
                device: ask.device,
                model: ask.model,
            });
            bench = change(bench, model, (*place, to, *dry_run), |model, place| {
                model.relocate(place, *wanted)
            })
            .await;
        }
        Operation::Prioritise(place, priority, dry_run) => {
            let to = Change::Set(Wish {
                priority: Some(*priority),
                ..Wish::default()
            });
            bench = change(bench, model, (*place, to, *dry_run), |model, place| {
                model.held[place].priority = *priority;
                Ok(())
            })
            .await;
        }
        Operation::Park(dongle, feature, park, dry_run) => {
            bench
                .park(model, (*dongle, *feature), *park, *dry_run)
                .await;
        }
        Operation::Policy(policy) => {
            let change = PoolChange::Policy(*policy);
            let done = bench.service.change_pool(&operator(), change, false).await;
            assert_eq!(done.expect("no line is needed").licences.policy, *policy);
        }
        Operation::Pass(seconds) => {
            let time = Duration::from_secs(*seconds);
            bench.pass(time).await;
            model.pass(time);
        }
        Operation::Renew(place, ttl, dry_run) => {
            let to = (*place, Change::Renew(*ttl), *dry_run);
            bench = change(bench, model, to, |model, place| {
                let until = model.now + u64::from(*ttl);
                let held = &mut model.held[place];
                held.until = Some(held.until.map(|_| until).ok_or("not-for-a-time")?);
                Ok(())
            })
            .await;
        }
        Operation::Plug(number) => {
            bench.plug(&dongles()[*number]).await;
            model.plugged.insert(*number);
        }
        Operation::Unplug(number) => {
            if model.plugged.remove(number) {
                bench.lose(&dongles()[*number]).await;
                model.pass(GRACE);
            }
        }
        Operation::Restart | Operation::Crash => {
            let crash = matches!(operation, Operation::Crash);
            bench = if crash {
                bench.crash().await
            } else {
                bench.restart().await
            };
            // What was plugged in counts on for its grace; here nobody plugs it in again within that.
            bench.pass(GRACE).await;
            model.plugged.clear();
            model.pass(GRACE);
        }
    }
    bench
}

/// Changes the allocation at a place of the list, around its end, in both.
async fn change(
    bench: Bench,
    model: &mut Model,
    (place, to, dry_run): (usize, Change, bool),
    expected: impl FnOnce(&mut Model, usize) -> Result<(), &'static str>,
) -> Bench {
    let all = bench.service.allocations().await.expect("a sound history");
    let Some(place) = place.checked_rem(all.len()) else {
        return bench;
    };
    let mut changed = model.clone();
    let expected = expected(&mut changed, place);
    let answer = bench
        .service
        .change(&operator(), all[place].id, to, dry_run)
        .await;
    match (answer, expected) {
        (Ok(answer), Ok(())) => {
            assert_eq!(answer.before, all[place]);
            assert_eq!(answer.after.id, all[place].id);
            let (was, now) = (model.licensed(), changed.licensed());
            let ids =
                |these: &[Allocation]| these.iter().map(|one| one.id).collect::<BTreeSet<_>>();
            let turned = |to: bool| {
                let turned = (0..all.len()).filter(|place| was[*place] != to && now[*place] == to);
                turned.map(|place| all[place].id).collect::<BTreeSet<_>>()
            };
            assert_eq!(ids(&answer.suspended), turned(false));
            assert_eq!(ids(&answer.resumed), turned(true));
            if !dry_run {
                *model = changed;
            }
        }
        (Err(error), Err(expected)) => assert_eq!(code(&error), expected),
        (answer, expected) => panic!("{answer:?} and not {expected:?}"),
    }
    bench
}

impl Bench {
    async fn park(&self, model: &mut Model, line: (usize, usize), park: bool, dry_run: bool) {
        let (dongle, feature) = line;
        let id = format!("TK-{dongle}/{}/{}", product().product, feature + 1);
        let change = if park {
            PoolChange::Park(id)
        } else {
            PoolChange::Unpark(id)
        };
        let mut changed = model.clone();
        let was = model.parked.contains(&line);
        let known = was || model.plugged.contains(&dongle);
        if park {
            changed.parked.insert(line);
        } else {
            changed.parked.remove(&line);
        }
        let done = self.service.change_pool(&operator(), change, dry_run).await;
        if !known {
            let refused = done.expect_err("no such line is there");
            assert_eq!(code(&refused), "no-such-line");
            return;
        }
        let done = done.expect("the line is there");
        let (was, now) = (model.licensed(), changed.licensed());
        let turned = |to: bool| {
            was.iter()
                .zip(&now)
                .filter(|(was, now)| **was != to && **now == to)
                .count()
        };
        assert_eq!(
            (done.suspended.len(), done.resumed.len()),
            (turned(false), turned(true))
        );
        if !dry_run {
            *model = changed;
        }
    }
}

async fn compare(bench: &Bench, model: &Model) {
    let all = bench.service.allocations().await.expect("a sound history");
    let found: Vec<_> = all
        .iter()
        .map(|one| {
            let feature = FEATURES
                .iter()
                .position(|id| *id == one.feature)
                .expect("one of ours");
            let held = Held {
                device: one.device.clone(),
                feature,
                weight: one.weight.into(),
                priority: one.priority,
                until: one.until.map(|end| end - START),
            };
            (held, one.state == AllocationState::Licensed)
        })
        .collect();
    let expected: Vec<_> = model.held.iter().cloned().zip(model.licensed()).collect();
    assert_eq!(found, expected);
    let paid = |one: &Allocation| -> u64 {
        let lines = one.lines.as_ref().expect("a list says who pays");
        lines.iter().map(|payment| payment.channels).sum()
    };
    for (one, (held, licensed)) in all.iter().zip(&expected) {
        assert_eq!(paid(one), if *licensed { held.weight } else { 0 });
    }
    let licences = bench.service.licences().await.expect("a sound history");
    for line in &licences.lines {
        let payments = all.iter().flat_map(|one| one.lines.iter().flatten());
        let of_line = payments.filter(|payment| payment.line == line.line.id);
        assert_eq!(
            of_line.map(|payment| payment.channels).sum::<u64>(),
            line.used
        );
        assert!(line.used <= if line.line.active { line.line.count } else { 0 });
    }
    for (feature, id) in FEATURES.into_iter().enumerate() {
        let counts = bench.counts(id);
        let (used, suspended) = model.used(feature);
        let total = model.total(feature);
        assert_eq!(
            (counts.total, counts.used, counts.suspended),
            (total, used, suspended),
            "{id}"
        );
        let available = if suspended == 0 { total - used } else { 0 };
        assert_eq!(
            (counts.available, counts.free_used),
            (available, used.min(counts.free)),
            "{id}"
        );
    }
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let quad = prop_oneof![3 => Just(None), 2 => Just(Some(false)), 2 => Just(Some(true))];
    let priority = prop_oneof![4 => Just(None), 1 => (-1..3).prop_map(Some)];
    let ttl = prop_oneof![4 => Just(None), 1 => (10..100u32).prop_map(Some)];
    (0..16u8, 0..2usize, quad, priority, ttl).prop_map(|(device, feature, quad, priority, ttl)| {
        Wanted {
            device,
            feature,
            quad,
            priority,
            ttl,
        }
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        10 => wanted().prop_map(Operation::Allocate),
        3 => proptest::collection::vec(wanted(), 0..6).prop_map(Operation::Batch),
        5 => any::<usize>().prop_map(Operation::Release),
        4 => (any::<usize>(), wanted(), any::<bool>()).prop_map(|(place, to, dry_run)| Operation::Move(place, to, dry_run)),
        4 => (any::<usize>(), -2..4, any::<bool>()).prop_map(|(place, priority, dry_run)| Operation::Prioritise(place, priority, dry_run)),
        3 => (0..3usize, 0..2usize, any::<bool>(), any::<bool>()).prop_map(|(dongle, feature, park, dry_run)| Operation::Park(dongle, feature, park, dry_run)),
        1 => prop_oneof![Just(Policy::LongestFirst), Just(Policy::Explicit)].prop_map(Operation::Policy),
        2 => (0..60u64).prop_map(Operation::Pass),
        2 => (any::<usize>(), 10..100u32, any::<bool>()).prop_map(|(place, ttl, dry_run)| Operation::Renew(place, ttl, dry_run)),
        5 => (0..3usize).prop_map(Operation::Plug),
        3 => (0..3usize).prop_map(Operation::Unplug),
        1 => Just(Operation::Restart),
        1 => Just(Operation::Crash),
    ]
}

proptest! {
    // Each case commits some fifty times to a real disk.
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_service_does_what_a_simple_ledger_does(operations in proptest::collection::vec(operation(), 1..60)) {
        Runtime::new().expect("threads").block_on(async {
            let mut model = Model::default();
            let mut bench = Bench::start().await;
            for operation in &operations {
                bench = step(bench, &mut model, operation).await;
                compare(&bench, &model).await;
            }
        });
    }
}
