//! States that nobody may overlook, each with what to do.

use tallykey_client::wire;

use super::{authentication_type, moment};
use crate::service::{AwayDongle, AwayPhase, Held, Kind, Snapshot, Suspicion};

pub(super) fn conflict(snapshot: &Snapshot, held: Held) -> wire::Conflict {
    wire::Conflict {
        active: authentication_type(snapshot.authentication_type),
        held: match held.kind {
            Kind::Dongle => wire::AuthenticationType::Dongle,
            Kind::Software => wire::AuthenticationType::Software,
        },
        asks: held.asks,
        next: "choose with `tallykey resolve --keep dongle|software`; `--dry-run` shows what would change"
            .into(),
    }
}

pub(super) fn away(away: &AwayDongle) -> wire::Away {
    let (phase, next) = match away.phase {
        AwayPhase::Debounce => (
            wire::AwayPhase::Debounce,
            "nothing, unless it was unplugged for good",
        ),
        AwayPhase::Grace => (
            wire::AwayPhase::Grace,
            "plug it in again; when the time is over, devices are suspended",
        ),
        AwayPhase::Exhausted => (
            wire::AwayPhase::Exhausted,
            "plug it in again, and suspended devices resume by themselves",
        ),
    };
    wire::Away {
        serial: away.serial.clone(),
        phase,
        left_s: away.left_ms / 1_000,
        next: next.into(),
    }
}

pub(super) fn clock_suspect(suspicion: Suspicion) -> wire::ClockSuspect {
    wire::ClockSuspect {
        wrong: suspicion.wrong.name().to_owned(),
        believed: moment(suspicion.believed_ms),
        left_s: suspicion.left_ms / 1_000,
        next: "set this host's clock right".into(),
    }
}
