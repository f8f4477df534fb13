//! What changed, for the log: whoever reads it must not have to ask the status to know that a dongle is
//! gone or that devices wait.

use super::super::snapshot::{AwayPhase, DongleStatus, Snapshot};

/// Logs the difference between what was published and what is published now.
pub(super) fn log(old: &Snapshot, new: &Snapshot) {
    if old.authentication_type != new.authentication_type {
        tracing::info!(
            was = old.authentication_type.name(),
            now = new.authentication_type.name(),
            "another source of channels is active"
        );
    }
    if old.held != new.held {
        match new.held {
            Some(held) if held.asks => tracing::warn!(
                held = held.kind.name(),
                active = new.authentication_type.name(),
                next = "tallykey resolve",
                "a source is held and counts 0: one kind at a time"
            ),
            Some(held) => tracing::info!(held = held.kind.name(), "a source is held, as chosen"),
            None => tracing::info!("no source is held any more"),
        }
    }
    for away in &new.away {
        let before = old
            .away
            .iter()
            .find(|one| one.thumbprint == away.thumbprint);
        if before.map(|one| one.phase) != Some(away.phase) {
            let (serial, left_s) = (&away.serial, away.left_ms / 1_000);
            match away.phase {
                AwayPhase::Debounce => tracing::info!(serial, "a dongle has not proved itself"),
                AwayPhase::Grace => {
                    tracing::warn!(
                        serial,
                        left_s,
                        "a dongle is away; its channels count on for a time"
                    );
                }
                AwayPhase::Exhausted => {
                    tracing::error!(
                        serial,
                        "a dongle is away for too long; its channels do not count"
                    );
                }
            }
        }
    }
    let wrong = |snapshot: &Snapshot| snapshot.clock.map(|it| it.wrong.name());
    match (wrong(old), wrong(new)) {
        (was, Some(wrong)) if was != Some(wrong) => {
            tracing::warn!(wrong, "the clock of this host is not believed");
        }
        (Some(_), None) => tracing::info!("the clock of this host is believed again"),
        _ => {}
    }
    if old.host_key_unbound != new.host_key_unbound {
        match new.host_key_unbound {
            0 => tracing::info!("every licence names the key of this host again"),
            licences => tracing::warn!(
                state = "host-key-unbound",
                licences,
                next = "tallykey request --purpose repair",
                "licences name another host key than this host has; they count by the machine"
            ),
        }
    }
    for (dongle, news) in dongles(&old.dongles, &new.dongles) {
        let serial = dongle.serial.as_deref().unwrap_or("(no serial)");
        match (news, &dongle.problem) {
            (News::Gone, _) => tracing::warn!(serial, state = dongle.state, "a dongle is gone"),
            (News::Now, None) => tracing::info!(serial, state = dongle.state, "a dongle is in use"),
            (News::Now, Some(problem)) => {
                tracing::warn!(
                    serial,
                    state = dongle.state,
                    next = problem.next,
                    "{}",
                    problem.detail
                );
            }
        }
    }
    for feature in &new.features {
        let before = old.features.iter().find(|one| one.id == feature.id);
        let (was, now) = (before.map_or(0, |one| one.suspended), feature.suspended);
        if now > was {
            tracing::warn!(
                feature = feature.id,
                suspended = now,
                total = feature.total,
                "channels are suspended"
            );
        } else if now < was {
            tracing::info!(
                feature = feature.id,
                suspended = now,
                total = feature.total,
                "channels are licensed again"
            );
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    Gone,
    Now,
}

/// Dongles whose serial or state was not there before, and those that are not there any more.
fn dongles<'a>(old: &'a [DongleStatus], new: &'a [DongleStatus]) -> Vec<(&'a DongleStatus, News)> {
    let same = |a: &DongleStatus, b: &DongleStatus| a.serial == b.serial && a.state == b.state;
    let appeared = new
        .iter()
        .filter(|one| !old.iter().any(|other| same(one, other)));
    let gone = old
        .iter()
        .filter(|one| !new.iter().any(|other| other.serial == one.serial));
    gone.map(|one| (one, News::Gone))
        .chain(appeared.map(|one| (one, News::Now)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(serial: &str, state: &'static str) -> DongleStatus {
        DongleStatus {
            serial: Some(serial.into()),
            state,
            problem: None,
            facts: None,
        }
    }

    #[test]
    fn only_what_changed_is_news() {
        let news = |old: &[DongleStatus], new: &[DongleStatus]| -> Vec<(String, News)> {
            let found = dongles(old, new).into_iter();
            found
                .map(|(one, news)| {
                    (
                        format!("{} {}", one.serial.as_deref().unwrap_or("-"), one.state),
                        news,
                    )
                })
                .collect()
        };
        let (open, busy) = (status("A", "open"), status("A", "busy"));
        assert_eq!(
            news(&[], std::slice::from_ref(&open)),
            [("A open".into(), News::Now)]
        );
        assert_eq!(
            news(std::slice::from_ref(&open), std::slice::from_ref(&open)),
            []
        );
        assert_eq!(
            news(std::slice::from_ref(&open), std::slice::from_ref(&busy)),
            [("A busy".into(), News::Now)]
        );
        assert_eq!(
            news(std::slice::from_ref(&open), &[]),
            [("A open".into(), News::Gone)]
        );
        assert_eq!(
            news(
                std::slice::from_ref(&open),
                &[open.clone(), status("B", "open")]
            ),
            [("B open".into(), News::Now)]
        );
    }
}
