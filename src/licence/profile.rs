//! The product profile as the rules need it: what the product counts and what a device costs.

use tallykey_protocol::grant::Plan;
use tallykey_protocol::issued::IssuedError;
use tallykey_protocol::profile as record;
use tallykey_protocol::profile::{Budgets, Policy};

use super::{LicenceRefusal, Terms, Trust};

/// A product as its vendor defined it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub(super) product: String,
    pub(super) name: String,
    pub(super) revision: u64,
    pub(super) features: Vec<Feature>,
    pub(super) weights: Vec<Weight>,
    pub(super) devices: Vec<DeviceRule>,
    pub(super) budgets: Budgets,
    pub(super) policy: Policy,
    pub(super) terms: Option<Terms>,
}

/// Something that is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Its id, as in grants and requests.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// Channels of it that every host has without a licence.
    pub free: u64,
}

/// What devices of a model cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) model: String,
    pub(super) channels: u32,
}

/// Which feature devices of an OUI, a model, or both belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DeviceRule {
    pub(super) oui: Option<[u8; 3]>,
    pub(super) model: Option<String>,
    pub(super) feature: String,
}

const DAY_S: u64 = 24 * 3_600;

/// The feature of a device that no rule of the profile names.
const UNKNOWN_BRAND: &str = "other-brand";

impl Profile {
    /// Verifies a product profile up to the vendor's root.
    ///
    /// # Errors
    /// [`IssuedError`]; nothing in it may be believed then.
    pub fn verify(record: &[u8], trust: &Trust) -> Result<Self, IssuedError> {
        let profile = record::Profile::verify(record, &trust.root())?;
        Ok(Self {
            product: profile.product.to_owned(),
            name: profile.name.to_owned(),
            revision: profile.revision,
            features: profile.features.iter().map(Feature::of).collect(),
            weights: profile.weights.iter().map(Weight::of).collect(),
            devices: profile.mappings.iter().map(DeviceRule::of).collect(),
            budgets: profile.budgets,
            policy: profile.policy,
            terms: Terms::of(profile.terms),
        })
    }

    /// That a record of that product, which needs a revision of the profile, is to be read with this one.
    ///
    /// # Errors
    /// [`LicenceRefusal::OtherProduct`], [`LicenceRefusal::ProfileTooOld`].
    pub fn covers(&self, product: &str, needed: u64) -> Result<(), LicenceRefusal> {
        if product != self.product {
            return Err(LicenceRefusal::OtherProduct {
                product: product.to_owned(),
                ours: self.product.clone(),
            });
        }
        let loaded = self.revision;
        if needed > loaded {
            return Err(LicenceRefusal::ProfileTooOld { needed, loaded });
        }
        Ok(())
    }

    /// The product's id, as in grants.
    #[must_use]
    pub fn product(&self) -> &str {
        &self.product
    }

    /// The product's display name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The revision of this profile.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// What has to be accepted before a licence is imported, if there is anything.
    #[must_use]
    pub const fn terms(&self) -> Option<&Terms> {
        self.terms.as_ref()
    }

    /// What the product allows of unplugging, of machines that change, and of growth.
    #[must_use]
    pub fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    /// Until when a line counts on so that it can be renewed, Unix time in seconds: subscriptions only.
    #[must_use]
    pub fn renewal_grace(&self, plan: Plan, valid_to: Option<u64>) -> Option<u64> {
        let end = valid_to.filter(|_| plan == Plan::Subscription)?;
        let grace = self.budgets.subscription_grace_days.saturating_mul(DAY_S);
        Some(end.saturating_add(grace))
    }

    /// Which line pays first unless the user says otherwise.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// Everything the product counts, in the vendor's order.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// Channels a device of this model costs: of the first pattern that matches, else 1.
    #[must_use]
    pub fn weight(&self, model: Option<&str>) -> u32 {
        let matching =
            model.and_then(|model| self.weights.iter().find(|rule| matches(&rule.model, model)));
        matching.map_or(1, |rule| rule.channels)
    }

    /// The feature of a device that was asked for without one: of the first rule that matches in
    /// all it names, else `other-brand`.
    #[must_use]
    pub fn feature_of(&self, oui: Option<[u8; 3]>, model: Option<&str>) -> &str {
        let matching = self.devices.iter().find(|rule| {
            rule.oui.is_none_or(|wanted| oui == Some(wanted))
                && rule
                    .model
                    .as_deref()
                    .is_none_or(|pattern| model.is_some_and(|model| matches(pattern, model)))
        });
        matching.map_or(UNKNOWN_BRAND, |rule| &rule.feature)
    }
}

/// How the ids of free channels begin; a serial has no slash.
const FREE: &str = "free/";

/// How the ids of growth begin.
const GROWTH: &str = "growth/";

impl Feature {
    /// What names its free channels on this host, as [`super::Source::line_id`] names others.
    #[must_use]
    pub fn free_id(&self) -> String {
        format!("{FREE}{}", self.id)
    }

    /// Whether that id names free channels.
    #[must_use]
    pub fn is_free_id(id: &str) -> bool {
        id.starts_with(FREE)
    }

    /// What names the channels by which it may grow, where a line would be named.
    #[must_use]
    pub fn growth_id(&self) -> String {
        format!("{GROWTH}{}", self.id)
    }

    /// Whether an id is of free channels or of growth: it tells nothing that only an administrator may know.
    #[must_use]
    pub fn is_public_id(id: &str) -> bool {
        Self::is_free_id(id) || id.starts_with(GROWTH)
    }

    fn of(feature: &record::Feature<'_>) -> Self {
        Self {
            id: feature.id.to_owned(),
            name: feature.name.to_owned(),
            free: feature.free,
        }
    }
}

impl Weight {
    fn of(weight: &record::Weight<'_>) -> Self {
        // The record's limit is u32::MAX.
        let channels = u32::try_from(weight.channels).unwrap_or(u32::MAX);
        Self {
            model: weight.model.to_owned(),
            channels,
        }
    }
}

impl DeviceRule {
    fn of(mapping: &record::Mapping<'_>) -> Self {
        let model = (!mapping.model.is_empty()).then(|| mapping.model.to_owned());
        Self {
            oui: mapping.oui,
            model,
            feature: mapping.feature.to_owned(),
        }
    }
}

/// Whether a model is of a pattern: letter case aside, with a trailing `*` for any rest.
fn matches(pattern: &str, model: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(head) => model
            .get(..head.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(head)),
        None => model.eq_ignore_ascii_case(pattern),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::licence::testing;

    #[test]
    fn a_pattern_matches_whole_models_only() {
        let table = [
            ("IB9389", "IB9389", true),
            ("ib9389", "IB9389", true),
            ("IB9389", "IB9389-H", false),
            ("IB*", "IB9389-H", true),
            ("ib9389-*", "IB9389-H", true),
            ("IB9389-H*", "IB9389-H", true),
            ("IB9389-HT*", "IB9389-H", false),
            ("*", "anything", true),
            // A head that ends inside a character of the model must not be cut out of it.
            ("a*", "ä", false),
        ];
        for (pattern, model, expected) in table {
            assert_eq!(
                matches(pattern, model),
                expected,
                "{pattern:?} on {model:?}"
            );
        }
    }

    #[test]
    fn the_first_matching_rule_decides() {
        let profile = testing::profile();
        let own = Some([0x00, 0x02, 0xD1]);
        assert_eq!(profile.feature_of(own, None), "camera");
        assert_eq!(profile.feature_of(Some([9, 9, 9]), None), "other-brand");
        assert_eq!(profile.feature_of(None, Some("VCA-PRO")), "vca");
        assert_eq!(profile.feature_of(own, Some("vca-lite")), "vca");
        assert_eq!(profile.weight(None), 1);
        assert_eq!(profile.weight(Some("QUAD-9")), 4);
        assert_eq!(profile.weight(Some("unheard of")), 1);
    }
}
