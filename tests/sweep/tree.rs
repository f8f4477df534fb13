//! Which deaths lead to which, and which of them are lived.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tallykey_sim::flash::SimFlash;

use super::case::{Case, Factory};
use super::life::{Lived, import_there, live};
use super::stage::{Moment, Seen, World};

/// What has come to the service's ears, and the dongle's counter: where a host goes on that meets its dongle again.
pub(crate) type Met = (u32, u64);

/// A moment, as far as the next death in it matters.
struct Next {
    moment: Moment,
    met: Met,
}

/// What a life leads to.
#[derive(Default)]
pub(crate) struct Branch {
    /// Every moment after its last death.
    moments: Vec<Next>,
    /// Where the dongle met the host at its last death.
    met: Option<Met>,
    /// Everything that was durable in them, by what of it matters.
    pub(crate) durable: BTreeMap<String, World>,
}

/// Lives on from `world` with the dongle dying at `cuts`, and says what that leads to.
pub(crate) fn grow(factory: &Factory, case: &Case, world: &World, cuts: &[Moment]) -> Branch {
    let _told = Told(case, cuts);
    let lived = live(factory, case, world.clone(), cuts);
    if cuts.is_empty() {
        import_there(factory, &lived.done);
    }
    Branch::of(&lived, cuts.last())
}

impl Branch {
    fn of(lived: &Lived, last: Option<&Moment>) -> Self {
        let mut branch = Self::default();
        let (mut counters, mut disks) = (Memo::default(), Memo::default());
        let mut after = last.is_none();
        for Seen {
            moment,
            heard,
            world,
        } in &lived.seen
        {
            let counter = counters.get(&world.flash, || counter(&world.flash));
            let met = (*heard, counter);
            if after {
                let disk = disks.get(&world.disk.rows, || world.disk.digest());
                let pulse = world.disk.pulse.as_deref().unwrap_or_default();
                let durable = format!("{disk} {pulse} {counter}");
                branch.moments.push(Next {
                    moment: *moment,
                    met,
                });
                branch
                    .durable
                    .entry(durable)
                    .or_insert_with(|| world.clone());
            } else if last == Some(moment) {
                after = true;
                branch.met = Some(met);
            }
        }
        assert!(after, "it died where it was to");
        branch
    }

    /// Moments in which power goes, of both or of the dongle alone.
    pub(crate) fn points(&self) -> usize {
        self.moments.len() + self.alone().count()
    }

    /// Moments in which the dongle can die alone, and what it is then.
    fn alone(&self) -> impl Iterator<Item = &Next> {
        let moments = self.moments.iter();
        // Between a commit and what follows it nothing comes from the dongle: its death is that before the commit.
        moments.filter(|next| !matches!(next.moment, Moment::Committed(_)))
    }

    /// Every moment in which the dongle can be made to die alone.
    pub(crate) fn each_alone(&self) -> Vec<Moment> {
        let alone = self.alone().map(|next| next.moment);
        // A boot is swept by what it leaves: nobody talks to the dongle in it.
        let boot = |moment: &Moment| matches!(moment, Moment::Boot(_));
        alone.filter(|moment| !boot(moment)).collect()
    }

    /// One of each kind of them: the host hears the same, and the dongle holds the same.
    pub(crate) fn kinds_alone(&self) -> Vec<Moment> {
        let mut kinds: BTreeMap<(Met, bool), Moment> = BTreeMap::new();
        let mut booting = BTreeSet::new();
        for next in self.alone() {
            match next.moment {
                Moment::Boot(_) => drop(booting.insert(next.met)),
                // The dongle is pulled while nobody talks to it: that is noticed later.
                moment => {
                    let idle = matches!(moment, Moment::Commit(_));
                    kinds.entry((next.met, idle)).or_insert(moment);
                }
            }
        }
        for met in booting {
            assert!(
                kinds.contains_key(&(met, false)),
                "it is met again as {met:?}"
            );
        }
        kinds.into_values().collect()
    }

    /// Where the dongle met the host at its last death.
    pub(crate) fn met(&self) -> Option<Met> {
        self.met
    }
}

/// The counter of the dongle that boots from a flash. It rises with every change of what is in it.
fn counter(flash: &[u8]) -> u64 {
    let found = tallykey_sim::flash::stored(&mut SimFlash::copy_of(flash));
    found.expect("it boots").counter
}

/// What was found for the last thing that was asked for: many moments in a row share it.
struct Memo<K, V>(Option<(Arc<K>, V)>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K, V: Clone> Memo<K, V> {
    fn get(&mut self, key: &Arc<K>, find: impl FnOnce() -> V) -> V {
        match &self.0 {
            Some((last, found)) if Arc::ptr_eq(last, key) => found.clone(),
            _ => {
                let found = find();
                self.0 = Some((Arc::clone(key), found.clone()));
                found
            }
        }
    }
}

/// Names a life that did not end well.
struct Told<'a>(&'a Case, &'a [Moment]);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("{}, the dongle dying at {:?}", self.0.name, self.1);
        }
    }
}

/// Does something with each of `items`, as many at a time as there are processors; in their order.
pub(crate) fn each<I: Sync, O: Send>(items: &[I], act: impl Fn(&I) -> O + Sync) -> Vec<O> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            match items.get(number) {
                Some(item) => done.push((number, act(item))),
                None => return done,
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut all: Vec<(usize, O)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().map(|worker| worker.join());
        done.flat_map(|done| done.expect("no life ends badly"))
            .collect()
    });
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, done)| done).collect()
}
