//! Reading a product profile: container, chain, signature, role, claims; in that order.

use super::{Budgets, Feature, Mapping, Policy, Profile, Weight};
use crate::cbor::{self, Decoder, Full, Malformed};
use crate::cert::{Anchor, Role};
use crate::claim::{
    BUDGETS, CONTACT, FEATURES, IAT, ISS, MAPPINGS, NAME, POLICY, PRODUCT, REVISION, TERMS, WEIGHTS,
};
use crate::cose::{Sign1, Typ};
use crate::id;
use crate::issued::{self, IssuedError};
use crate::limits::{COUNT_MAX, FEATURES_MAX, PROFILE_MAX, RULES_MAX, TERMS_MAX, TIME_MAX};
use crate::list::List;

impl<'b> Profile<'b> {
    /// Reads `record` and verifies it up to `anchor`.
    ///
    /// # Errors
    /// [`IssuedError`]; nothing inside may be believed then.
    pub fn verify<'a>(
        record: &'b [u8],
        anchor: impl Into<Anchor<'a>>,
    ) -> Result<Self, IssuedError> {
        let sign1 = Sign1::parse(record, PROFILE_MAX)?;
        let profile = Self::decode(sign1.payload())?;
        issued::verify(
            &sign1,
            Typ::Profile,
            &[Role::Issuer],
            anchor.into(),
            profile.issued_at,
        )?;
        Ok(profile)
    }

    fn decode(claims: &'b [u8]) -> Result<Self, Malformed> {
        let (mut vendor, mut issued_at, mut product, mut name, mut revision) =
            (None, None, None, None, None);
        let (mut features, mut weights, mut mappings) = (None, None, None);
        let (mut budgets, mut policy, mut terms, mut contact) = (None, None, None, None);
        cbor::read_map(claims, |key, d| {
            match key {
                ISS => vendor = Some(cbor::text(d, id::is_label, "vendor")?),
                IAT => issued_at = Some(cbor::number(d, TIME_MAX, "issued at")?),
                PRODUCT => product = Some(cbor::text(d, id::is_name, "product")?),
                NAME => name = Some(cbor::text(d, id::is_label, "name")?),
                REVISION => revision = Some(cbor::number(d, u64::MAX, "revision")?),
                FEATURES => features = Some(read_features(d)?),
                WEIGHTS => weights = Some(read_weights(d)?),
                MAPPINGS => mappings = Some(read_mappings(d)?),
                BUDGETS => budgets = Some(read_budgets(d)?),
                POLICY => policy = read_policy(d)?,
                TERMS => terms = Some(cbor::text(d, is_terms, "terms")?),
                CONTACT => contact = Some(cbor::text(d, id::is_label, "contact")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        let features: List<Feature<'b>, FEATURES_MAX> = cbor::need(features, "features")?;
        let mappings: List<Mapping<'b>, RULES_MAX> = cbor::need(mappings, "mappings")?;
        if !mappings
            .iter()
            .all(|mapping| features.iter().any(|feature| feature.id == mapping.feature))
        {
            return Err(Malformed::Field("mappings"));
        }
        Ok(Self {
            vendor: cbor::need(vendor, "vendor")?,
            issued_at: cbor::need(issued_at, "issued at")?,
            product: cbor::need(product, "product")?,
            name: cbor::need(name, "name")?,
            revision: cbor::need(revision, "revision")?,
            features,
            weights: cbor::need(weights, "weights")?,
            mappings,
            budgets: cbor::need(budgets, "budgets")?,
            policy: cbor::need(policy, "policy")?,
            terms: cbor::need(terms, "terms")?,
            contact: cbor::need(contact, "contact")?,
        })
    }
}

/// Terms are paragraphs: a label's characters, longer, with line feeds.
fn is_terms(text: &str) -> bool {
    text.len() <= TERMS_MAX && text.split('\n').all(id::is_plain)
}

/// A model pattern: visible ASCII and spaces, `*` only at the end.
fn is_pattern(text: &str) -> bool {
    text.len() <= crate::limits::NAME_MAX
        && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
        && !text.strip_suffix('*').unwrap_or(text).contains('*')
}

fn read_features<'b>(d: &mut Decoder<'b>) -> Result<List<Feature<'b>, FEATURES_MAX>, Malformed> {
    let mut features = List::<Feature<'b>, FEATURES_MAX>::default();
    for _ in 0..cbor::array(d, FEATURES_MAX, "features")? {
        cbor::tuple(d, 3, "features")?;
        let feature = Feature {
            id: cbor::text(d, id::is_name, "feature")?,
            name: cbor::text(d, id::is_label, "feature name")?,
            free: cbor::number(d, COUNT_MAX, "free channels")?,
        };
        if features.iter().any(|known| known.id == feature.id) {
            return Err(Malformed::Field("features"));
        }
        features
            .push(feature)
            .map_err(|Full| Malformed::Field("features"))?;
    }
    Ok(features)
}

fn read_weights<'b>(d: &mut Decoder<'b>) -> Result<List<Weight<'b>, RULES_MAX>, Malformed> {
    let mut weights = List::default();
    for _ in 0..cbor::array(d, RULES_MAX, "weights")? {
        cbor::tuple(d, 2, "weights")?;
        let weight = Weight {
            model: cbor::text(d, |text| !text.is_empty() && is_pattern(text), "model")?,
            channels: cbor::number(d, COUNT_MAX, "weight")?,
        };
        if weight.channels == 0 {
            return Err(Malformed::Field("weight"));
        }
        weights
            .push(weight)
            .map_err(|Full| Malformed::Field("weights"))?;
    }
    Ok(weights)
}

fn read_mappings<'b>(d: &mut Decoder<'b>) -> Result<List<Mapping<'b>, RULES_MAX>, Malformed> {
    let mut mappings = List::default();
    for _ in 0..cbor::array(d, RULES_MAX, "mappings")? {
        cbor::tuple(d, 3, "mappings")?;
        let oui = cbor::maybe(d, |d| cbor::bytes(d, "oui"))?;
        let mapping = Mapping {
            oui,
            model: cbor::text(d, is_pattern, "model")?,
            feature: cbor::text(d, id::is_name, "feature")?,
        };
        mappings
            .push(mapping)
            .map_err(|Full| Malformed::Field("mappings"))?;
    }
    Ok(mappings)
}

fn read_budgets(d: &mut Decoder<'_>) -> Result<Budgets, Malformed> {
    cbor::tuple(d, 6, "budgets")?;
    let mut next = || cbor::number(d, TIME_MAX, "budgets");
    Ok(Budgets {
        debounce_s: next()?,
        grace_s: next()?,
        first_grace_s: next()?,
        subscription_grace_days: next()?,
        machine_grace_days: next()?,
        growth_percent: next()?,
    })
}

fn read_policy(d: &mut Decoder<'_>) -> Result<Option<Policy>, Malformed> {
    Ok(match cbor::code(d, "policy")? {
        0 => Some(Policy::ShortestFirst),
        1 => Some(Policy::LongestFirst),
        2 => Some(Policy::Explicit),
        _ => None,
    })
}
