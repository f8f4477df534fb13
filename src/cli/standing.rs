//! States that nobody may overlook, at the head of `tallykey status`.

use tallykey_client::wire::{
    Away, AwayPhase, ClockSuspect, Conflict, HostKeyUnbound, Return, Status,
};

use super::{
    table::Tone,
    text::{count, plain},
};

pub(super) fn readable(status: &Status) -> String {
    let mut out = String::new();
    if let Some(conflict) = &status.conflict {
        out.push_str(&of_conflict(conflict));
    }
    for away in &status.away {
        out.push_str(&of_away(away));
    }
    for one in &status.returns {
        out.push_str(&of_return(one));
    }
    if let Some(suspect) = &status.clock_suspect {
        out.push_str(&of_clock(suspect));
    }
    if let Some(unbound) = &status.host_key_unbound {
        out.push_str(&of_host_key(unbound));
    }
    out
}

fn of_host_key(unbound: &HostKeyUnbound) -> String {
    let licences = count(unbound.licences, "licence");
    let what = format!(
        "*** HOST KEY UNBOUND ***  {licences} made out to another host key; what they give counts by the machine."
    );
    notice(Tone::Warning, &what, &unbound.next)
}

pub(super) fn of_conflict(conflict: &Conflict) -> String {
    let Conflict {
        active,
        held,
        asks,
        next,
    } = conflict;
    if !asks {
        return format!("{held} is held and counts 0: somebody chose {active}\n\n");
    }
    let what = format!("*** CONFLICT ***  {active} is active, {held} is held and counts 0.");
    notice(Tone::Bad, &what, next)
}

fn of_away(away: &Away) -> String {
    let serial = plain(&away.serial);
    let left = duration(away.left_s);
    let (tone, what) = match away.phase {
        AwayPhase::Debounce => (
            Tone::Plain,
            format!("{serial} has just gone, or has not proved itself yet."),
        ),
        AwayPhase::Grace => (
            Tone::Warning,
            format!("*** UNPLUGGED ***  {serial} is away: its channels count for {left} more."),
        ),
        AwayPhase::Exhausted => (
            Tone::Bad,
            format!(
                "*** UNPLUGGED ***  {serial} was away for too long: its channels do not count."
            ),
        ),
    };
    notice(tone, &what, &away.next)
}

fn of_return(one: &Return) -> String {
    let licence = plain(&one.licence);
    match (&one.sent, &one.file) {
        (Some(sent), Some(file)) => format!(
            "the return of licence {licence} was confirmed with {} on {}\n   next: {}\n\n",
            plain(file),
            sent.strftime("%Y-%m-%d"),
            plain(&one.next)
        ),
        _ => {
            let what = format!(
                "*** RETURN WAITS ***  Licence {licence} lowered the counts here, and the vendor waits for a confirmation."
            );
            notice(Tone::Warning, &what, &one.next)
        }
    }
}

fn of_clock(suspect: &ClockSuspect) -> String {
    let how = match suspect.wrong.as_str() {
        "behind" => "is behind a time that this host has seen",
        _ => "leapt ahead",
    };
    let what = format!(
        "*** CLOCK SUSPECT ***  The clock {how}; lines are judged at {:.0} for {} of running more.",
        suspect.believed,
        duration(suspect.left_s)
    );
    notice(Tone::Warning, &what, &suspect.next)
}

fn notice(tone: Tone, what: &str, next: &str) -> String {
    format!("{}\n   next: {}\n\n", tone.paint(what), plain(next))
}

/// The two largest units, as a person says it.
fn duration(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, _) => format!("{hours} h {} min", minutes % 60),
        (days, ..) => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_in_two_units() {
        let table = [
            (0, "0 s"),
            (59, "59 s"),
            (61, "1 min 1 s"),
            (3_599, "59 min 59 s"),
            (4 * 3_600 + 120, "4 h 2 min"),
            (3 * 86_400 - 1, "2 d 23 h"),
        ];
        for (seconds, told) in table {
            assert_eq!(duration(seconds), told);
        }
    }
}
