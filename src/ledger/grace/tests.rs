use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1_000;
const HOUR: u64 = 3_600 * SECOND;

const BUDGET: Budget = Budget {
    debounce_ms: 30 * SECOND,
    full_ms: 72 * HOUR,
    first_ms: 4 * HOUR,
};

fn full() -> Grace {
    let mut grace = Grace::first(&BUDGET);
    grace.stay(68 * 24 * HOUR, &BUDGET);
    grace
}

#[test]
fn it_is_debounced_then_counted_then_used_up() {
    let mut grace = full();
    assert_eq!(grace.phase(true, &BUDGET), Phase::Present);
    let table = [
        (0, Phase::Debounce { left_ms: 72 * HOUR }),
        (
            29 * SECOND,
            Phase::Debounce {
                left_ms: 72 * HOUR - 29 * SECOND,
            },
        ),
        (
            SECOND,
            Phase::Grace {
                left_ms: 72 * HOUR - 30 * SECOND,
            },
        ),
        (
            71 * HOUR,
            Phase::Grace {
                left_ms: HOUR - 30 * SECOND,
            },
        ),
        (HOUR - 31 * SECOND, Phase::Grace { left_ms: SECOND }),
        (SECOND, Phase::Exhausted),
        (HOUR, Phase::Exhausted),
    ];
    for (elapsed, phase) in table {
        grace.miss(elapsed);
        assert_eq!(grace.phase(false, &BUDGET), phase, "{elapsed} ms later");
    }
}

#[test]
fn plugging_in_for_a_second_refills_nothing() {
    let mut grace = full();
    grace.miss(73 * HOUR);
    grace.back();
    grace.stay(SECOND, &BUDGET);
    assert_eq!(grace.saved_ms(), 1_000 / 24);
    grace.stay(24 * HOUR, &BUDGET);
    assert_eq!(grace.saved_ms(), HOUR + 1_000 / 24);
}

#[test]
fn a_first_meeting_starts_with_the_first_budget_and_earns_the_rest() {
    let mut grace = Grace::first(&BUDGET);
    assert_eq!(grace.saved_ms(), 4 * HOUR);
    grace.stay(24 * HOUR, &BUDGET);
    assert_eq!(grace.saved_ms(), 5 * HOUR);
    grace.stay(u64::MAX, &BUDGET);
    assert_eq!(grace.saved_ms(), 72 * HOUR);
}

#[test]
fn what_is_earned_second_by_second_is_what_is_earned_at_once() {
    let (mut often, mut once) = (Grace::forgotten(), Grace::forgotten());
    for _ in 0..86_400 {
        often.stay(SECOND, &BUDGET);
    }
    once.stay(24 * HOUR, &BUDGET);
    assert_eq!(often, once);
    assert_eq!(once.saved_ms(), HOUR);
}

#[test]
fn a16_a_restored_older_state_has_no_more_grace_than_the_clock_leaves_it() {
    let snapshot = full();
    let mut restored = snapshot;
    // 80 hours later the disk is put back; the dongle is away.
    restored.restart(80 * HOUR, &BUDGET);
    // One wait for a dongle that may be there, and no more.
    assert_eq!(
        restored.phase(false, &BUDGET),
        Phase::Debounce {
            left_ms: 30 * SECOND
        }
    );
    restored.miss(30 * SECOND);
    assert_eq!(restored.phase(false, &BUDGET), Phase::Exhausted);
    restored.restart(0, &BUDGET);
    assert_eq!(restored.phase(false, &BUDGET), Phase::Exhausted);
}

#[test]
fn a_weekend_switched_off_costs_a_plugged_dongle_nothing() {
    let mut grace = full();
    grace.restart(60 * HOUR, &BUDGET);
    grace.miss(3 * SECOND);
    grace.back();
    assert_eq!(grace.saved_ms(), 72 * HOUR - 3 * SECOND);
}

#[test]
fn restarting_again_and_again_buys_no_time() {
    let mut grace = Grace::first(&BUDGET);
    let mut counted_ms = 0;
    for _ in 0..10_000 {
        grace.restart(0, &BUDGET);
        for _ in 0..25 {
            grace.miss(SECOND);
            if grace.phase(false, &BUDGET).counts() {
                counted_ms += SECOND;
            }
        }
    }
    assert!(counted_ms <= 4 * HOUR, "{counted_ms} ms");
}

#[test]
fn what_was_used_up_before_a_restart_is_not_waited_for() {
    let mut grace = full();
    grace.miss(72 * HOUR);
    grace.restart(0, &BUDGET);
    assert_eq!(grace.phase(false, &BUDGET), Phase::Exhausted);
}

#[test]
fn a_forgotten_dongle_has_none() {
    let mut grace = Grace::forgotten();
    grace.restart(0, &BUDGET);
    assert_eq!(grace.phase(false, &BUDGET), Phase::Exhausted);
}

#[derive(Debug, Clone)]
enum Step {
    Here(u64),
    Away(u64),
    Off(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let ms = 0..200 * HOUR;
    prop_oneof![
        ms.clone().prop_map(Step::Here),
        ms.clone().prop_map(Step::Away),
        ms.prop_map(Step::Off),
    ]
}

proptest! {
    /// However it is plugged and unplugged: what is used without the dongle is at most the first budget, what
    /// presence earned, and one wait for each time it was really here.
    #[test]
    fn what_is_used_was_earned(steps in prop::collection::vec(step(), 0..40)) {
        let mut grace = Grace::first(&BUDGET);
        let (mut used, mut earned) = (0, BUDGET.first_ms);
        for step in steps {
            match step {
                Step::Here(ms) => {
                    grace.back();
                    grace.stay(ms, &BUDGET);
                    earned += ms / 24 + 1 + BUDGET.debounce_ms;
                }
                Step::Away(ms) => {
                    used += match grace.phase(false, &BUDGET) {
                        Phase::Debounce { left_ms } | Phase::Grace { left_ms } => left_ms.min(ms),
                        Phase::Present | Phase::Exhausted => 0,
                    };
                    grace.miss(ms);
                }
                Step::Off(ms) => grace.restart(ms, &BUDGET),
            }
        }
        prop_assert!(used <= earned + BUDGET.debounce_ms, "{used} ms used, {earned} ms earned");
    }
}
