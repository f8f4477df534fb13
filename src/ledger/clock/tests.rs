use super::*;

const NOW: i64 = 1_700_000_000_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = DAY_MS;
const YEAR: i64 = 365 * DAY;

/// Running time, hour by hour, the host's clock `off` by so much.
fn run(clock: &mut Clock, hours: i64, mut wall: impl FnMut(i64) -> i64) {
    for hour in 1..=hours {
        clock.look(wall(hour), HOUR.unsigned_abs());
    }
}

#[test]
fn a_right_clock_is_followed_and_never_back() {
    let mut clock = Clock::new(NOW);
    clock.look(NOW + 1_000, 1_000);
    assert_eq!(clock.now_ms(), NOW + 1_000);
    // A small step back, as time services do it.
    clock.look(NOW + 1_000 - BEHIND_MS, 0);
    assert_eq!((clock.now_ms(), clock.suspicion()), (NOW + 1_000, None));
    // A month switched off.
    clock.look(NOW + 30 * DAY, 0);
    assert_eq!((clock.now_ms(), clock.suspicion()), (NOW + 30 * DAY, None));
}

#[test]
fn a15_a_clock_set_back_changes_nothing_and_its_floor_holds() {
    let mut clock = Clock::new(NOW);
    clock.look(NOW - YEAR, 1_000);
    let suspicion = clock.suspicion().expect("it is suspect");
    assert_eq!(
        (suspicion.wrong, suspicion.believed_ms),
        (Wrong::Behind, NOW)
    );
    // Two weeks of running time in which lines keep the state they have …
    run(&mut clock, 13 * 24, |hour| NOW - YEAR + hour * HOUR);
    assert_eq!(clock.now_ms(), NOW);
    // … then what has passed is believed, and goes on.
    run(&mut clock, 3 * 24, |hour| {
        NOW - YEAR + (13 * 24 + hour) * HOUR
    });
    let late = clock.now_ms() - (NOW + 16 * DAY);
    assert!((0..=2_000).contains(&late), "{late} ms");
    assert!(clock.suspicion().is_some_and(|it| it.left_ms == 0));
    // Set right again it is believed.
    clock.look(NOW + 16 * DAY + HOUR, HOUR.unsigned_abs());
    assert_eq!(clock.suspicion(), None);
}

#[test]
fn a15_a_leap_ahead_by_mistake_locks_nobody_out() {
    let mut clock = Clock::new(NOW);
    clock.look(NOW + 10 * YEAR, 1_000);
    let suspicion = clock.suspicion().expect("it is suspect");
    assert_eq!(
        (suspicion.wrong, suspicion.believed_ms),
        (Wrong::Ahead, NOW)
    );
    // Set right after a week: as if nothing had been.
    run(&mut clock, 7 * 24, |hour| NOW + 10 * YEAR + hour * HOUR);
    assert_eq!(clock.now_ms(), NOW);
    clock.look(NOW + 7 * DAY, 1_000);
    assert_eq!((clock.now_ms(), clock.suspicion()), (NOW + 7 * DAY, None));
    // Left so, it is believed when the budget is used up.
    let mut clock = Clock::new(NOW);
    run(&mut clock, 15 * 24, |hour| NOW + 10 * YEAR + hour * HOUR);
    assert_eq!(clock.suspicion(), None);
    assert_eq!(clock.now_ms(), NOW + 10 * YEAR + 15 * DAY);
}

#[test]
fn a15_a_time_token_repairs_it() {
    let mut clock = Clock::new(NOW);
    run(&mut clock, 15 * 24, |hour| NOW + 10 * YEAR + hour * HOUR);
    // A token that answers no question of this host raises only.
    clock.set(NOW + 20 * DAY, false);
    assert_eq!(clock.now_ms(), NOW + 10 * YEAR + 15 * DAY);
    clock.set(NOW + 20 * DAY, true);
    assert_eq!(clock.now_ms(), NOW + 20 * DAY);
    clock.look(NOW + 20 * DAY + 1_000, 1_000);
    assert_eq!(
        (clock.now_ms(), clock.suspicion()),
        (NOW + 20 * DAY + 1_000, None)
    );
}

#[test]
fn a15_a_time_token_comes_before_the_clock_is_set_right() {
    let mut clock = Clock::new(NOW);
    let wrong = |hour: i64| NOW + 10 * YEAR + hour * HOUR;
    run(&mut clock, 15 * 24, wrong);
    clock.set(NOW + 15 * DAY, true);
    // Still wrong, and not believed again at once.
    clock.look(wrong(15 * 24 + 1), HOUR.unsigned_abs());
    assert_eq!(clock.now_ms(), NOW + 15 * DAY);
    assert!(clock.suspicion().is_some_and(|it| it.left_ms > 0));
    clock.look(NOW + 15 * DAY + 2 * HOUR, HOUR.unsigned_abs());
    assert_eq!(
        (clock.now_ms(), clock.suspicion()),
        (NOW + 15 * DAY + 2 * HOUR, None)
    );
}

#[test]
fn the_budget_is_earned_back_slowly() {
    let mut clock = Clock::new(NOW);
    run(&mut clock, 14 * 24, |hour| NOW - YEAR + hour * HOUR);
    clock.look(NOW + 14 * DAY, 0);
    assert_eq!(clock.suspicion(), None);
    clock.look(NOW + 14 * DAY - YEAR, 1_000);
    assert!(
        clock.suspicion().is_some_and(|it| it.left_ms == 0),
        "none is left"
    );
    run(&mut clock, 24 * 24, |hour| NOW + 14 * DAY + hour * HOUR);
    clock.look(NOW, 0);
    let left = clock.suspicion().map(|it| it.left_ms);
    assert_eq!(left, Some(DAY.unsigned_abs()));
}
