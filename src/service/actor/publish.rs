//! What readers see.

use std::sync::Arc;
use std::time::Instant;

use crate::arbiter::{Active, Kind};
use crate::licence::{Entitlement, Feature, Line, Source};

use super::super::fault::Fault;
use super::super::ports::Store;
use super::super::snapshot::{FeatureCounts, Held, LicenceLine, LineSource, Product, Snapshot};
use super::super::state::State;
use super::super::token::hex;
use super::super::{Settings, dongles::Dongles};
use super::time::Time;
use super::{Core, news};
use crate::ledger::{Pool, Supply};

impl<S: Store> Core<S> {
    /// Publishes the state in memory, all of which is durable.
    pub(super) fn publish(&mut self) {
        let snapshot = if self.broken.is_some() {
            // The counts in memory may rest on what was never stored: the last good ones stay.
            Snapshot {
                broken: self.broken.as_ref().map(Fault::code),
                ..Snapshot::clone(&self.published.borrow())
            }
        } else {
            self.snapshot()
        };
        let old = self.published.send_replace(Arc::new(snapshot));
        news::log(&old, &self.published.borrow());
        let tokens = &self.state.tokens;
        self.tokens.send_if_modified(|published| {
            let changed = **published != *tokens;
            if changed {
                *published = Arc::new(tokens.clone());
            }
            changed
        });
    }

    /// Says that what is published is still so.
    pub(super) fn confirm(&self) {
        self.published.send_if_modified(|snapshot| {
            Arc::make_mut(snapshot).confirmed = Instant::now();
            // No news: nobody is woken for it.
            false
        });
    }

    fn snapshot(&self) -> Snapshot {
        let Self {
            settings,
            state,
            supply,
            dongles,
            time,
            ..
        } = self;
        Snapshot {
            host_key_unbound: self.licences.unbound(),
            returns: self.licences.returns(&state.asked).collect(),
            ..snapshot(settings, state, supply, dongles, time)
        }
    }
}

/// What is so at `time`, licences aside.
pub(super) fn snapshot(
    settings: &Settings,
    state: &State,
    supply: &Supply,
    dongles: &Dongles,
    time: &Time,
) -> Snapshot {
    let profile = &settings.profile;
    let arbiter = state.arbiter;
    let away = dongles
        .away()
        .filter(|_| arbiter.active() != Some(Kind::Software));
    Snapshot {
        authentication_type: arbiter.authentication_type(),
        held: arbiter.held().map(|kind| Held {
            kind,
            asks: arbiter.asks(),
        }),
        clock: time.clock().suspicion(),
        host_key_unbound: 0,
        simulated: settings.simulated,
        product: Product {
            id: profile.product().to_owned(),
            name: profile.name().to_owned(),
            profile_revision: profile.revision(),
        },
        features: counts(settings, state, supply),
        dongles: dongles.statuses().cloned().collect(),
        away: away.collect(),
        returns: Vec::new(),
        head: (state.head.seq, state.head.hash),
        broken: None,
        confirmed: Instant::now(),
    }
}

pub(super) fn counts(settings: &Settings, state: &State, supply: &Supply) -> Vec<FeatureCounts> {
    let count = |feature: &Feature| {
        let balance = state.ledger.balance(supply, &feature.id).ok()?;
        Some(FeatureCounts {
            id: feature.id.clone(),
            name: feature.name.clone(),
            total: balance.total,
            free: balance.free,
            free_used: balance.free_used,
            used: balance.used,
            available: balance.available,
            suspended: balance.suspended,
            parked: balance.parked,
            growth: balance.growth,
            growth_used: balance.growth_used,
        })
    };
    settings
        .profile
        .features()
        .iter()
        .filter_map(count)
        .collect()
}

/// Every line at `now` (Unix time in seconds), the free ones first.
pub(super) fn lines(
    settings: &Settings,
    pool: &Pool,
    active: &Active,
    all: impl IntoIterator<Item = Entitlement>,
    now: u64,
) -> Vec<LicenceLine> {
    let free = settings
        .profile
        .features()
        .iter()
        .filter(|feature| feature.free > 0);
    let free = free.map(|feature| LicenceLine {
        id: feature.free_id(),
        source: LineSource::Free,
        feature: feature.id.clone(),
        count: feature.free,
        given: 0,
        plan: "free",
        valid_from: None,
        valid_to: None,
        renew_by: None,
        active: !active.excludes_free(),
        parked: false,
    });
    let of_source = |one: Entitlement| {
        let counts = active.entitlements().contains(&one);
        let source = one.source();
        let line = |line: &Line| {
            let id = source.line_id(settings.profile.product(), line.id);
            let parked = pool.is_parked(&id);
            LicenceLine {
                id,
                source: match source {
                    Source::Dongle { serial, .. } => LineSource::Dongle {
                        serial: serial.clone(),
                        revision: line.revision,
                    },
                    Source::Licence { identity } => LineSource::Licence {
                        id: hex(identity),
                        revision: line.revision,
                    },
                },
                feature: line.feature.clone(),
                count: line.count,
                given: line.given,
                plan: line.plan.name(),
                valid_from: Some(line.valid_from),
                valid_to: line.valid_to,
                renew_by: line.grace_to.filter(|_| line.awaits_renewal_at(now)),
                active: counts && !parked && line.is_valid_at(now),
                parked,
            }
        };
        one.lines().iter().map(line).collect::<Vec<_>>()
    };
    free.chain(all.into_iter().flat_map(of_source)).collect()
}
