//! Product profiles: what the vendor's issuer says about a product. Read by hosts, never by dongles.

mod read;

use crate::cbor::{self, Full};
use crate::claim::{
    BUDGETS, CONTACT, FEATURES, IAT, ISS, MAPPINGS, NAME, POLICY, PRODUCT, REVISION, TERMS, WEIGHTS,
};
use crate::limits::{FEATURES_MAX, RULES_MAX};
use crate::list::List;

/// Which line pays first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Policy {
    /// The line that ends soonest.
    #[default]
    ShortestFirst = 0,
    /// The line that ends last.
    LongestFirst = 1,
    /// The line that the user names.
    Explicit = 2,
}

impl Policy {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::ShortestFirst, Self::LongestFirst, Self::Explicit];

    /// Word for people, for the API and for the history.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ShortestFirst => "shortest-first",
            Self::LongestFirst => "longest-first",
            Self::Explicit => "explicit",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == name)
    }
}

/// A counted feature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Feature<'b> {
    /// Feature id.
    pub id: &'b str,
    /// Name for people.
    pub name: &'b str,
    /// Channels that every host has without a licence.
    pub free: u64,
}

/// Channels that a device of some models costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight<'b> {
    /// Model, compared without case; a trailing `*` stands for any rest.
    pub model: &'b str,
    /// Channels, at least 1.
    pub channels: u64,
}

/// Feature of devices that do not say theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mapping<'b> {
    /// First three bytes of the MAC address; any if absent.
    pub oui: Option<[u8; 3]>,
    /// Model as in [`Weight::model`]; any if empty.
    pub model: &'b str,
    /// Feature id.
    pub feature: &'b str,
}

/// Budgets and times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    /// Absence that is not yet an unplug, seconds.
    pub debounce_s: u64,
    /// Unplug grace, seconds.
    pub grace_s: u64,
    /// Unplug grace at the first sight of a dongle, seconds.
    pub first_grace_s: u64,
    /// Grace at the start and at each renewal of a subscription, days.
    pub subscription_grace_days: u64,
    /// Grace of a machine that changed too much, days.
    pub machine_grace_days: u64,
    /// Growth within a year that is counted as need instead of refused, percent of what is allocated.
    pub growth_percent: u64,
}

/// The claims of a product profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile<'b> {
    /// The vendor's name.
    pub vendor: &'b str,
    /// When it was issued, seconds since 1970.
    pub issued_at: u64,
    /// Product id.
    pub product: &'b str,
    /// Product name for people.
    pub name: &'b str,
    /// Number of this profile; only ever goes up.
    pub revision: u64,
    /// Features, each once.
    pub features: List<Feature<'b>, FEATURES_MAX>,
    /// Weights; the first that fits counts, else 1.
    pub weights: List<Weight<'b>, RULES_MAX>,
    /// Mappings; the first that fits counts, else `other-brand`.
    pub mappings: List<Mapping<'b>, RULES_MAX>,
    /// Budgets and times.
    pub budgets: Budgets,
    /// Which line pays first unless the user says otherwise.
    pub policy: Policy,
    /// Terms that the user accepts at import.
    pub terms: &'b str,
    /// How to reach the vendor's desk.
    pub contact: &'b str,
}

impl Profile<'_> {
    /// Writes the claims into `out`; returns their length.
    ///
    /// # Errors
    /// [`Full`] if `out` is too small.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(12)?
                .i64(ISS)?
                .str(self.vendor)?
                .i64(IAT)?
                .u64(self.issued_at)?;
            e.i64(PRODUCT)?
                .str(self.product)?
                .i64(NAME)?
                .str(self.name)?
                .i64(REVISION)?
                .u64(self.revision)?;
            e.i64(FEATURES)?.array(self.features.len() as u64)?;
            for feature in &*self.features {
                e.array(3)?
                    .str(feature.id)?
                    .str(feature.name)?
                    .u64(feature.free)?;
            }
            e.i64(WEIGHTS)?.array(self.weights.len() as u64)?;
            for weight in &*self.weights {
                e.array(2)?.str(weight.model)?.u64(weight.channels)?;
            }
            e.i64(MAPPINGS)?.array(self.mappings.len() as u64)?;
            for mapping in &*self.mappings {
                e.array(3)?;
                match &mapping.oui {
                    Some(oui) => e.bytes(oui)?,
                    None => e.null()?,
                };
                e.str(mapping.model)?.str(mapping.feature)?;
            }
            let budgets = &self.budgets;
            e.i64(BUDGETS)?
                .array(6)?
                .u64(budgets.debounce_s)?
                .u64(budgets.grace_s)?;
            e.u64(budgets.first_grace_s)?
                .u64(budgets.subscription_grace_days)?;
            e.u64(budgets.machine_grace_days)?
                .u64(budgets.growth_percent)?;
            e.i64(POLICY)?.u8(self.policy as u8)?;
            e.i64(TERMS)?
                .str(self.terms)?
                .i64(CONTACT)?
                .str(self.contact)?
                .ok()
        })
    }
}
