//! The channels there are: the free ones, and the lines that the active source gives.

use std::collections::BTreeSet;

use crate::arbiter::Active;
use crate::licence::{Entitlement, Feature, Line, LineProblem, Policy, Profile, Refusal};

use super::device::shown;
use super::growth::Allowance;
use super::{DeviceId, Pool};

/// Channels there are now, feature by feature, in the profile's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supply {
    features: Vec<Stock>,
    /// Every line of the active source that does not pay now, and why.
    idle: Vec<Idle>,
}

/// What one feature has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stock {
    pub(super) feature: String,
    pub(super) free_id: String,
    /// Free channels.
    pub(super) free: u64,
    /// Channels of `open` together.
    pub(super) paid: u64,
    /// Channels of parked lines.
    pub(super) parked: u64,
    /// By how much it may grow, where a line of it is a subscription.
    pub(super) growth: Option<Allowance>,
    pub(super) growth_id: String,
    /// Lines that pay for any device, in the order in which they pay.
    pub(super) open: Vec<Share>,
    /// Lines that pay for listed devices only, in the order in which they pay.
    pub(super) listed: Vec<Share>,
}

/// What one line gives to its feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) id: String,
    pub(super) channels: u64,
    only: Option<BTreeSet<[u8; 6]>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Idle {
    id: String,
    feature: String,
    problem: LineProblem,
}

impl Supply {
    /// What the profile's free channels and the active source give at `now` (Unix time in
    /// seconds), less what is parked.
    #[must_use]
    pub fn new(profile: &Profile, active: &Active, pool: &Pool, now: u64) -> Self {
        let named = |one: &'_ Entitlement, line: &Line| {
            let id = one.source().line_id(profile.product(), line.id);
            let problem = if !line.is_valid_at(now) {
                Some(LineProblem::NotValid)
            } else if pool.is_parked(&id) {
                Some(LineProblem::Parked)
            } else {
                None
            };
            (id, problem)
        };
        let lines = active.entitlements().iter().flat_map(|one| {
            let line = |line| (named(one, line), line);
            one.lines().iter().map(line).collect::<Vec<_>>()
        });
        let (mut paying, mut idle) = (Vec::new(), Vec::new());
        for ((id, problem), line) in lines {
            match problem {
                None => paying.push((id, line)),
                Some(problem) => idle.push(Idle {
                    id,
                    feature: line.feature.clone(),
                    problem,
                }),
            }
        }
        sort(&mut paying, pool.policy(profile));
        let features = profile.features().iter();
        let percent = profile.budgets().growth_percent;
        let of = |feature| Stock {
            growth: allowance(feature, &paying, percent, now),
            ..Stock::of(feature, active, &paying, now)
        };
        let features = features.map(of);
        Self {
            features: features.collect(),
            idle,
        }
    }

    pub(super) fn of(&self, feature: &str) -> Result<&Stock, Refusal> {
        self.features
            .iter()
            .find(|stock| stock.feature == feature)
            .ok_or_else(|| Refusal::UnknownFeature {
                feature: shown(feature),
                known: self
                    .features
                    .iter()
                    .map(|stock| stock.feature.clone())
                    .collect(),
            })
    }

    /// Whether a line of the active source has this id, whether it pays now or not.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.share(id).is_some() || self.idle.iter().any(|line| line.id == id)
    }

    /// Whether the line `id` can pay for a device.
    ///
    /// # Errors
    /// [`Refusal::FreeChannels`], [`Refusal::NoSuchLine`] or [`Refusal::LineCannotPay`].
    pub(super) fn check(&self, id: &str, device: &DeviceId, feature: &str) -> Result<(), Refusal> {
        if Feature::is_free_id(id) {
            return Err(Refusal::FreeChannels { line: shown(id) });
        }
        let idle = self.idle.iter().find(|line| line.id == id);
        let problem = match (self.share(id), idle) {
            (Some((stock, _)), _) if stock.feature != feature => LineProblem::OtherFeature {
                feature: stock.feature.clone(),
            },
            (Some((_, share)), _) if share.pays_for(device) => return Ok(()),
            (Some(_), _) => LineProblem::NotListed,
            (None, Some(line)) if line.feature != feature => LineProblem::OtherFeature {
                feature: line.feature.clone(),
            },
            (None, Some(line)) => line.problem.clone(),
            (None, None) => return Err(Refusal::NoSuchLine { line: shown(id) }),
        };
        Err(Refusal::LineCannotPay {
            line: id.to_owned(),
            device: device.to_string(),
            problem,
        })
    }

    fn share(&self, id: &str) -> Option<(&Stock, &Share)> {
        let mut all = self.features.iter().flat_map(|stock| {
            let lines = stock.open.iter().chain(&stock.listed);
            lines.map(move |share| (stock, share))
        });
        all.find(|(_, share)| share.id == id)
    }
}

impl Stock {
    fn of(feature: &Feature, active: &Active, paying: &[(String, &Line)], now: u64) -> Self {
        let free = if active.excludes_free() {
            0
        } else {
            feature.free
        };
        let lines = paying.iter().filter(|(_, line)| line.feature == feature.id);
        let (listed, open): (Vec<_>, Vec<_>) = lines.partition(|(_, line)| line.only.is_some());
        let shares = |lines: Vec<&(String, &Line)>| lines.into_iter().map(Share::of).collect();
        let (open, listed): (Vec<Share>, Vec<Share>) = (shares(open), shares(listed));
        let paid = open.iter().map(|share| share.channels).sum();
        let in_pool = listed.iter().map(|share| share.channels).sum::<u64>() + paid;
        Self {
            feature: feature.id.clone(),
            free_id: feature.free_id(),
            free,
            paid,
            parked: active.channels(&feature.id, now) - in_pool,
            growth: None,
            growth_id: feature.growth_id(),
            open,
            listed,
        }
    }

    /// Channels that any device may have.
    pub(super) const fn common(&self) -> u64 {
        self.free + self.paid
    }

    /// All channels.
    pub(super) fn total(&self) -> u64 {
        let listed: u64 = self.listed.iter().map(|share| share.channels).sum();
        self.common() + listed
    }
}

impl Share {
    fn of((id, line): &(String, &Line)) -> Self {
        Self::new(id.clone(), line)
    }

    pub(super) fn new(id: String, line: &Line) -> Self {
        Self {
            id,
            channels: line.remaining(),
            only: line.only.clone(),
        }
    }

    /// Whether it pays for listed devices only.
    pub(super) const fn is_listed(&self) -> bool {
        self.only.is_some()
    }

    /// Whether it may pay for a device: for any, or for those on its list.
    pub(super) fn pays_for(&self, device: &DeviceId) -> bool {
        let listed = |only: &BTreeSet<_>| device.mac().is_some_and(|mac| only.contains(&mac));
        self.only.as_ref().is_none_or(listed)
    }
}

/// The allowance of the subscription year that began last.
fn allowance(
    feature: &Feature,
    paying: &[(String, &Line)],
    percent: u64,
    now: u64,
) -> Option<Allowance> {
    let lines = paying.iter().filter(|(_, line)| line.feature == feature.id);
    let since = lines.filter_map(|(_, line)| line.year_at(now)).max()?;
    Some(Allowance { since, percent })
}

/// Puts lines into the order in which they pay. Ids decide between equals, so that the order does
/// not depend on which dongle was seen first.
fn sort(lines: &mut [(String, &Line)], policy: Policy) {
    let end = |line: &Line| line.valid_to.unwrap_or(u64::MAX);
    lines.sort_by(|(a_id, a), (b_id, b)| {
        let by_end = match policy {
            Policy::ShortestFirst => end(a).cmp(&end(b)),
            Policy::LongestFirst => end(b).cmp(&end(a)),
            Policy::Explicit => std::cmp::Ordering::Equal,
        };
        let by_age = || a.valid_from.cmp(&b.valid_from);
        by_end.then_with(by_age).then_with(|| a_id.cmp(b_id))
    });
}
