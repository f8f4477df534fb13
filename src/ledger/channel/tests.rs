use super::*;
use crate::arbiter::{Kind, State, activate};
use crate::ledger::{Change, Pool, TTL_MAX, TTL_MIN};
use crate::licence::{DeviceIdProblem, Shortage, testing};

/// A ledger with a dongle of `paid` camera channels beside the 4 free ones.
struct Desk {
    ledger: Ledger,
    profile: Profile,
    supply: Supply,
    seq: u64,
    now: u64,
}

impl Desk {
    fn new(paid: u64) -> Self {
        let mut desk = Self {
            ledger: Ledger::default(),
            profile: testing::profile(),
            supply: Supply::new(
                &testing::profile(),
                &activate(State::None, []),
                &Pool::default(),
                0,
            ),
            seq: 0,
            now: 0,
        };
        desk.own(paid);
        desk
    }

    fn own(&mut self, paid: u64) {
        let dongle = testing::entitlement(1, &[("camera", paid)]);
        let active = activate(State::Only(Kind::Dongle), [dongle]);
        self.supply = Supply::new(&self.profile, &active, &Pool::default(), 0);
    }

    fn tell(&mut self, event: &Event) {
        self.seq += 1;
        self.ledger
            .apply(self.seq, 0, event)
            .expect("what was decided is possible");
    }

    fn ask(&mut self, asks: &[Ask]) -> Result<Vec<Decision>, (usize, Refusal)> {
        let mut id = u128::from(self.seq);
        let new_id = || {
            id += 1;
            Uuid::from_u128(id)
        };
        let decided = self
            .ledger
            .decide(&self.profile, (&self.supply, self.now), asks, new_id)?;
        for decision in &decided {
            let new = decision.new.as_ref().map(Channel::event);
            for event in new.iter().chain(&decision.changes) {
                self.tell(event);
            }
        }
        Ok(decided)
    }
}

fn shortage(refusal: &Refusal) -> &Shortage {
    match refusal {
        Refusal::NoChannelLeft { counts, .. } => counts,
        other => panic!("{other:?}"),
    }
}

fn camera(device: &str) -> Ask {
    Ask {
        device: device.into(),
        feature: Some("camera".into()),
        ..Ask::default()
    }
}

fn model(device: &str, model: &str) -> Ask {
    Ask {
        model: Some(model.into()),
        ..camera(device)
    }
}

fn cameras(range: std::ops::Range<u32>) -> Vec<Ask> {
    range
        .map(|number| camera(&format!("gate-{number}")))
        .collect()
}

#[test]
fn asking_again_gives_the_same_allocation() {
    let mut desk = Desk::new(0);
    let first = desk.ask(&[camera("0002D11A2B3C")]).expect("free");
    let again = desk.ask(&[camera("00:02:d1:1a:2b:3c")]).expect("held");
    assert!(first[0].new.is_some() && again[0].new.is_none());
    assert_eq!(first[0].id, again[0].id);
}

#[test]
fn the_same_device_twice_in_a_batch_is_one_allocation() {
    let mut desk = Desk::new(0);
    let decided = desk.ask(&[camera("gate"), camera("gate")]).expect("free");
    assert_eq!(decided[0].id, decided[1].id);
    assert_eq!(desk.ledger.allocations().count(), 1);
}

#[test]
fn past_the_count_the_answer_says_what_is_owned() {
    let mut desk = Desk::new(64);
    desk.ask(&cameras(0..68)).expect("64 + 4");
    let refused = desk.ask(&[camera("one-too-many")]).expect_err("full");
    let expected = Refusal::NoChannelLeft {
        device: "one-too-many".into(),
        feature: "camera".into(),
        needed: 1,
        counts: Box::new(Shortage {
            owned: 68,
            free: 4,
            free_used: 4,
            used: 68,
            ..Shortage::default()
        }),
    };
    assert_eq!(refused, (0, expected));
    desk.ask(&cameras(0..68))
        .expect("those that hold one are answered still");
}

#[test]
fn asking_again_with_another_priority_sets_it() {
    let mut desk = Desk::new(0);
    let with = |device: &str, priority: Option<i32>| Ask {
        wish: Wish {
            priority,
            ..Wish::default()
        },
        ..camera(device)
    };
    let priority = |desk: &Desk, id| desk.ledger.allocation(id).expect("held").priority;
    let id = desk.ask(&[with("gate", Some(5))]).expect("free")[0].id;
    assert_eq!(priority(&desk, id), 5);
    let again = desk.ask(&[with("gate", None)]).expect("held");
    assert_eq!((again[0].changes.len(), priority(&desk, id)), (0, 5));
    // One batch is done in the order of its lines.
    let twice = desk.ask(&[
        with("gate", Some(7)),
        with("gate", Some(9)),
        with("gate", Some(9)),
    ]);
    let changes: Vec<_> = twice
        .expect("held")
        .iter()
        .map(|one| one.changes.len())
        .collect();
    assert_eq!((changes, priority(&desk, id)), (vec![1, 1, 0], 9));
}

#[test]
fn a_batch_with_one_too_many_changes_nothing() {
    let mut desk = Desk::new(2);
    desk.ask(&[camera("gate-0")]).expect("free");
    let before = desk.ledger.clone();
    let (index, refusal) = desk.ask(&cameras(0..7)).expect_err("6 owned");
    assert_eq!(index, 6);
    let counts = shortage(&refusal);
    assert_eq!((counts.used, counts.available, counts.before), (1, 5, 5));
    assert_eq!(desk.ledger, before);
}

#[test]
fn a_device_costs_what_the_profile_says_of_its_model() {
    let mut desk = Desk::new(2);
    desk.ask(&[model("quad", "QUAD-9")]).expect("4 of 6");
    let (_, refusal) = desk.ask(&[model("quad-2", "QUAD-9")]).expect_err("2 left");
    assert!(matches!(refusal, Refusal::NoChannelLeft { needed: 4, .. }));
    assert_eq!(shortage(&refusal).available, 2);
    let (_, refusal) = desk
        .ask(&[model("quad", "IB9389")])
        .expect_err("another weight");
    assert!(
        matches!(refusal, Refusal::WeightChanged { was: 4, now: 1, .. }),
        "{refusal:?}"
    );
    desk.ask(&[camera("quad")])
        .expect("no model says nothing about the weight");
}

#[test]
fn without_a_feature_the_profile_decides() {
    let mut desk = Desk::new(0);
    let unnamed = |device: &str, model: Option<&str>| Ask {
        device: device.into(),
        feature: None,
        model: model.map(Into::into),
        ..Ask::default()
    };
    desk.ask(&[unnamed("00:02:D1:1A:2B:3C", None)])
        .expect("own brand");
    assert_eq!(
        desk.ledger
            .allocations()
            .map(|one| one.feature.as_str())
            .collect::<Vec<_>>(),
        ["camera"]
    );
    let (_, refusal) = desk
        .ask(&[unnamed("00:11:22:33:44:55", None)])
        .expect_err("none owned");
    assert!(matches!(refusal, Refusal::NoChannelLeft { feature, .. } if feature == "other-brand"));
}

#[test]
fn while_a_device_is_suspended_nobody_passes_it() {
    let mut desk = Desk::new(4);
    desk.ask(&cameras(0..5)).expect("8 owned");
    desk.ask(&[model("quad", "QUAD-9")]).expect_err("3 left");
    desk.own(0);
    let (_, refusal) = desk.ask(&[camera("new")]).expect_err("one is suspended");
    let counts = shortage(&refusal);
    assert_eq!((counts.available, counts.suspended), (0, 1));
    desk.ask(&[camera("gate-4")])
        .expect("a suspended device keeps its allocation");
}

#[test]
fn a_wrong_request_is_refused_by_name() {
    let mut desk = Desk::new(64);
    let long = "m".repeat(65);
    let table = [
        (camera("00:02:D1:1A:2B:3"), "bad-device-id"),
        (
            Ask {
                feature: Some("cameras".into()),
                ..camera("gate")
            },
            "unknown-feature",
        ),
        (model("gate", ""), "bad-model"),
        (model("gate", "a\nb"), "bad-model"),
        (model("gate", &long), "bad-model"),
    ];
    for (ask, code) in table {
        let (index, refusal) = desk.ask(&[camera("door"), ask.clone()]).expect_err(code);
        assert_eq!((index, refusal.code()), (1, code), "{ask:?}");
    }
    assert_eq!(desk.ledger.allocations().count(), 0);
    let (_, refusal) = desk.ask(&[camera("0002D11A2B3")]).expect_err("11 digits");
    let problem = DeviceIdProblem::MacDigits { found: 11 };
    assert_eq!(
        refusal,
        Refusal::BadDeviceId {
            value: "0002D11A2B3".into(),
            problem
        }
    );
}

#[test]
fn only_what_is_held_can_be_released() {
    let mut desk = Desk::new(0);
    let id = desk.ask(&[camera("gate")]).expect("free")[0].id;
    let event = desk.ledger.release(id).expect("held");
    desk.ledger.apply(2, 0, &event).expect("possible");
    assert_eq!(
        desk.ledger.release(id),
        Err(Refusal::NoSuchAllocation { id })
    );
    assert_eq!(desk.ledger.allocations().count(), 0);
}

#[test]
fn a_typing_error_is_told_before_a_shortage() {
    let mut desk = Desk::new(0);
    let mut batch = cameras(0..9);
    batch.push(camera("00:02:D1:1A:2B:3"));
    let (index, refusal) = desk.ask(&batch).expect_err("both wrong and too many");
    assert_eq!((index, refusal.code()), (9, "bad-device-id"));
}

#[test]
fn a_channel_for_a_time_ends_unless_it_is_renewed() {
    let mut desk = Desk::new(0);
    let lease = |device: &str, ttl: u32| Ask {
        ttl: Some(ttl),
        ..camera(device)
    };
    let until = |desk: &Desk, id| desk.ledger.allocation(id).expect("held").until;
    let id = desk.ask(&[lease("gate", 60)]).expect("free")[0].id;
    desk.ask(&[lease("door", 90), camera("roof")])
        .expect("free");
    assert_eq!(until(&desk, id), Some(60));
    assert_eq!(desk.ledger.expired(59), []);

    // Asking again renews, and so does a change; what is not for a time stays so.
    desk.now = 30;
    assert_eq!(desk.ask(&[lease("gate", 60)]).expect("held")[0].id, id);
    assert_eq!(until(&desk, id), Some(90));
    let roof = desk.ask(&[lease("roof", 60)]).expect("held")[0].id;
    assert_eq!(until(&desk, roof), None);
    let renew = |desk: &Desk, id, ttl| {
        let changed =
            desk.ledger
                .change(&desk.profile, (&desk.supply, 40), id, &Change::Renew(ttl));
        changed.map_err(|refusal| refusal.code())
    };
    assert_eq!(renew(&desk, roof, 60), Err("not-for-a-time"));
    assert_eq!(renew(&desk, id, TTL_MIN - 1), Err("bad-ttl"));
    assert_eq!(renew(&desk, id, TTL_MAX + 1), Err("bad-ttl"));
    let renewed = renew(&desk, id, 60).expect("it is for a time");
    desk.tell(&renewed[0]);
    assert_eq!(until(&desk, id), Some(100));
    let (_, refusal) = desk.ask(&[lease("yard", 0)]).expect_err("no time at all");
    assert_eq!(refusal.code(), "bad-ttl");

    // Those that ended are told in the order in which they did, and never twice.
    let ended = desk.ledger.expired(100);
    let devices = ended.iter().map(|event| match event {
        Event::Released {
            device,
            because: Why::Expired,
            ..
        } => device.as_str(),
        other => panic!("{other:?}"),
    });
    assert_eq!(devices.collect::<Vec<_>>(), ["door", "gate"]);
    for event in &ended {
        desk.tell(event);
    }
    assert_eq!(desk.ledger.expired(u64::MAX), []);
    assert_eq!(desk.ledger.allocations().count(), 1);
}

#[test]
fn asked_for_without_an_end_it_has_none_any_more() {
    let mut desk = Desk::new(0);
    let lease = Ask {
        ttl: Some(60),
        ..camera("gate")
    };
    let id = desk.ask(&[lease]).expect("free")[0].id;
    let again = desk.ask(&[camera("gate"), camera("gate")]).expect("held");
    assert_eq!(
        (again[0].id, again[0].changes.len(), again[1].changes.len()),
        (id, 1, 0)
    );
    assert_eq!(desk.ledger.expired(u64::MAX), []);
}
