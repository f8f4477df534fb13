//! The crash sweep over conversion and return.
//!
//! One life is run whole, and every moment in it is counted in which something is under way: a report, a flash write
//! of the dongle, a commit of the host. Then power goes in each of them:
//!
//! - of the host and the dongle: what is durable in that moment is where the next life begins;
//! - of the dongle alone: the host lives on and meets it again.
//!
//! Each life after that is swept in the same way for a second death. Two lives in which the same is durable, and the
//! same has come to the service's ears, go on in the same way: of those one is lived, and all are counted.

#[path = "sweep/bus.rs"]
mod bus;
#[path = "sweep/case.rs"]
mod case;
#[path = "sweep/check.rs"]
mod check;
#[path = "sweep/disk.rs"]
mod disk;
#[path = "sweep/life.rs"]
mod life;
#[path = "support/other_machine.rs"]
mod other_machine;
#[path = "sweep/restored.rs"]
mod restored;
#[path = "sweep/stage.rs"]
mod stage;
#[path = "sweep/tree.rs"]
mod tree;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use case::{CASES, Case, Factory};
use stage::{Moment, World};
use tree::{Branch, each, grow};

/// One life to be lived: of what, from where, and where the dongle dies.
type Life<'a> = (&'a Case, World, Vec<Moment>);

#[test]
fn a_crash_anywhere_in_a_conversion_or_a_return_and_another_one_after_it_lose_and_double_nothing() {
    let factory = Factory::new();
    let (mut first, mut second, mut lives) = (0, 0, 0);
    let mut live = |todo: &[Life<'_>]| {
        lives += todo.len();
        each(todo, |(case, world, cuts)| {
            grow(&factory, case, world, cuts)
        })
    };
    let whole: Vec<Life<'_>> = CASES
        .iter()
        .map(|case| (case, factory.start.clone(), Vec::new()))
        .collect();
    let trunks = live(&whole);

    // The first death.
    let mut todo: Vec<Life<'_>> = Vec::new();
    let mut durable: BTreeMap<(&str, String), World> = BTreeMap::new();
    for (case, trunk) in CASES.iter().zip(trunks) {
        first += trunk.points();
        let alone = trunk.each_alone().into_iter();
        todo.extend(alone.map(|moment| (case, factory.start.clone(), vec![moment])));
        let found = trunk.durable.into_iter();
        durable.extend(found.map(|(digest, world)| ((case.name, digest), world)));
    }
    let met = live(&todo);
    // Where lives go on after it: each once.
    let mut kinds = BTreeSet::new();
    let mut branches: Vec<(Life<'_>, Branch)> = Vec::new();
    for (life, branch) in todo.into_iter().zip(met) {
        let idle = matches!(life.2[..], [Moment::Commit(_)]);
        if kinds.insert((life.0.name, branch.met(), idle)) {
            branches.push((life, branch));
        }
    }
    let restarts: Vec<Life<'_>> = CASES
        .iter()
        .flat_map(|case| {
            let of_case = durable.iter().filter(|((name, _), _)| *name == case.name);
            of_case.map(move |(_, world)| (case, world.clone(), Vec::new()))
        })
        .collect();
    let restarted = live(&restarts);
    let distinct = (restarts.len(), branches.len());
    branches.extend(restarts.into_iter().zip(restarted));

    // The second one.
    let (mut alone, mut both): (Vec<Life<'_>>, Vec<Life<'_>>) = (Vec::new(), Vec::new());
    for ((case, world, cuts), branch) in branches {
        second += branch.points();
        alone.extend(branch.kinds_alone().into_iter().map(|moment| {
            let cuts = cuts.iter().copied().chain([moment]).collect();
            (case, world.clone(), cuts)
        }));
        for (digest, world) in branch.durable {
            if let Entry::Vacant(new) = durable.entry((case.name, digest)) {
                new.insert(world.clone());
                both.push((case, world, Vec::new()));
            }
        }
    }
    let news = both.len();
    live(&alone);
    live(&both);
    println!(
        "{} points: {first} of a first crash, {second} of a second one after each of {} durable states and {} in which \
         the dongle died alone; the second ones left {news} further states; {lives} lives",
        first + second,
        distinct.0,
        distinct.1
    );
}
