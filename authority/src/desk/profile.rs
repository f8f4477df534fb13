//! A product profile from a form in JSON: what the product is called, what is counted, and the budgets of grace.

use serde::Deserialize;
use tallykey_protocol::{
    armour::{self, Armoured, Label},
    cbor::Full,
    limits::PROFILE_MAX,
    list::List,
    profile::{Budgets, Feature, Mapping, Policy, Profile, Weight},
};
use tallykey_signing::sign_profile;

use super::{Desk, DeskError, Order, Refusal};
use crate::ledger::{Entry, Kind};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    product: String,
    name: String,
    features: Vec<FeatureForm>,
    #[serde(default)]
    weights: Vec<WeightForm>,
    #[serde(default)]
    mappings: Vec<MappingForm>,
    budgets: BudgetsForm,
    policy: PolicyForm,
    terms: String,
    contact: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeatureForm {
    id: String,
    name: String,
    #[serde(default)]
    free: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WeightForm {
    model: String,
    channels: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingForm {
    oui: Option<[u8; 3]>,
    #[serde(default)]
    model: String,
    feature: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BudgetsForm {
    debounce_s: u64,
    grace_s: u64,
    first_grace_s: u64,
    subscription_grace_days: u64,
    machine_grace_days: u64,
    growth_percent: u64,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PolicyForm {
    ShortestFirst,
    LongestFirst,
    Explicit,
}

impl Desk {
    /// The next revision of the profile of the product in `form`.
    pub(crate) fn profile(&self, form: &[u8]) -> Result<Entry, DeskError> {
        let form: Form =
            serde_json::from_slice(form).map_err(|source| Refusal::Profile { source })?;
        let features: Vec<_> = form.features.iter().map(FeatureForm::feature).collect();
        let weights = form.weights.iter().map(|weight| Weight {
            model: &weight.model,
            channels: weight.channels,
        });
        let mappings = form.mappings.iter().map(|mapping| Mapping {
            oui: mapping.oui,
            model: &mapping.model,
            feature: &mapping.feature,
        });
        let (weights, mappings): (Vec<_>, Vec<_>) = (weights.collect(), mappings.collect());
        let profile = Profile {
            vendor: &self.trust.vendor,
            issued_at: self.now,
            product: &form.product,
            name: &form.name,
            revision: self.register.profile_revision(&form.product) + 1,
            features: List::of(&features).map_err(too_long)?,
            weights: List::of(&weights).map_err(too_long)?,
            mappings: List::of(&mappings).map_err(too_long)?,
            budgets: form.budgets.budgets(),
            policy: match form.policy {
                PolicyForm::ShortestFirst => Policy::ShortestFirst,
                PolicyForm::LongestFirst => Policy::LongestFirst,
                PolicyForm::Explicit => Policy::Explicit,
            },
            terms: &form.terms,
            contact: &form.contact,
        };
        let bytes = sign_profile(&profile, &self.issuer())?;
        let label = Label::Profile;
        let bytes = &bytes[..];
        Ok(Entry {
            product: form.product.clone(),
            name: format!("{}, revision {}", form.name, profile.revision),
            profile_revision: Some(profile.revision),
            file: Armoured { label, bytes }.to_string(),
            ..Entry::new(self.now, Kind::Profile)
        })
    }
}

impl Desk {
    /// Refuses a feature that the newest profile of `product` does not have. Where none was signed here, the desk
    /// cannot tell.
    pub(super) fn known(&self, product: &str, order: &Order) -> Result<(), DeskError> {
        let mut profiles = self.register.entries().rev();
        let signed = |entry: &Entry| entry.kind == Kind::Profile && entry.product == product;
        let Some((entry, signed)) = profiles.find(|(_, entry)| signed(entry)) else {
            return Ok(());
        };
        let mut buffer = vec![0; PROFILE_MAX];
        let record = armour::single(signed.file.as_bytes(), Label::Profile, &mut buffer);
        let record = record.map_err(|source| DeskError::Armour { entry, source })?;
        let profile = Profile::verify(record, &self.trust.root());
        let profile = profile.map_err(|source| DeskError::Entry { entry, source })?;
        let has = |feature: &str| profile.features.iter().any(|known| known.id == feature);
        match order.channels.iter().find(|(feature, _)| !has(feature)) {
            Some((feature, _)) => Err(Refusal::UnknownFeature {
                feature: feature.clone(),
                entry,
            }
            .into()),
            None => Ok(()),
        }
    }
}

impl FeatureForm {
    fn feature(&self) -> Feature<'_> {
        Feature {
            id: &self.id,
            name: &self.name,
            free: self.free,
        }
    }
}

impl BudgetsForm {
    const fn budgets(&self) -> Budgets {
        Budgets {
            debounce_s: self.debounce_s,
            grace_s: self.grace_s,
            first_grace_s: self.first_grace_s,
            subscription_grace_days: self.subscription_grace_days,
            machine_grace_days: self.machine_grace_days,
            growth_percent: self.growth_percent,
        }
    }
}

fn too_long(_: Full) -> Refusal {
    Refusal::ProfileTooLong
}
