use uuid::Uuid;

use super::*;
use crate::arbiter::{Kind, State, activate};
use crate::ledger::{Event, Pool};
use crate::licence::testing;

/// 1 January of 2023 and the years after it, Unix time in seconds.
const YEAR: [u64; 8] = [
    1_672_531_200,
    1_704_067_200,
    1_735_689_600,
    1_767_225_600,
    1_798_761_600,
    1_830_297_600,
    1_861_920_000,
    1_893_456_000,
];

const DAY: u64 = 24 * 3_600;

/// A line of cameras: how many, its plan, and when it begins and ends.
type Made = (u64, Plan, u64, Option<u64>);

fn active(lines: &[Made]) -> Active {
    let counts: Vec<_> = lines.iter().map(|line| ("camera", line.0)).collect();
    let mut made = lines.iter();
    let dongle = testing::with(testing::entitlement(1, &counts), |line| {
        let (_, plan, from, to) = made.next().expect("as many as were made");
        (line.plan, line.valid_from, line.valid_to) = (*plan, *from, *to);
    });
    activate(State::Only(Kind::Dongle), [dongle])
}

fn supply(active: &Active, now: u64) -> Supply {
    Supply::new(&testing::profile(), active, &Pool::default(), now)
}

/// Allocates cameras of one channel at a moment.
fn allocate(ledger: &mut Ledger, numbers: std::ops::Range<u64>, at: u64) {
    for number in numbers {
        let event = Event::Allocated {
            id: Uuid::from_u128(number.into()),
            device: format!("gate-{number}"),
            feature: "camera".into(),
            model: None,
            weight: 1,
            priority: 0,
            line: None,
            until: None,
        };
        let at = i64::try_from(at * 1_000).expect("a date");
        ledger.apply(number + 1, at, &event).expect("possible");
    }
}

fn camera(ledger: &Ledger, active: &Active, now: u64) -> Need {
    let need = ledger.need(&testing::profile(), (active, &supply(active, now)), now);
    need.into_iter().next().expect("cameras come first")
}

#[test]
fn a_subscription_lets_a_feature_grow_by_what_was_allocated_as_its_year_began() {
    let subscription = active(&[(4, Plan::Subscription, YEAR[0], Some(YEAR[4]))]);
    let mut ledger = Ledger::default();
    // 4 free and 4 paid: what has grown, may grow, is left.
    let balance = |ledger: &Ledger, active: &Active, now| {
        let balance = ledger.balance(&supply(active, now), "camera");
        let balance = balance.expect("a feature");
        (balance.growth_used, balance.growth, balance.available)
    };
    allocate(&mut ledger, 0..6, YEAR[0] + 40 * DAY);
    assert_eq!(
        balance(&ledger, &subscription, YEAR[1] - 1),
        (0, 0, 2),
        "nothing as it began"
    );
    assert_eq!(
        balance(&ledger, &subscription, YEAR[1]),
        (0, 6, 8),
        "6 as the second began"
    );
    allocate(&mut ledger, 6..12, YEAR[1] + DAY);
    assert_eq!(balance(&ledger, &subscription, YEAR[1] + DAY), (4, 6, 2));
    let paid = ledger.attribute(&supply(&subscription, YEAR[1] + DAY), "camera");
    assert_eq!(paid.map(|paid| paid.used("growth/camera")), Ok(4));
    // Growth does not rest on growth: of the 12, 8 are owned.
    assert_eq!(balance(&ledger, &subscription, YEAR[2]), (4, 8, 4));
    // Devices that went since do not make it less.
    for number in 0..9_u64 {
        let event = ledger
            .release(Uuid::from_u128(number.into()))
            .expect("held");
        let at = i64::try_from((YEAR[2] + DAY) * 1_000).expect("a date");
        ledger.apply(100 + number, at, &event).expect("possible");
    }
    assert_eq!(balance(&ledger, &subscription, YEAR[2] + DAY), (0, 8, 13));
    assert_eq!(
        balance(&ledger, &subscription, YEAR[3]),
        (0, 3, 8),
        "3 as the fourth began"
    );

    for plan in [Plan::Perpetual, Plan::FixedTerm] {
        let other = active(&[(4, plan, YEAR[0], Some(YEAR[4]))]);
        assert_eq!(balance(&ledger, &other, YEAR[3]).1, 0, "{plan:?}");
    }
    let ended = active(&[(4, Plan::Subscription, YEAR[0], Some(YEAR[2]))]);
    assert_eq!(balance(&ledger, &ended, YEAR[3]).1, 0, "it has ended");
}

#[test]
fn need_is_told_for_now_and_for_the_years_that_can_be_renewed() {
    let mut ledger = Ledger::default();
    allocate(&mut ledger, 0..12, YEAR[0] + 40 * DAY);
    let now = YEAR[1] + 31 * DAY;
    let shown = |lines: &[Made]| -> Vec<(u64, u64)> {
        let need = camera(&ledger, &active(lines), now);
        let all = std::iter::once(&need.now).chain(&need.years);
        all.map(|period| {
            assert_eq!(period.needed, 12);
            (period.owned, period.short)
        })
        .collect()
    };
    let sub =
        |count, from: usize, to: usize| (count, Plan::Subscription, YEAR[from], Some(YEAR[to]));
    // Owned and short, now and year by year; 4 are free.
    assert_eq!(shown(&[]), [(4, 8)]);
    assert_eq!(
        shown(&[(6, Plan::Perpetual, 0, None)]),
        [(10, 2)],
        "nothing ends"
    );
    let ends = [(8, 4), (4, 8), (4, 8), (4, 8), (4, 8), (4, 8)];
    assert_eq!(shown(&[sub(4, 0, 2)]), ends);
    let renewed = [(8, 4), (14, 0), (4, 8), (4, 8), (4, 8), (4, 8)];
    assert_eq!(
        shown(&[sub(4, 0, 2), sub(10, 2, 3)]),
        renewed,
        "renewed ahead"
    );
    // A term that ends within a year is missing from then on.
    let term = (8, Plan::FixedTerm, YEAR[0], Some(YEAR[3] + 100 * DAY));
    let within = [(16, 0), (12, 0), (4, 8), (4, 8), (4, 8), (4, 8)];
    assert_eq!(shown(&[sub(4, 0, 2), term]), within);

    let need = camera(&ledger, &active(&[sub(4, 0, 2)]), now);
    let times: Vec<_> = need.years.iter().map(|year| (year.from, year.to)).collect();
    let years = YEAR[2..].windows(2).map(|year| (year[0], Some(year[1])));
    assert_eq!(times, years.collect::<Vec<_>>());
    assert_eq!((need.now.from, need.now.to), (now, Some(YEAR[2])));
}

#[test]
fn a_parked_line_is_owned_and_a_line_for_listed_devices_is_owned_for_them() {
    let mut ledger = Ledger::default();
    allocate(&mut ledger, 0..6, YEAR[0]);
    let listed = testing::with(testing::entitlement(1, &[("camera", 9)]), |line| {
        line.only = Some([[0, 2, 0xD1, 0, 0, 1]].into());
    });
    let listed = activate(State::Only(Kind::Dongle), [listed]);
    let need = camera(&ledger, &listed, YEAR[0]);
    assert_eq!(
        (need.now.owned, need.now.short),
        (13, 2),
        "no gate is on the list"
    );

    let open = active(&[(2, Plan::Perpetual, 0, None)]);
    let mut parked = Pool::default();
    parked.parked.insert("TK-0001/tallykey-vms/1".into());
    let stock = Supply::new(&testing::profile(), &open, &parked, YEAR[0]);
    let need = ledger.need(&testing::profile(), (&open, &stock), YEAR[0]);
    assert_eq!((need[0].now.owned, need[0].now.short), (6, 0));
}
