//! Facts for the unit tests of the rules: what verification would have yielded.

use tallykey_protocol::grant::{Convert, Plan};
use tallykey_protocol::profile::{Budgets, Policy};

use super::entitlement::{Entitlement, Line, Source};
use super::profile::{DeviceRule, Feature, Profile, Weight};

/// A product with 4 free cameras, one own OUI and one model that costs four channels.
pub(crate) fn profile() -> Profile {
    let feature = |id: &str, free| Feature {
        id: id.into(),
        name: id.into(),
        free,
    };
    let rule = |oui, model: Option<&str>, feature: &str| DeviceRule {
        oui,
        model: model.map(Into::into),
        feature: feature.into(),
    };
    Profile {
        product: "tallykey-vms".into(),
        name: "Tallykey VMS".into(),
        revision: 1,
        features: vec![
            feature("camera", 4),
            feature("other-brand", 0),
            feature("vca", 0),
        ],
        weights: vec![Weight {
            model: "QUAD-*".into(),
            channels: 4,
        }],
        devices: vec![
            rule(None, Some("VCA-*"), "vca"),
            rule(Some([0x00, 0x02, 0xD1]), None, "camera"),
        ],
        budgets: Budgets {
            debounce_s: 30,
            grace_s: 72 * 3_600,
            first_grace_s: 4 * 3_600,
            subscription_grace_days: 30,
            machine_grace_days: 14,
            growth_percent: 100,
        },
        policy: Policy::ShortestFirst,
        terms: None,
    }
}

/// Perpetual lines held by the dongle number `dongle`.
pub(crate) fn entitlement(dongle: u8, counts: &[(&str, u64)]) -> Entitlement {
    let lines = (1..).zip(counts).map(|(id, (feature, count))| Line {
        revision: 1,
        id,
        feature: (*feature).into(),
        count: *count,
        given: 0,
        plan: Plan::Perpetual,
        valid_from: 0,
        valid_to: None,
        grace_to: None,
        only: None,
    });
    Entitlement {
        source: Source::Dongle {
            serial: format!("TK-{dongle:04}"),
            thumbprint: [dongle; 32],
        },
        lines: lines.collect(),
        excludes_free: false,
        converts: Convert::Offline,
    }
}

/// The same of the software licence number `licence`.
pub(crate) fn software(licence: u8, counts: &[(&str, u64)]) -> Entitlement {
    Entitlement {
        source: Source::Licence {
            identity: [licence; 32],
        },
        ..entitlement(licence, counts)
    }
}

/// The same with every line ending at `end` (Unix time in seconds).
pub(crate) fn until(end: u64, mut entitlement: Entitlement) -> Entitlement {
    for line in &mut entitlement.lines {
        line.valid_to = Some(end);
    }
    entitlement
}

/// The same with each line changed by `change`.
pub(crate) fn with(mut entitlement: Entitlement, change: impl FnMut(&mut Line)) -> Entitlement {
    entitlement.lines.iter_mut().for_each(change);
    entitlement
}
