//! What a request says of this host.

use std::collections::BTreeMap;

use tallykey_protocol::limits::{GRANTS_MAX, INSTALLED_MAX, MARKS_MAX, NONCE_LEN};
use tallykey_protocol::request::{Held, Reached, Wanted};

use super::super::super::asking::{
    CarriedLicence, Facts, Mark, Purpose, RequestAsk, Sticks, choose,
};
use super::super::super::licences::{Installed, Returning};
use super::super::super::ports::Store;
use super::super::super::token::hex;
use super::super::Core;
use crate::licence::Refusal;
use crate::licence::machine_binding::Standing;

/// A software licence in a request: identity, revision, lines by rising id.
type Shown = ([u8; 32], u64, Vec<Held>);

/// A licence whose return is to be confirmed: its identity in hex, and the desk's nonce.
type Confirms = (String, [u8; NONCE_LEN]);

impl<S: Store> Core<S> {
    /// What is asked for, by rising feature.
    pub(super) fn wanted<'a>(&self, ask: &'a RequestAsk) -> Result<Vec<Wanted<'a>>, Refusal> {
        let features = self.settings.profile.features();
        let known = |feature: &str| features.iter().any(|one| one.id == feature);
        if let Some(feature) = ask.channels.keys().find(|feature| !known(feature)) {
            return Err(Refusal::UnknownFeature {
                feature: feature.chars().take(64).collect(),
                known: features.iter().map(|one| one.id.clone()).collect(),
            });
        }
        let wanted = ask.channels.iter().map(|(feature, count)| Wanted {
            feature,
            count: u64::from(*count),
        });
        Ok(wanted.collect())
    }

    /// What it is for, and the return that it confirms if it is for that.
    pub(super) fn purpose(
        &self,
        ask: &RequestAsk,
        sticks: &Sticks,
    ) -> Result<(Purpose, Option<Confirms>), Refusal> {
        let asked = &self.state.asked;
        let purpose = ask.purpose.unwrap_or_else(|| {
            let all = || self.licences.installed().map(|(_, one)| one);
            choose(Facts {
                return_waits: all()
                    .any(|one| one.returning(asked) == Some(Returning::WaitingConfirm)),
                wants_repair: all().any(|one| one.standing != Standing::Holds || one.unbound),
                new_receipt: sticks.receipts.iter().any(|one| !asked.has_carried(one)),
                has_any: all().next().is_some() || !sticks.sticks.is_empty(),
            })
        });
        if purpose != Purpose::ReturnConfirmation {
            return Ok((purpose, None));
        }
        let returning = self.licences.installed().filter_map(|(id, one)| {
            let nonce = *one.licence.desk_nonce()?;
            let sent = asked.confirmed(&nonce).map(|confirmed| confirmed.at);
            Some((sent, (id.to_owned(), nonce)))
        });
        // One that was never sent comes first, then the one that was sent last: its file may be lost.
        let best = returning.max_by_key(|(sent, _)| sent.unwrap_or(i64::MAX));
        let (_, confirms) = best.ok_or(Refusal::NothingToConfirm)?;
        Ok((purpose, Some(confirms)))
    }

    /// The software licences that count or could, by rising identity. Of more than a request takes, those that a
    /// return waits for and then the latest revisions: the desk replaces what it sees, and the rest counts on.
    pub(super) fn installed(&self) -> Vec<Shown> {
        let mut all: Vec<&Installed> = self.licences.installed().map(|(_, one)| one).collect();
        all.sort_by_key(|one| {
            let revision = one.licence.revision();
            (
                one.licence.desk_nonce().is_none(),
                std::cmp::Reverse(revision),
            )
        });
        all.truncate(INSTALLED_MAX);
        let shown = all.into_iter().map(|one| {
            let entitlement = one.licence.entitlement();
            let lines = entitlement.lines().iter();
            let mut lines: Vec<_> = lines
                .map(|line| Held {
                    line: line.id,
                    count: line.count,
                })
                .collect();
            lines.sort_by_key(|held| held.line);
            (*one.licence.identity(), one.licence.revision(), lines)
        });
        let mut shown: Vec<Shown> = shown.collect();
        shown.sort_by_key(|(identity, ..)| *identity);
        shown
    }

    /// The same, for the person who asked.
    pub(super) fn carried(&self, shown: &[Shown]) -> Vec<CarriedLicence> {
        let carried = |(identity, revision, _): &Shown| {
            let id = hex(identity);
            let mut channels = BTreeMap::new();
            let installed = self.licences.installed().find(|(other, _)| *other == id);
            for line in installed.iter().flat_map(|(_, one)| one.licence.lines()) {
                *channels.entry(line.feature.clone()).or_default() += line.count;
            }
            CarriedLicence {
                id,
                revision: *revision,
                channels,
            }
        };
        shown.iter().map(carried).collect()
    }

    /// The highest that this host saw of each dongle, by rising thumbprint.
    pub(super) fn highest(&self) -> Vec<Mark<'_>> {
        let all = self.state.marks.all().filter_map(|seen| {
            let revisions = seen.revisions.iter().take(GRANTS_MAX);
            Some(Mark {
                serial: seen.serial,
                thumbprint: unhex(seen.thumbprint)?,
                counter: seen.counter,
                revisions: revisions
                    .map(|(product, revision)| Reached {
                        product,
                        revision: *revision,
                    })
                    .collect(),
            })
        });
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|mark| mark.thumbprint);
        all.dedup_by_key(|mark| mark.thumbprint);
        all.truncate(MARKS_MAX);
        all
    }

    /// What dongles and licences of this host give now, in the profile's order.
    pub(super) fn held_counts(&self) -> Vec<(&str, u64)> {
        let now = self.now_s();
        let sources: Vec<_> = self.counting().collect();
        let features = self.settings.profile.features().iter();
        let count = |feature: &str| sources.iter().map(|one| one.channels(feature, now)).sum();
        features
            .map(|feature| (feature.id.as_str(), count(&feature.id)))
            .collect()
    }
}

/// A thumbprint as the history keeps it.
fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}
