//! States that nobody may overlook, each with what to do.

use tallykey_client::wire;

use super::{authentication_type, line_id, moment};
use crate::licence::machine_binding::{Drift, Standing, name};
use crate::service::{AwayDongle, AwayPhase, Held, Kind, LicenceStatus, Role, Snapshot, Suspicion};

pub(in crate::api) fn conflict(snapshot: &Snapshot, held: Held) -> wire::Conflict {
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

pub(super) fn licence(licence: &LicenceStatus, reader: Role) -> wire::Licence {
    let (state, until) = match &licence.standing {
        Ok(Standing::Holds) if licence.unbound => ("host-key-unbound", None),
        Ok(Standing::Holds) => ("holds", None),
        Ok(Standing::InGrace { until }) => ("machine-grace", Some(*until)),
        Ok(Standing::Out) => ("machine-changed", None),
        Err(refusal) => (refusal.code(), None),
    };
    let problem = match &licence.standing {
        Err(refusal) => Some(format!("{refusal}; next: {}", refusal.next())),
        Ok(_) if licence.unbound => Some(format!(
            "it names another host key than this host has; next: {REPAIR}"
        )),
        Ok(_) => None,
    };
    let seconds = |s: u64| i64::try_from(s).unwrap_or(i64::MAX).saturating_mul(1_000);
    let drift = |drift: &Drift| format!("{} {}", name(drift.part), drift.change.name());
    wire::Licence {
        id: line_id(licence.id.clone(), reader),
        revision: licence.revision,
        state: state.to_owned(),
        until: until.map(|until| moment(seconds(until))),
        drift: licence.drift.iter().map(drift).collect(),
        problem,
    }
}

/// What repairs a licence that names a lost host key.
const REPAIR: &str = "put the former host key back from a backup and start again, or make a request with `tallykey request --purpose repair` and have the vendor answer it";

pub(super) fn host_key_unbound(licences: usize) -> Option<wire::HostKeyUnbound> {
    (licences > 0).then(|| wire::HostKeyUnbound {
        licences: u64::try_from(licences).unwrap_or(u64::MAX),
        next: REPAIR.into(),
    })
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
