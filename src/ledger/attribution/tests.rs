use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::arbiter::{Active, Kind, State, activate};
use crate::ledger::{DeviceId, Event, Pool};
use crate::licence::{Line, Policy, testing};

/// A line of the tests: channels, when it ends, and the devices it pays for if not for all.
#[derive(Debug, Clone)]
struct Made {
    count: u64,
    end: Option<u64>,
    only: Option<BTreeSet<u8>>,
}

fn mac(number: u8) -> [u8; 6] {
    [0x00, 0x02, 0xD1, 0, 0, number]
}

fn device(number: u8) -> String {
    format!("00:02:D1:00:00:{number:02X}")
}

/// A dongle with these camera lines, numbered from 1.
fn active(dongle: u8, lines: &[Made]) -> Active {
    activate(State::Only(Kind::Dongle), [entitlement(dongle, lines)])
}

fn entitlement(dongle: u8, lines: &[Made]) -> crate::licence::Entitlement {
    let counts: Vec<_> = lines.iter().map(|line| ("camera", line.count)).collect();
    let mut made = lines.iter();
    testing::with(testing::entitlement(dongle, &counts), |line: &mut Line| {
        let made = made.next().expect("as many as were made");
        line.valid_to = made.end;
        line.only = made
            .only
            .as_ref()
            .map(|only| only.iter().copied().map(mac).collect());
    })
}

fn line(dongle: u8, number: usize) -> String {
    format!("TK-{dongle:04}/tallykey-vms/{number}")
}

fn pool(policy: Policy, parked: &[String]) -> Pool {
    Pool {
        policy: Some(policy),
        parked: parked.iter().cloned().collect(),
    }
}

/// One allocation of the tests: the number of its device, what it costs, its priority, and the
/// line that is named for it.
#[derive(Debug, Clone)]
struct Wanted {
    device: u8,
    weight: u32,
    priority: i32,
    line: Option<String>,
}

fn ledger(wanted: &[Wanted]) -> Ledger {
    let mut ledger = Ledger::default();
    for (seq, one) in (1_u64..).zip(wanted) {
        let event = Event::Allocated {
            id: id(seq),
            device: device(one.device),
            feature: "camera".into(),
            model: None,
            weight: one.weight,
            priority: one.priority,
            line: one.line.clone(),
            until: None,
        };
        ledger.apply(seq, 0, &event).expect("devices differ");
    }
    ledger
}

fn id(seq: u64) -> Uuid {
    Uuid::from_u128(seq.into())
}

fn plain(device: u8, weight: u32) -> Wanted {
    Wanted {
        device,
        weight,
        priority: 0,
        line: None,
    }
}

/// Who pays for each allocation, as `line=channels` with the short name of the line.
fn shown(ledger: &Ledger, supply: &Supply) -> Vec<String> {
    let paid = ledger.attribute(supply, "camera").expect("a feature");
    let mut all: Vec<_> = ledger.allocations().collect();
    all.sort_by_key(|one| one.order);
    let short = |payment: &Payment| {
        let name = payment.line.rsplit('/').next().expect("a last part");
        let name = if payment.line.starts_with("free/") {
            "free"
        } else {
            name
        };
        format!("{name}={}", payment.channels)
    };
    all.iter()
        .map(|one| {
            paid.of(one.id)
                .iter()
                .map(short)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

#[test]
fn the_policy_says_which_line_pays() {
    let made = |count, end| Made {
        count,
        end,
        only: None,
    };
    // 4 free; line 1 for ever, line 2 ends last, line 3 ends soonest.
    let active = active(1, &[made(2, None), made(2, Some(900)), made(3, Some(500))]);
    let ledger = ledger(&[plain(1, 4), plain(2, 1), plain(3, 4), plain(4, 1)]);
    let table: [(Policy, &[String], u64, [&str; 4]); 5] = [
        (
            Policy::ShortestFirst,
            &[],
            0,
            ["free=4", "3=1", "3=2 2=2", "1=1"],
        ),
        (
            Policy::LongestFirst,
            &[],
            0,
            ["free=4", "1=1", "1=1 2=2 3=1", "3=1"],
        ),
        (
            Policy::Explicit,
            &[],
            0,
            ["free=4", "1=1", "1=1 2=2 3=1", "3=1"],
        ),
        // A line that ends takes its channels with it: the next one pays, the newest waits.
        (Policy::ShortestFirst, &[], 500, ["free=4", "2=1", "", ""]),
        (
            Policy::ShortestFirst,
            &[line(1, 2)],
            0,
            ["free=4", "3=1", "3=2 1=2", ""],
        ),
    ];
    for (policy, parked, now, expected) in table {
        let supply = Supply::new(&testing::profile(), &active, &pool(policy, parked), now);
        let found = shown(&ledger, &supply);
        assert_eq!(found, expected, "{policy:?} at {now} without {parked:?}");
    }
}

#[test]
fn a_named_line_pays_as_far_as_it_reaches() {
    let made = |count| Made {
        count,
        end: None,
        only: None,
    };
    let active = active(1, &[made(2), made(3)]);
    let named = |device, weight, number| Wanted {
        line: Some(line(1, number)),
        ..plain(device, weight)
    };
    let ledger = ledger(&[plain(1, 1), named(2, 2, 2), named(3, 4, 2), named(4, 2, 9)]);
    let supply = Supply::new(&testing::profile(), &active, &Pool::default(), 0);
    // The third takes the one channel that line 2 has left, and others for the rest; a line that is
    // not there any more leaves it to the policy.
    assert_eq!(
        shown(&ledger, &supply),
        ["free=1", "2=2", "2=1 free=3", "1=2"]
    );
    let balance = ledger.balance(&supply, "camera").expect("a feature");
    assert_eq!((balance.used, balance.free_used), (9, 4));
}

#[test]
fn a_line_for_listed_devices_pays_for_them_and_nobody_else() {
    let listed = |count, devices: &[u8]| Made {
        count,
        end: None,
        only: Some(devices.iter().copied().collect()),
    };
    // 4 free, 1 for devices 1 and 2, 1 for devices 1 and 3.
    let active = active(1, &[listed(1, &[1, 2]), listed(1, &[1, 3])]);
    let supply = Supply::new(&testing::profile(), &active, &Pool::default(), 0);
    let table: [(&[Wanted], &[&str], u64); 5] = [
        (&[plain(9, 1), plain(1, 1)], &["free=1", "1=1"], 3),
        // What line 1 paid goes over to line 2, so that both are paid.
        (&[plain(1, 1), plain(2, 1)], &["2=1", "1=1"], 4),
        (
            &[plain(1, 1), plain(2, 1), plain(3, 1)],
            &["2=1", "1=1", "free=1"],
            3,
        ),
        (&[plain(1, 4)], &["1=1 2=1 free=2"], 2),
        // Behind one that waits, those count that only such lines pay for.
        (
            &[plain(9, 4), plain(8, 1), plain(7, 1), plain(3, 1)],
            &["free=4", "", "", "2=1"],
            0,
        ),
    ];
    for (wanted, expected, available) in table {
        let ledger = ledger(wanted);
        assert_eq!(shown(&ledger, &supply), expected, "{wanted:?}");
        let balance = ledger.balance(&supply, "camera").expect("a feature");
        assert_eq!(balance.available, available, "{wanted:?}");
    }
}

/// The most that the listed lines can pay for these devices, by the minimum cut over every set of
/// lines.
fn most(lines: &[&Made], devices: &[&Wanted]) -> u64 {
    let sets = 0..1_u32 << lines.len();
    let cut = |set: u32| {
        let in_set = |line: &usize| set >> line & 1 == 1;
        let lists = |line: &usize, device: u8| {
            let only = lines[*line].only.as_ref();
            only.is_some_and(|only| only.contains(&device))
        };
        let capacity: u64 = (0..lines.len())
            .filter(in_set)
            .map(|line| lines[line].count)
            .sum();
        let reached = devices
            .iter()
            .filter(|one| (0..lines.len()).any(|line| !in_set(&line) && lists(&line, one.device)));
        capacity + reached.map(|one| u64::from(one.weight)).sum::<u64>()
    };
    sets.map(cut).min().unwrap_or(0)
}

fn made() -> impl Strategy<Value = Made> {
    let only = prop_oneof![
        3 => Just(None),
        2 => proptest::collection::btree_set(0..12_u8, 0..6).prop_map(Some),
    ];
    let end = prop_oneof![Just(None), (1..4_u64).prop_map(Some)];
    (0..6_u64, end, only).prop_map(|(count, end, only)| Made { count, end, only })
}

fn wanted() -> impl Strategy<Value = Vec<Wanted>> {
    let one = (1..5_u32, -1..2, proptest::option::of((1..3_u8, 1..5_usize)));
    proptest::collection::btree_map(0..12_u8, one, 0..12).prop_map(|all| {
        let all = all.into_iter();
        all.map(|(device, (weight, priority, named))| Wanted {
            device,
            weight,
            priority,
            line: named.map(|(dongle, number)| line(dongle, number)),
        })
        .collect()
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    prop_oneof![
        Just(Policy::ShortestFirst),
        Just(Policy::LongestFirst),
        Just(Policy::Explicit)
    ]
}

proptest! {
    #[test]
    fn every_licensed_channel_is_paid_once_by_a_line_that_may(
        dongles in proptest::collection::vec(proptest::collection::vec(made(), 0..4), 2),
        wanted in wanted(),
        parked in proptest::collection::vec((1..3_u8, 1..4_usize), 0..2),
        policy in policy(),
        now in 0..4_u64,
    ) {
        let profile = testing::profile();
        let parked: Vec<String> = parked.into_iter().map(|(dongle, number)| line(dongle, number)).collect();
        let pool = pool(policy, &parked);
        let given = [entitlement(1, &dongles[0]), entitlement(2, &dongles[1])];
        let supply = |given: [crate::licence::Entitlement; 2]| {
            Supply::new(&profile, &activate(State::Only(Kind::Dongle), given), &pool, now)
        };
        let [first, second] = given.clone();
        let ledger = ledger(&wanted);
        let paid = ledger.attribute(&supply(given.clone()), "camera").expect("a feature");
        // Which dongle was seen first makes no difference.
        let turned = ledger.attribute(&supply([second, first]), "camera").expect("a feature");
        prop_assert_eq!(&paid, &turned);

        let supply = supply(given);
        let balance = ledger.balance(&supply, "camera").expect("a feature");
        // The lines in the pool now, with their ids.
        let lines: Vec<(String, &Made)> = [1_u8, 2].iter().zip(&dongles)
            .flat_map(|(dongle, lines)| (1..).zip(lines).map(|(number, made)| (line(*dongle, number), made)))
            .filter(|(id, made)| !parked.contains(id) && made.end.is_none_or(|end| now < end))
            .collect();
        let (mut used, mut by_line) = (0, BTreeMap::<String, u64>::new());
        for allocation in ledger.allocations() {
            let payments = paid.of(allocation.id);
            let sum: u64 = payments.iter().map(|payment| payment.channels).sum();
            let weight = u64::from(allocation.weight);
            prop_assert_eq!(sum, if balance.licenses(allocation) { weight } else { 0 });
            used += sum;
            for payment in payments {
                *by_line.entry(payment.line.clone()).or_default() += payment.channels;
                let made = lines.iter().find(|(id, _)| *id == payment.line);
                let may = made.map_or(payment.line == "free/camera", |(_, made)| {
                    let number = allocation.device.mac().expect("all are MACs")[5];
                    made.only.as_ref().is_none_or(|only| only.contains(&number))
                });
                prop_assert!(may, "{payment:?} for {}", allocation.device);
            }
        }
        prop_assert_eq!(used, balance.used);
        prop_assert_eq!(paid.used("free/camera"), balance.free_used);
        for (id, sum) in &by_line {
            let count = lines.iter().find(|(line, _)| line == id).map_or(4, |(_, made)| made.count);
            prop_assert!(*sum <= count, "{id} pays {sum} of {count}");
            prop_assert_eq!(paid.used(id), *sum);
        }

        // No more is taken of what anybody could use than must be, and nobody waits without need.
        let listed: Vec<&Made> = lines.iter().map(|(_, made)| *made).filter(|made| made.only.is_some()).collect();
        let common = 4 + lines.iter().filter(|(_, made)| made.only.is_none()).map(|(_, made)| made.count).sum::<u64>();
        let mut before: Vec<&Wanted> = Vec::new();
        let mut fits = true;
        for allocation in ledger.allocations() {
            let number = allocation.device.mac().expect("all are MACs")[5];
            before.push(wanted.iter().find(|one| one.device == number).expect("one of ours"));
            let all: u64 = before.iter().map(|one| u64::from(one.weight)).sum();
            fits = fits && all - most(&listed, &before) <= common;
            if fits {
                prop_assert!(balance.licenses(allocation), "{} waits", allocation.device);
            } else {
                let alone = paid.of(allocation.id).iter().all(|payment| {
                    lines.iter().any(|(id, made)| *id == payment.line && made.only.is_some())
                });
                prop_assert!(alone, "{} counts behind a gap", allocation.device);
            }
        }
        if fits {
            let all: u64 = before.iter().map(|one| u64::from(one.weight)).sum();
            prop_assert_eq!(balance.available, common - (all - most(&listed, &before)));
        }
    }

    #[test]
    fn where_everything_fits_the_short_way_counts_as_the_walk_does(
        lines in proptest::collection::vec(made(), 0..4),
        wanted in wanted(),
    ) {
        let open: Vec<Made> = lines.into_iter().map(|made| Made { only: None, end: None, count: made.count * 8 }).collect();
        let supply = Supply::new(&testing::profile(), &active(1, &open), &Pool::default(), 0);
        let ledger = ledger(&wanted);
        let paid = ledger.attribute(&supply, "camera").expect("a feature");
        let balance = ledger.balance(&supply, "camera").expect("a feature");
        prop_assert_eq!(balance.free_used, paid.used("free/camera"));
        prop_assert_eq!(balance.used + balance.suspended, wanted.iter().map(|one| u64::from(one.weight)).sum::<u64>());
    }
}

#[test]
fn a_device_without_a_mac_is_on_no_list() {
    let supply = {
        let all = Made {
            count: 9,
            end: None,
            only: Some((0..12).collect()),
        };
        Supply::new(&testing::profile(), &active(1, &[all]), &Pool::default(), 0)
    };
    let room = Ledger::default().room(&supply, "camera");
    let mut room = room.expect("a feature");
    let other = DeviceId::parse("SN-4711").expect("an id");
    assert_eq!(room.listed.group(&other), None);
    assert_eq!((room.balance.total, room.balance.available), (13, 4));
}
