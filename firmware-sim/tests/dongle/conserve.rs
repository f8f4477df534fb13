//! Counts are conserved: whatever a host does, and wherever power goes, what a dongle still gives and what its receipts
//! stand for is what was granted.

use crate::giving::*;
use crate::support::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use tallykey_core::platform::Platform;
use tallykey_protocol::command::update;
use tallykey_protocol::command::{Command, order};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::receipt::{Kind, Receipt};
use tallykey_protocol::status::Status;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::{PowerCut, SimFlash, Tear};
use tallykey_sim::host::Session;

/// What a host does.
#[derive(Clone, Debug)]
enum Step {
    /// Gives away, by a new order.
    Give(Kind, u64, u64),
    /// Sends an order that it has sent before, or one with its id and other counts.
    Again { which: usize, changed: bool },
    /// Acknowledges a receipt.
    Acknowledge(usize),
    /// Applies the next grant, with this many cameras more.
    Update(u64),
    /// Tries a wrong owner code.
    Guess,
    /// Pulls the dongle out.
    Replug,
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        Just(Kind::ConvertOffline),
        Just(Kind::ConvertDesk),
        Just(Kind::Retire)
    ];
    prop_oneof![
        6 => (kind, 0..24_u64, 0..4_u64).prop_map(|(kind, cameras, vca)| Step::Give(kind, cameras, vca)),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(which, changed)| Step::Again { which, changed }),
        3 => any::<usize>().prop_map(Step::Acknowledge),
        2 => (0..9_u64).prop_map(Step::Update),
        1 => Just(Step::Guess),
        1 => Just(Step::Replug),
    ]
}

/// Where power goes during a step: at this write, torn like this.
fn cut() -> impl Strategy<Value = Option<(u64, Tear)>> {
    let tear = prop_oneof![
        Just(Tear::None),
        Just(Tear::All),
        (0..64_usize).prop_map(Tear::Bit),
        any::<u64>().prop_map(Tear::Subset),
    ];
    proptest::option::weighted(0.5, (0..250_u64, tear))
}

/// A host, and what it knows.
struct World {
    dongle: SimDongle,
    session: Session,
    verifier: Verifier,
    /// Every receipt ever seen, by counter.
    receipts: BTreeMap<u64, (Kind, Vec<u8>)>,
    orders: Vec<order::Order<'static>>,
    cameras: u64,
    revision: u64,
    counter: u64,
}

impl World {
    fn new() -> Self {
        static SEALED: std::sync::LazyLock<(Vec<u8>, Verifier)> = std::sync::LazyLock::new(|| {
            let (dongle, _, verifier) = owned(Convert::Offline);
            (contents(&dongle), verifier)
        });
        let (flash, verifier) = &*SEALED;
        let dongle = plug(SimFlash::copy_of(flash), &Ticks::default());
        Self {
            session: open(&dongle),
            dongle,
            verifier: *verifier,
            receipts: BTreeMap::new(),
            orders: Vec::new(),
            cameras: 64,
            revision: 2,
            counter: 0,
        }
    }

    fn take(&mut self, step: &Step) -> Status {
        match step {
            Step::Give(kind, cameras, vca) => {
                let shares: Vec<_> = [(1, *cameras), (2, *vca)]
                    .into_iter()
                    .filter(|(_, count)| *count > 0)
                    .collect();
                let order = asking(*kind, self.orders.len() as u8, self.counter, &shares);
                self.orders.push(order);
                give(&mut self.session, &self.verifier, &order).status
            }
            Step::Again { which, changed } => match self.orders.is_empty() {
                true => Status::NoSuchItem,
                false => {
                    let mut order = self.orders[which % self.orders.len()];
                    if *changed {
                        order.shares.iter_mut().for_each(|share| share.count += 1);
                    }
                    give(&mut self.session, &self.verifier, &order).status
                }
            },
            Step::Acknowledge(which) => {
                let known: Vec<_> = self.receipts.values().cloned().collect();
                match known.get(which % known.len().max(1)) {
                    Some((kind, record)) => acknowledge(&mut self.session, *kind, record),
                    None => Status::NoSuchItem,
                }
            }
            Step::Update(more) => {
                let key = *self.session.key();
                let (revision, cameras) = (self.revision + 1, self.cameras + more);
                let record = convertible(&key, revision, cameras, Convert::Offline);
                let request = update::Request { record: &record };
                status(&mut self.session, Command::Update, &request)
            }
            Step::Guess => {
                let order = asking(Kind::Retire, 255, self.counter, &[(2, 1)]);
                give(&mut self.session, &[0; 32], &order).status
            }
            Step::Replug => Status::StorageFailed,
        }
    }

    /// Reads every receipt there is, and compares the counts with them.
    fn check(&mut self) -> Result<(), TestCaseError> {
        for entry in receipts(&mut self.session) {
            let record = read_receipt(&mut self.session, entry.counter);
            Receipt::verify(&record, entry.kind, self.session.key()).unwrap();
            let known = self
                .receipts
                .entry(entry.counter)
                .or_insert_with(|| (entry.kind, record.clone()));
            prop_assert_eq!(&known.1, &record, "a receipt changed");
        }
        let facts = facts(&mut self.session);
        prop_assert!(facts.counter >= self.counter, "the counter fell");
        self.counter = facts.counter;
        let (_, revision, _, given) = &facts.grants[0];
        prop_assert!(*revision >= self.revision, "the revision fell");
        self.revision = *revision;
        let mut away = BTreeMap::from([(1, 0), (2, 0)]);
        for (kind, record) in self.receipts.values() {
            let (receipt, _) = Receipt::verify(record, *kind, self.session.key()).unwrap();
            for part in &*receipt.given {
                let line = away.get_mut(&part.line).unwrap();
                prop_assert_eq!(
                    *line,
                    part.before,
                    "receipts follow each other without a gap"
                );
                *line = part.after;
            }
        }
        let away: Vec<_> = away.into_iter().collect();
        prop_assert_eq!(given, &away, "given is what the receipts stand for");
        prop_assert!(away[0].1 <= self.cameras && away[1].1 <= 8);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a24_counts_are_conserved_over_any_commands_and_power_cuts(
        steps in proptest::collection::vec((step(), cut()), 1..24),
    ) {
        let mut world = World::new();
        world.check()?;
        for (step, cut) in steps {
            if let Some((write, tear)) = cut {
                world.dongle.with_platform(|p| p.flash().plan(PowerCut::after(write, tear)));
            }
            let status = world.take(&step);
            world.dongle.with_platform(|p| p.flash().restore_power());
            let before = world.revision;
            if status == Status::StorageFailed {
                world.session = replugged(&world.dongle);
            }
            world.check()?;
            if let Step::Update(more) = step && world.revision > before {
                world.cameras += more;
            }
        }
        world.session = replugged(&world.dongle);
        world.check()?;
    }
}
