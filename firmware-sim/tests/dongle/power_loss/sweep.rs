//! Every way in which power can go inside every write of a command.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use tallykey_core::{BootFault, Dongle, Stored, stored};
use tallykey_sim::flash::{SimFlash, Tear, Write};
use tallykey_sim::platform::SimPlatform;

use super::Case;
use crate::support::Ticks;

/// Subsets of the bits of a write that are tried, beside each bit alone.
const SUBSETS: u64 = 64;

/// What was tried, and what was found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    /// Flash writes that were interrupted.
    pub(super) writes: usize,
    /// Cuts in them.
    pub(super) points: usize,
    /// Cuts in what a boot wrote after a cut.
    pub(super) second: usize,
    /// Points that left the state before the command, and a later one.
    pub(super) old: usize,
    pub(super) new: usize,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.writes += other.writes;
        self.points += other.points;
        self.second += other.second;
        self.old += other.old;
        self.new += other.new;
    }
}

/// A case with the states that it goes through.
struct Swept<'c> {
    case: &'c Case,
    /// What a boot finds before each write, and after the last.
    states: Vec<Stored>,
}

/// Cuts every write of every case, on as many threads as there are processors.
pub(super) fn sweep(cases: &[Case]) -> Count {
    let swept: Vec<_> = cases.iter().map(Swept::of).collect();
    let jobs: Vec<(&Swept<'_>, usize)> = swept
        .iter()
        .flat_map(|swept| (0..swept.case.writes.len()).map(move |n| (swept, n)))
        .collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut count = Count::default();
        while let Some((swept, n)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            count.add(swept.cut(*n));
        }
        count
    };
    let mut total = Count::default();
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            total.add(
                worker
                    .join()
                    .expect("every cut leaves the old or the new state"),
            );
        }
    });
    total
}

impl<'c> Swept<'c> {
    fn of(case: &'c Case) -> Self {
        let read = |contents: &[u8]| stored(&mut SimFlash::copy_of(contents)).expect("it boots");
        let mut contents = case.before.clone();
        let mut states = vec![read(&contents)];
        for write in &case.writes {
            write.torn(&mut contents, Tear::All);
            states.push(read(&contents));
        }
        assert_eq!(
            contents, case.after,
            "{}: that is what happened",
            case.step.name
        );
        let steps = states.windows(2).filter(|pair| pair[0] != pair[1]);
        assert_eq!(
            steps.count(),
            case.step.commits,
            "{}: commits",
            case.step.name
        );
        for pair in states.windows(2) {
            assert!(
                pair[0].counter <= pair[1].counter && pair[0].time_floor <= pair[1].time_floor,
                "{}: something goes back",
                case.step.name
            );
        }
        Self { case, states }
    }

    /// Cuts write `n` in every way.
    fn cut(&self, n: usize) -> Count {
        let mut contents = self.case.before.clone();
        for write in &self.case.writes[..n] {
            write.torn(&mut contents, Tear::All);
        }
        let write = &self.case.writes[n];
        let mut count = Count {
            writes: 1,
            ..Count::default()
        };
        let (old, new) = (self.states[n], self.states[n + 1]);
        let mut flash = Scratch::new(&contents);
        for tear in tears(write, &contents) {
            let place = || {
                let (name, writes) = (self.case.step.name, self.case.writes.len());
                format!("{name}, write {n} of {writes}, {tear:?}")
            };
            let (found, by_boot) = flash.boot(write, tear);
            let found = found.unwrap_or_else(|fault| panic!("{}: {fault}", place()));
            assert!(found == old || found == new, "{}: neither state", place());
            count.points += 1;
            *(if found == self.states[0] {
                &mut count.old
            } else {
                &mut count.new
            }) += 1;

            // All of a write is none of the next.
            let last = n + 1 == self.case.writes.len();
            if tear == Tear::None || last && tear == Tear::All {
                let mut torn = contents.clone();
                write.torn(&mut torn, tear);
                count.second += cut_again(&torn, &by_boot, found, &place());
                let platform =
                    SimPlatform::new(SimFlash::with_contents(torn), Ticks::default().clock());
                assert!(Dongle::boot(platform).is_ok(), "{}: does not boot", place());
            }
        }
        count
    }
}

/// Cuts what a boot wrote on `contents`, where it found `state`: the next one must find that again.
fn cut_again(contents: &[u8], writes: &[Write], state: Stored, place: &str) -> usize {
    let mut points = 0;
    let mut contents = contents.to_vec();
    for (n, write) in writes.iter().enumerate() {
        let mut flash = Scratch::new(&contents);
        for tear in tears(write, &contents) {
            let (found, _) = flash.boot(write, tear);
            assert_eq!(
                found,
                Ok(state),
                "{place}, then in write {n} of the boot, {tear:?}"
            );
            points += 1;
        }
        write.torn(&mut contents, Tear::All);
    }
    points
}

/// One flash for many cuts at the same place: copying it for each would be most of the work.
struct Scratch<'c> {
    before: &'c [u8],
    contents: Vec<u8>,
}

impl<'c> Scratch<'c> {
    fn new(before: &'c [u8]) -> Self {
        let contents = before.to_vec();
        Self { before, contents }
    }

    /// What a boot finds after this cut, and what it writes.
    fn boot(&mut self, write: &Write, tear: Tear) -> (Result<Stored, BootFault>, Vec<Write>) {
        write.torn(&mut self.contents, tear);
        let mut flash = SimFlash::with_contents(std::mem::take(&mut self.contents));
        flash.record();
        let found = stored(&mut flash);
        let by_boot = flash.recorded();
        self.contents = flash.into_contents();
        for write in by_boot.iter().chain([write]) {
            write.undo(&mut self.contents, self.before);
        }
        (found, by_boot)
    }
}

/// Nothing and all of it first, then each bit alone, then subsets.
fn tears(write: &Write, contents: &[u8]) -> impl Iterator<Item = Tear> {
    [Tear::None, Tear::All]
        .into_iter()
        .chain(write.bits(contents).map(Tear::Bit).collect::<Vec<_>>())
        .chain((0..SUBSETS).map(Tear::Subset))
}
