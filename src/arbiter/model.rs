//! Every state that two dongles and two software licences with up to two channels each can come to, by anything that
//! can happen to them: at most one kind counts, and never more than there is.

use std::collections::{BTreeSet, VecDeque};

use super::{Event, Kind, State, Takeover, activate, decide, events};
use crate::licence::{Entitlement, testing};

/// Channels that one source may have.
const MOST: u64 = 2;

/// Dongles, and software licences.
const EACH: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Here,
    /// It has just gone, or has not proved itself since a restart.
    Near,
    /// Away, its channels count on.
    Grace,
    Away,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct World {
    arbiter: usize,
    dongles: [(Place, u64); EACH],
    licences: [u64; EACH],
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Plug(usize),
    Unplug(usize),
    DebounceOver(usize),
    GraceOver(usize),
    /// The vendor puts a channel on it.
    Raise(usize),
    DongleExpires(usize),
    Import(usize, u64),
    /// It is removed, expires, or its machine is another one.
    LicenceGone(usize),
    Keep(Kind),
    /// All channels of a dongle become a licence of this machine.
    Convert(usize, usize),
    Restart,
}

fn steps() -> Vec<Step> {
    let mut steps = vec![Step::Restart];
    steps.extend(Kind::ALL.map(Step::Keep));
    for one in 0..EACH {
        steps.extend([
            Step::Plug(one),
            Step::Unplug(one),
            Step::DebounceOver(one),
            Step::GraceOver(one),
            Step::Raise(one),
            Step::DongleExpires(one),
            Step::LicenceGone(one),
        ]);
        steps.extend((1..=MOST).map(|count| Step::Import(one, count)));
        steps.extend((0..EACH).map(|to| Step::Convert(one, to)));
    }
    steps
}

impl World {
    fn state(&self) -> State {
        State::ALL[self.arbiter]
    }

    fn decide(&mut self, event: Event, takeover: Takeover) {
        let next = decide(self.state(), event, takeover);
        let place = State::ALL.iter().position(|state| *state == next);
        self.arbiter = place.expect("one of them");
    }

    /// The world after a step; none if that cannot happen in it.
    fn after(mut self, step: Step, takeover: Takeover) -> Option<Self> {
        match step {
            Step::Plug(one) => self.dongles[one].0 = Place::Here,
            Step::Unplug(one) => self.go(one, Place::Here, Place::Near)?,
            Step::DebounceOver(one) => self.go(one, Place::Near, Place::Grace)?,
            Step::GraceOver(one) => self.go(one, Place::Grace, Place::Away)?,
            Step::Raise(one) => {
                let (Place::Here, count @ 0..MOST) = self.dongles[one] else {
                    return None;
                };
                self.dongles[one].1 = count + 1;
            }
            Step::DongleExpires(one) => self.dongles[one].1 = 0,
            Step::Import(one, count) if self.licences[one] == 0 => self.licences[one] = count,
            Step::LicenceGone(one) => self.licences[one] = 0,
            Step::Keep(kind) => {
                let there = [self.state().active(), self.state().held()];
                if !there.contains(&Some(kind)) {
                    return None;
                }
                self.decide(Event::Keep(kind), takeover);
            }
            Step::Convert(from, to) if self.licences[to] == 0 => {
                let (Place::Here, count @ 1..) = self.dongles[from] else {
                    return None;
                };
                self.dongles[from].1 = 0;
                self.licences[to] = count;
                self.decide(Event::Converted, takeover);
            }
            Step::Restart => {
                for one in 0..EACH {
                    // Where it is elsewhere, it stays there.
                    let _moved = self.go(one, Place::Here, Place::Near);
                }
            }
            Step::Import(..) | Step::Convert(..) => return None,
        }
        for event in events(Kind::ALL.map(|kind| self.gives(kind))) {
            self.decide(event, takeover);
        }
        Some(self)
    }

    fn go(&mut self, one: usize, from: Place, to: Place) -> Option<()> {
        (self.dongles[one].0 == from).then(|| self.dongles[one].0 = to)
    }

    /// As the service judges it: what is held has no grace.
    fn gives(&self, kind: Kind) -> bool {
        match kind {
            Kind::Dongle => {
                let grace = self.state().active() == Some(Kind::Dongle);
                let held = self.state().held() == Some(Kind::Dongle);
                let counts = |place| match place {
                    Place::Here => true,
                    Place::Near => grace || held,
                    Place::Grace => grace,
                    Place::Away => false,
                };
                let mut dongles = self.dongles.iter();
                dongles.any(|(place, count)| counts(*place) && *count > 0)
            }
            Kind::Software => self.licences.iter().any(|count| *count > 0),
        }
    }

    /// Everything that is here or within a grace, of whatever kind.
    fn all(&self) -> Vec<Entitlement> {
        let camera = |count| [("camera", count)];
        let dongles = (0..).zip(&self.dongles);
        let dongles = dongles.filter(|(_, (place, _))| *place != Place::Away);
        let dongles = dongles.map(|(id, (_, count))| testing::entitlement(id, &camera(*count)));
        let licences = (0..).zip(&self.licences);
        let licences = licences.map(|(id, count)| testing::software(id, &camera(*count)));
        dongles.chain(licences).collect()
    }

    fn allowed(&self) -> u64 {
        match self.state().active() {
            None => 0,
            Some(Kind::Dongle) => {
                let near = self
                    .dongles
                    .iter()
                    .filter(|(place, _)| *place != Place::Away);
                near.map(|(_, count)| count).sum()
            }
            Some(Kind::Software) => self.licences.iter().sum(),
        }
    }

    fn everything(&self) -> u64 {
        let dongles = self.dongles.iter().map(|(_, count)| count);
        dongles.chain(&self.licences).sum()
    }
}

fn check(before: &World, step: Step, after: &World) {
    let (was, now) = (before.state(), after.state());
    let counted = activate(now, after.all()).channels("camera", 0);
    assert_eq!(counted, after.allowed(), "{before:?} {step:?} {after:?}");
    // Another kind becomes active only by choice, or when the active one has nothing to give any more.
    let chosen = matches!(step, Step::Keep(_) | Step::Convert(..));
    if let Some(active) = was.active()
        && now.active() != Some(active)
    {
        assert!(
            chosen || !after.gives(active),
            "{before:?} {step:?} {after:?}"
        );
    }
    // What neither gives is neither active nor held.
    for kind in [now.active(), now.held()].into_iter().flatten() {
        assert!(after.gives(kind), "{before:?} {step:?} {after:?}");
    }
    // A choice is kept over a restart.
    if let Step::Restart = step {
        assert_eq!(was, now, "{before:?}");
    }
    if let Step::Convert(..) = step {
        assert_eq!(before.everything(), after.everything());
        assert_eq!(now.active(), Some(Kind::Software));
    }
}

fn explore(takeover: Takeover) -> BTreeSet<World> {
    let first = World {
        arbiter: 0,
        dongles: [(Place::Away, 0); EACH],
        licences: [0; EACH],
    };
    let (mut seen, mut ahead) = (BTreeSet::from([first]), VecDeque::from([first]));
    while let Some(world) = ahead.pop_front() {
        for step in steps() {
            let Some(next) = world.after(step, takeover) else {
                continue;
            };
            check(&world, step, &next);
            if seen.insert(next) {
                ahead.push_back(next);
            }
        }
    }
    seen
}

#[test]
fn never_both_and_never_more_than_there_is() {
    for takeover in [Takeover::Ask, Takeover::Automatic] {
        let worlds = explore(takeover);
        println!("{takeover:?}: {} states", worlds.len());
        let reached: BTreeSet<_> = worlds.iter().map(|world| world.arbiter).collect();
        for (place, state) in State::ALL.iter().enumerate() {
            let asks = matches!(state, State::Waiting(_));
            let expected = !asks || takeover == Takeover::Ask;
            assert_eq!(reached.contains(&place), expected, "{}", state.name());
        }
    }
}
