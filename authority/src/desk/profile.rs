//! A product profile from a form in JSON: what the product is called, what is counted, and the budgets of grace.

use serde::Deserialize;
use tallykey_protocol::{
    armour::{Armoured, Label},
    cbor::Full,
    list::List,
    profile::{Budgets, Feature, Mapping, Policy, Profile, Weight},
};
use tallykey_signing::sign_profile;

use super::{Desk, DeskError, Refusal};
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
