use super::*;
use crate::arbiter::{Kind, State, activate};
use crate::ledger::{Ask, Pool};
use crate::licence::testing;

/// A ledger with 4 free camera channels and `paid` more, and a device for each model.
struct Desk {
    ledger: Ledger,
    profile: Profile,
    supply: Supply,
    seq: u64,
}

impl Desk {
    fn new(paid: u64, models: &[(&str, Option<&str>)]) -> Self {
        let mut desk = Self {
            ledger: Ledger::default(),
            profile: testing::profile(),
            supply: supply(paid),
            seq: 0,
        };
        for (device, model) in models {
            let ask = Ask {
                device: (*device).into(),
                feature: Some("camera".into()),
                model: model.map(Into::into),
                ..Ask::default()
            };
            let id = id(desk.seq + 1);
            let decided = desk
                .ledger
                .decide(&desk.profile, (&desk.supply, 0), &[ask], || id);
            let new = decided.expect("room for all")[0].new.clone();
            desk.tell(&new.expect("another device").event());
        }
        desk
    }

    fn tell(&mut self, event: &Event) {
        self.seq += 1;
        let applied = self.ledger.apply(self.seq, 0, event);
        applied.expect("what was decided is possible");
    }

    /// Does a change of allocation number `number`, from 1, or gives the code of its refusal.
    fn change(&mut self, number: u64, change: &Change) -> Result<usize, &'static str> {
        let events = self
            .ledger
            .change(&self.profile, (&self.supply, 0), id(number), change)
            .map_err(|refusal| refusal.code())?;
        for event in &events {
            self.tell(event);
        }
        Ok(events.len())
    }

    fn order(&self) -> Vec<(&str, u32)> {
        let all = self.ledger.allocations();
        all.map(|one| (one.device.as_str(), one.weight)).collect()
    }
}

fn id(number: u64) -> Uuid {
    Uuid::from_u128(number.into())
}

fn supply(paid: u64) -> Supply {
    let dongle = testing::entitlement(1, &[("camera", paid)]);
    let active = activate(State::Only(Kind::Dongle), [dongle]);
    Supply::new(&testing::profile(), &active, &Pool::default(), 0)
}

fn to(device: &str, model: Option<&str>) -> Change {
    Change::Move(Relocation {
        device: device.into(),
        model: model.map(Into::into),
    })
}

fn priority(priority: i32) -> Change {
    Change::Set(Wish {
        priority: Some(priority),
        ..Wish::default()
    })
}

#[test]
fn a_move_is_done_whole_or_refused() {
    let devices = [("gate", None), ("door", None), ("quad", Some("QUAD-9"))];
    // 8 owned, 6 used: what is asked, the entries it makes or why not, then who holds how much.
    type Case<'a> = (Change, Result<usize, &'static str>, [(&'a str, u32); 3]);
    let table: [Case<'_>; 9] = [
        (
            to("yard", None),
            Ok(1),
            [("yard", 1), ("door", 1), ("quad", 4)],
        ),
        (
            to("GATE", None),
            Ok(1),
            [("GATE", 1), ("door", 1), ("quad", 4)],
        ),
        (
            to("gate", None),
            Ok(0),
            [("gate", 1), ("door", 1), ("quad", 4)],
        ),
        (
            to("yard", Some("IB9")),
            Ok(1),
            [("yard", 1), ("door", 1), ("quad", 4)],
        ),
        (
            to("gate", Some("IB9")),
            Ok(1),
            [("gate", 1), ("door", 1), ("quad", 4)],
        ),
        (
            to("yard", Some("QUAD-1")),
            Err("no-channel-left"),
            [("gate", 1), ("door", 1), ("quad", 4)],
        ),
        (
            to("door", None),
            Err("device-holds-channels"),
            [("gate", 1), ("door", 1), ("quad", 4)],
        ),
        (
            to("00:02:D1", None),
            Err("bad-device-id"),
            [("gate", 1), ("door", 1), ("quad", 4)],
        ),
        (
            to("yard", Some("")),
            Err("bad-model"),
            [("gate", 1), ("door", 1), ("quad", 4)],
        ),
    ];
    for (change, expected, order) in table {
        let mut desk = Desk::new(4, &devices);
        assert_eq!(desk.change(1, &change), expected, "{change:?}");
        assert_eq!(desk.order(), order, "{change:?}");
    }
}

#[test]
fn the_old_device_can_come_back() {
    let mut desk = Desk::new(0, &[("gate", None)]);
    assert_eq!(desk.change(1, &to("yard", None)), Ok(1));
    assert_eq!(desk.change(1, &to("gate", None)), Ok(1));
    assert_eq!(desk.order(), [("gate", 1)]);
}

#[test]
fn a_suspended_device_can_move_and_cannot_grow() {
    let mut desk = Desk::new(1, &[("quad", Some("QUAD-9")), ("gate", None)]);
    desk.supply = supply(0);
    assert_eq!(
        desk.change(2, &to("yard", Some("QUAD-9"))),
        Err("no-channel-left")
    );
    assert_eq!(desk.change(2, &to("yard", None)), Ok(1));
    // A licensed one may become cheaper, and what waits gets the rest.
    assert_eq!(desk.change(1, &to("quad", Some("IB9"))), Ok(1));
    let balance = desk.ledger.balance(&desk.supply, "camera");
    let balance = balance.expect("a feature");
    assert_eq!((balance.used, balance.suspended), (2, 0));
}

#[test]
fn priority_decides_who_is_suspended_and_age_within_one() {
    let devices = ["a1x", "b1x", "c1x", "d1x", "e1x", "f1x"].map(|device| (device, None));
    let suspended = |desk: &Desk| {
        let balance = desk.ledger.balance(&desk.supply, "camera");
        let balance = balance.expect("a feature");
        let suspended = desk.ledger.suspended(&balance, "camera");
        suspended
            .map(|one| one.device.to_string())
            .collect::<Vec<_>>()
    };
    let mut desk = Desk::new(2, &devices);
    desk.supply = supply(0);
    assert_eq!(suspended(&desk), ["e1x", "f1x"]);
    assert_eq!(desk.change(6, &priority(1)), Ok(1));
    assert_eq!(desk.change(6, &priority(1)), Ok(0), "it is so already");
    assert_eq!(suspended(&desk), ["d1x", "e1x"]);
    assert_eq!(desk.change(1, &priority(-1)), Ok(1));
    assert_eq!(suspended(&desk), ["e1x", "a1x"]);
    // One channel comes back: the last to be suspended is the first to resume.
    desk.supply = supply(1);
    assert_eq!(suspended(&desk), ["a1x"]);
    assert_eq!(desk.change(9, &priority(1)), Err("no-such-allocation"));
}
