//! The product that simulated dongles are for.

use tallykey_protocol::{
    cbor::Full,
    limits::{FEATURES_MAX, RULES_MAX},
    list::List,
    profile::{Budgets, Feature, Mapping, Policy, Profile, Weight},
};

use super::{ISSUED_AT, NAME};

/// Id, name for people, free channels.
const FEATURES: [(&str, &str, u64); 11] = [
    ("camera", "Camera channels", 4),
    ("other-brand", "Other-brand camera channels", 0),
    ("mac", "MAC-bound channels", 0),
    ("vca", "Video content analysis", 0),
    ("google-map", "Google map", 0),
    ("gps-receiver", "GPS receivers", 0),
    ("tcp-trigger", "TCP triggers", 0),
    ("pos", "Point-of-sale terminals", 0),
    ("data-magnet", "Data Magnet sources", 0),
    ("failover", "Failover servers", 0),
    ("package", "Packages", 0),
];

/// Devices that record several pictures at once cost a channel for each.
const WEIGHTS: [(&str, u64); 8] = [
    // Four sensors, one panorama or four aimed apart.
    ("MA8391*", 4),
    ("MA9321*", 4),
    ("MA9322*", 4),
    ("MS8391*", 4),
    // Two sensors, 180 degrees.
    ("MS9390*", 2),
    ("CC9390*", 2),
    // Video servers with four and eight analogue inputs.
    ("VS8401*", 4),
    ("VS8801*", 8),
];

/// Own-brand devices by the first half of their MAC address.
const OWN_BRAND: [u8; 3] = [0x00, 0x02, 0xd1];

const TERMS: &str = "Demonstration licences of a simulated dongle. They prove nothing, bind nobody and \
cost nothing.\nDo not use them to record what matters to you.";

/// The profile, revision 1.
#[must_use]
pub fn profile() -> Profile<'static> {
    Profile {
        vendor: NAME,
        issued_at: ISSUED_AT,
        product: "tallykey-vms",
        name: "Tallykey demonstration VMS",
        revision: 1,
        features: features(),
        weights: weights(),
        mappings: mappings(),
        budgets: Budgets {
            debounce_s: 30,
            grace_s: 72 * 3600,
            first_grace_s: 4 * 3600,
            subscription_grace_days: 30,
            machine_grace_days: 14,
            growth_percent: 100,
        },
        policy: Policy::ShortestFirst,
        terms: TERMS,
        contact: "desk@tallykey.example",
    }
}

fn features() -> List<Feature<'static>, FEATURES_MAX> {
    list(FEATURES.map(|(id, name, free)| Feature { id, name, free }))
}

fn weights() -> List<Weight<'static>, RULES_MAX> {
    list(WEIGHTS.map(|(model, channels)| Weight { model, channels }))
}

fn mappings() -> List<Mapping<'static>, RULES_MAX> {
    list([Mapping {
        oui: Some(OWN_BRAND),
        model: "",
        feature: "camera",
    }])
}

fn list<T: Copy + Default, const M: usize, const N: usize>(values: [T; M]) -> List<T, N> {
    const { assert!(M <= N) };
    List::of(&values).unwrap_or_else(|Full| unreachable!("{M} values fit {N}"))
}
