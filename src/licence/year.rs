//! Subscription years: from one anniversary of the purchase to the next, by the calendar (UTC).

use jiff::{Span, Timestamp, tz::TimeZone};

/// The anniversary `years` after `start`, both Unix time in seconds. Of 29 February it is 28
/// February where there is no other. None beyond the calendar.
#[must_use]
pub fn anniversary(start: u64, years: i64) -> Option<u64> {
    let start = Timestamp::from_second(i64::try_from(start).ok()?).ok()?;
    let span = Span::new().try_years(years).ok()?;
    let then = start.to_zoned(TimeZone::UTC).checked_add(span).ok()?;
    u64::try_from(then.timestamp().as_second()).ok()
}

/// How many whole years have passed from `start` to `now`, both Unix time in seconds.
pub(super) fn years_between(start: u64, now: u64) -> Option<i64> {
    let year = |moment: u64| {
        let moment = Timestamp::from_second(i64::try_from(moment).ok()?).ok()?;
        Some(i64::from(moment.to_zoned(TimeZone::UTC).year()))
    };
    let years = year(now)? - year(start)?;
    let passed = anniversary(start, years)? <= now;
    Some(if passed { years } else { years - 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(text: &str) -> u64 {
        let moment: Timestamp = format!("{text}T12:00:00Z").parse().expect("a date");
        u64::try_from(moment.as_second()).expect("after 1970")
    }

    #[test]
    fn years_are_those_of_the_calendar() {
        // Start, years, then.
        for (start, years, then) in [
            ("2023-03-01", 1, "2024-03-01"),
            ("2024-02-29", 1, "2025-02-28"),
            ("2024-02-29", 4, "2028-02-29"),
            ("2024-12-31", 0, "2024-12-31"),
        ] {
            assert_eq!(anniversary(second(start), years), Some(second(then)));
        }
        assert_eq!(anniversary(u64::MAX, 1), None);
        // Start, now, years passed.
        for (start, now, years) in [
            ("2023-03-01", "2023-03-01", 0),
            ("2023-03-01", "2024-02-29", 0),
            ("2023-03-01", "2024-03-01", 1),
            ("2024-02-29", "2025-02-28", 1),
            ("2020-12-31", "2025-01-01", 4),
        ] {
            assert_eq!(years_between(second(start), second(now)), Some(years));
        }
    }
}
