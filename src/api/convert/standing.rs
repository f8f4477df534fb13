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
        Ok(Standing::Holds) if licence.unbound => ("host-key-unbound", None),
        Ok(Standing::Holds) => (returning.map_or("holds", Returning::name), None),
        Ok(Standing::InGrace { until }) => ("machine-grace", Some(*until)),
        Ok(Standing::Out) => ("machine-changed", None),
        Err(refusal) => (refusal.code(), None),
    };
    let problem = problem(licence);
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

/// What is wrong with a licence, the most urgent first, and what to do.
fn problem(licence: &LicenceStatus) -> Option<String> {
    let (what, next) = match (&licence.standing, &licence.returning) {
        (Err(refusal), _) => (refusal.to_string(), refusal.next()),
        (Ok(Standing::InGrace { .. } | Standing::Out), _) => (
            "this is not the machine that it was made for".into(),
            REPAIR.into(),
        ),
        (Ok(Standing::Holds), _) if licence.unbound => (
            "it names another host key than this host has".into(),
            REBIND.into(),
        ),
        (Ok(Standing::Holds), Some(Returning::WaitingConfirm)) => (
            "the vendor waits for a confirmation of what was returned".into(),
            CONFIRM.into(),
        ),
        (Ok(Standing::Holds), _) => return None,
    };
    Some(format!("{what}; next: {next}"))
}

/// What repairs a licence whose machine changed.
const REPAIR: &str = "put back what was changed, or make a request with `tallykey request --purpose repair` and import the vendor's answer";

/// What repairs a licence that names a lost host key.
const REBIND: &str = "put the former host key back from a backup and start again, or make a request with `tallykey request --purpose repair` and have the vendor answer it";

/// What ends the first phase of a return.
const CONFIRM: &str = "make a request with `tallykey request --purpose return-confirmation` and send it to the vendor; then what was returned is credited";

pub(super) fn host_key_unbound(licences: usize) -> Option<wire::HostKeyUnbound> {
    (licences > 0).then(|| wire::HostKeyUnbound {
        licences: u64::try_from(licences).unwrap_or(u64::MAX),
        next: REBIND.into(),
    })
}

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
        next: "set this host's clock right; where its time was believed while it was wrong, import a time token that answers a request of it".into(),
    }
}
