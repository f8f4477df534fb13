//! States that nobody may overlook, each with what to do.

use tallykey_client::wire;

use super::{authentication_type, line_id, masked, moment};
use crate::licence::machine_binding::{Drift, Standing, name};
use crate::service::{
    AwayDongle, AwayPhase, Held, Kind, LicenceStatus, Returning, Role, Snapshot, Suspicion,
};

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
    let returning = licence.returning.as_ref();
    let (state, until) = match &licence.standing {
        Ok(Standing::Holds) => (returning.map_or("holds", Returning::name), None),
        Ok(Standing::InGrace { until }) => ("machine-grace", Some(*until)),
        Ok(Standing::Out) => ("machine-changed", None),
        Err(refusal) => (refusal.code(), None),
    };
    let problem = licence.standing.as_ref().err();
    let seconds = |s: u64| i64::try_from(s).unwrap_or(i64::MAX).saturating_mul(1_000);
    let drift = |drift: &Drift| format!("{} {}", name(drift.part), drift.change.name());
    wire::Licence {
        id: line_id(licence.id.clone(), reader),
        revision: licence.revision,
        state: state.to_owned(),
        until: until.map(|until| moment(seconds(until))),
        drift: licence.drift.iter().map(drift).collect(),
        host_key_unbound: licence.host_key_unbound,
        next: next(licence).map(str::to_owned),
        problem: problem.map(|refusal| format!("{refusal}; next: {}", refusal.next())),
    }
}

/// The most urgent thing to do about a licence. What is said of one that does not verify says it itself.
fn next(licence: &LicenceStatus) -> Option<&'static str> {
    match (&licence.standing, &licence.returning) {
        (Err(_), _) => None,
        (Ok(Standing::InGrace { .. } | Standing::Out), _) => Some(REPAIR),
        (Ok(Standing::Holds), Some(Returning::WaitingConfirm)) => Some(CONFIRM),
        (Ok(Standing::Holds), _) if licence.host_key_unbound => Some(REPAIR),
        (Ok(Standing::Holds), _) => None,
    }
}

const REPAIR: &str = "send the vendor a request: `tallykey request --purpose repair`; the answer is for the machine as it is now";

const CONFIRM: &str = "send the vendor a request: `tallykey request --purpose return-confirmation`; then what was returned is credited";

pub(super) fn returning((licence, returning): &(String, Returning)) -> wire::Return {
    let (sent, file, next) = match returning {
        Returning::WaitingConfirm => (None, None, CONFIRM),
        Returning::ConfirmationSent { at, file } => (
            Some(moment(*at)),
            Some(file.clone()),
            "nothing, if the vendor has it; else make it again: `tallykey request --purpose return-confirmation`",
        ),
    };
    wire::Return {
        licence: masked(licence),
        state: returning.name().to_owned(),
        sent,
        file,
        next: next.to_owned(),
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
