//! The service's facts as the wire types of the API.

pub(super) mod conversion;
mod request;
pub(super) mod standing;

use jiff::Timestamp;
use tallykey_client::wire;

use crate::licence::Feature;
use crate::service::{
    Allocation, AllocationState, Ask, AuthenticationType, Changed, DongleStatus, FeatureCounts,
    HistoryEntry, Kind, Licences, LineSource, Need, Payment, Period, Policy, PoolChanged,
    Resolution, Role, Snapshot, Standpoint, Token, UsedLine, Wish,
};

pub(super) use request::{purpose, request};

/// A moment of our own making is always within jiff's range of ±9999 years; a moment in a
/// record may not be, and is then shown as the nearest end of that range.
fn moment(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(if milliseconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

fn seconds(moment_s: Option<u64>) -> Option<Timestamp> {
    moment_s.map(|s| moment(i64::try_from(s).unwrap_or(i64::MAX).saturating_mul(1_000)))
}

pub(super) fn status(snapshot: &Snapshot) -> wire::Status {
    wire::Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        authentication_type: authentication_type(snapshot.authentication_type),
        conflict: snapshot.held.map(|held| standing::conflict(snapshot, held)),
        clock_suspect: snapshot.clock.map(standing::clock_suspect),
        host_key_unbound: standing::host_key_unbound(snapshot.host_key_unbound),
        simulated: snapshot.simulated,
        product: wire::Product {
            id: snapshot.product.id.clone(),
            name: snapshot.product.name.clone(),
            revision: snapshot.product.profile_revision,
        },
        features: snapshot.features.iter().map(feature).collect(),
        dongles: dongles(snapshot),
        away: snapshot.away.iter().map(standing::away).collect(),
        returns: snapshot.returns.iter().map(standing::returning).collect(),
        age_ms: snapshot.age_ms(),
    }
}

fn authentication_type(kind: AuthenticationType) -> wire::AuthenticationType {
    match kind {
        AuthenticationType::None => wire::AuthenticationType::None,
        AuthenticationType::Dongle => wire::AuthenticationType::Dongle,
        AuthenticationType::Software => wire::AuthenticationType::Software,
    }
}

fn feature(counts: &FeatureCounts) -> wire::FeatureCounts {
    wire::FeatureCounts {
        id: counts.id.clone(),
        name: counts.name.clone(),
        total: counts.total,
        free: counts.free,
        free_used: counts.free_used,
        used: counts.used,
        available: counts.available,
        suspended: counts.suspended,
        parked: counts.parked,
        growth: counts.growth,
        growth_used: counts.growth_used,
    }
}

pub(super) fn dongles(snapshot: &Snapshot) -> Vec<wire::Dongle> {
    snapshot.dongles.iter().map(dongle).collect()
}

fn dongle(dongle: &DongleStatus) -> wire::Dongle {
    let facts = dongle.facts.as_ref();
    wire::Dongle {
        serial: dongle.serial.clone(),
        state: dongle.state.to_owned(),
        fault: dongle.problem.as_ref().map(|problem| wire::DongleFault {
            code: dongle.state.to_owned(),
            detail: problem.detail.clone(),
            next: problem.next.clone(),
        }),
        firmware: facts.map(|facts| facts.firmware.clone()),
        counter: facts.map(|facts| facts.counter),
        lifecycle: facts.map(|facts| facts.lifecycle.clone()),
        simulated: facts.map(|facts| facts.simulated),
        key_thumbprint: facts.map(|facts| hex(&facts.thumbprint)),
        grants: facts
            .into_iter()
            .flat_map(|facts| &facts.grants)
            .map(|grant| wire::HeldGrant {
                product: grant.product.clone(),
                revision: grant.revision,
                counts: grant.counts,
            })
            .collect(),
    }
}

/// Line ids in full are for administrators; others see which is which and no more.
fn line(used: &UsedLine, reader: Role) -> wire::Line {
    let UsedLine { line, used } = used;
    wire::Line {
        id: line_id(line.id.clone(), reader),
        source: match &line.source {
            LineSource::Free => wire::LineSource::Free,
            LineSource::Dongle { serial, revision } => wire::LineSource::Dongle {
                serial: serial.clone(),
                revision: *revision,
            },
            LineSource::Licence { id, revision } => wire::LineSource::Licence {
                id: line_id(id.clone(), reader),
                revision: *revision,
            },
        },
        feature: line.feature.clone(),
        count: line.count,
        given: line.given,
        used: *used,
        active: line.active,
        parked: line.parked,
        plan: line.plan.to_owned(),
        valid_from: seconds(line.valid_from),
        valid_to: seconds(line.valid_to),
        renew_by: seconds(line.renew_by),
    }
}

fn line_id(id: String, reader: Role) -> String {
    if reader == Role::Admin || Feature::is_public_id(&id) {
        id
    } else {
        masked(&id)
    }
}

pub(super) fn licences(licences: &Licences, reader: Role) -> wire::Licences {
    let lines = licences.lines.iter();
    wire::Licences {
        policy: match licences.policy {
            Policy::ShortestFirst => wire::Policy::ShortestFirst,
            Policy::LongestFirst => wire::Policy::LongestFirst,
            Policy::Explicit => wire::Policy::Explicit,
        },
        installed: licences
            .installed
            .iter()
            .map(|one| standing::licence(one, reader))
            .collect(),
        lines: lines.map(|one| line(one, reader)).collect(),
    }
}

pub(super) fn resolution(done: Resolution, dry_run: bool, reader: Role) -> wire::Resolution {
    let standpoint = |point: &Standpoint| wire::Standpoint {
        authentication_type: authentication_type(point.authentication_type),
        features: point.features.iter().map(feature).collect(),
    };
    wire::Resolution {
        dry_run,
        before: standpoint(&done.before),
        after: standpoint(&done.after),
        suspended: allocations(done.suspended, reader),
        resumed: allocations(done.resumed, reader),
    }
}

/// The ways out of a conflict, of which those that keep a kind were rehearsed.
pub(super) fn conflict(
    conflict: Option<wire::Conflict>,
    kept: Vec<(Kind, wire::Resolution)>,
) -> wire::ConflictAnswer {
    let has_dongle = kept.iter().any(|(kind, _)| *kind == Kind::Dongle);
    let keep = |(kind, outcome)| wire::Choice {
        choice: match kind {
            Kind::Dongle => wire::ChoiceKind::KeepDongle,
            Kind::Software => wire::ChoiceKind::KeepSoftware,
        },
        command: format!("tallykey resolve --keep {}", kind.name()),
        outcome: Some(outcome),
    };
    // Nothing is there to be converted but a dongle, and whether its grant allows that its own dry run says.
    let convert = has_dongle.then(|| wire::Choice {
        choice: wire::ChoiceKind::Convert,
        command: "tallykey convert --dry-run".into(),
        outcome: None,
    });
    wire::ConflictAnswer {
        conflict,
        choices: kept.into_iter().map(keep).chain(convert).collect(),
    }
}

pub(super) const fn policy(policy: wire::Policy) -> Policy {
    match policy {
        wire::Policy::ShortestFirst => Policy::ShortestFirst,
        wire::Policy::LongestFirst => Policy::LongestFirst,
        wire::Policy::Explicit => Policy::Explicit,
    }
}

pub(super) fn pool_changed(
    changed: PoolChanged,
    dry_run: bool,
    reader: Role,
) -> wire::LicencesChanged {
    wire::LicencesChanged {
        dry_run,
        licences: licences(&changed.licences, reader),
        suspended: allocations(changed.suspended, reader),
        resumed: allocations(changed.resumed, reader),
    }
}

fn masked(id: &str) -> String {
    let hidden = id.chars().count().saturating_sub(4);
    format!("…{}", id.chars().skip(hidden).collect::<String>())
}

pub(super) fn ask(ask: wire::Ask) -> Ask {
    Ask {
        device: ask.device,
        feature: ask.feature,
        model: ask.model,
        wish: Wish {
            priority: ask.priority,
            line: ask.line.map(Some),
        },
        ttl: ask.ttl,
    }
}

pub(super) fn changed(changed: Changed, dry_run: bool, reader: Role) -> wire::Changed {
    wire::Changed {
        dry_run,
        before: allocation(changed.before, reader),
        after: allocation(changed.after, reader),
        suspended: allocations(changed.suspended, reader),
        resumed: allocations(changed.resumed, reader),
    }
}

pub(super) fn allocations(these: Vec<Allocation>, reader: Role) -> Vec<wire::Allocation> {
    let these = these.into_iter();
    these.map(|one| allocation(one, reader)).collect()
}

pub(super) fn allocation(allocation: Allocation, reader: Role) -> wire::Allocation {
    let payment = |payment: Payment| wire::Payment {
        id: line_id(payment.line, reader),
        channels: payment.channels,
    };
    let payments = |lines: Vec<Payment>| lines.into_iter().map(payment).collect();
    wire::Allocation {
        id: allocation.id,
        device: allocation.device,
        feature: allocation.feature,
        model: allocation.model,
        weight: allocation.weight,
        priority: allocation.priority,
        line: allocation.line.map(|line| line_id(line, reader)),
        lines: allocation.lines.map(payments),
        expires_at: seconds(allocation.until),
        state: match allocation.state {
            AllocationState::Licensed => wire::AllocationState::Licensed,
            AllocationState::Suspended => wire::AllocationState::Suspended,
        },
        created_at: moment(allocation.created_at),
    }
}

pub(super) fn need(need: Need) -> wire::Need {
    let period = |period: Period| wire::Period {
        from: seconds(Some(period.from)),
        to: seconds(period.to),
        needed: period.needed,
        owned: period.owned,
        short: period.short,
    };
    wire::Need {
        feature: need.feature,
        name: need.name,
        growth: need.growth,
        growth_used: need.growth_used,
        now: period(need.now),
        years: need.years.into_iter().map(period).collect(),
    }
}

/// Members of an entry that hold signed records.
const SIGNED: [&str; 6] = ["record", "shown", "order", "receipt", "grant", "chain"];

/// Signed records are for administrators: a licence that names no machine is worth something on any.
pub(super) fn history_entry(mut entry: HistoryEntry, reader: Role) -> wire::HistoryEntry {
    if reader != Role::Admin {
        for member in SIGNED {
            if let Some(signed) = entry.body.get_mut(member) {
                *signed = "for administrators".into();
            }
        }
    }
    wire::HistoryEntry {
        seq: entry.seq,
        at: moment(entry.at),
        actor: entry.actor,
        kind: entry.kind,
        body: entry.body,
        hash: hex(&entry.hash),
    }
}

pub(super) fn role(role: wire::Role) -> Role {
    match role {
        wire::Role::Viewer => Role::Viewer,
        wire::Role::Client => Role::Client,
        wire::Role::Admin => Role::Admin,
    }
}

pub(super) fn token(token: Token) -> wire::Token {
    wire::Token {
        id: token.id,
        role: match token.role {
            Role::Viewer => wire::Role::Viewer,
            Role::Client => wire::Role::Client,
            Role::Admin => wire::Role::Admin,
        },
        label: token.label,
        created_at: moment(token.created_at),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_id_keeps_its_last_four_characters() {
        assert_eq!(masked("TK-000123/7/1"), "…/7/1");
        assert_eq!(masked("ä1"), "…ä1");
    }

    #[test]
    fn a07_signed_records_of_the_history_are_for_administrators() {
        let entry = HistoryEntry {
            seq: 1,
            at: 0,
            actor: "uid:0".into(),
            kind: "licence-imported".into(),
            body: serde_json::json!({ "id": "aa", "record": "0oRZ" }),
            hash: [0; 32],
        };
        for reader in [Role::Viewer, Role::Client] {
            let shown = history_entry(entry.clone(), reader).body;
            assert_eq!(shown["id"], "aa");
            assert_eq!(shown["record"], "for administrators");
        }
        assert_eq!(history_entry(entry, Role::Admin).body["record"], "0oRZ");
    }

    #[test]
    fn a_moment_beyond_the_calendar_is_its_end() {
        assert_eq!(moment(i64::MAX), Timestamp::MAX);
        assert_eq!(moment(0).to_string(), "1970-01-01T00:00:00Z");
    }
}
