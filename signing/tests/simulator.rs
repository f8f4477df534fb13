//! The simulator's vendor never changes: its root is known by a constant in other crates.

use sha2::{Digest, Sha256};
use tallykey_protocol::{
    cert::{Certificate, SIMULATOR_ROOT_KEY_ID},
    id::key_id,
    profile::Profile,
    trust::TrustBundle,
};
use tallykey_signing::simulator;

#[test]
fn the_constant_in_protocol_is_the_simulators_root() {
    let vendor = simulator::vendor().unwrap();
    let root = Certificate::parse(vendor.root_certificate()).unwrap();
    assert_eq!(SIMULATOR_ROOT_KEY_ID, key_id(root.public_key()));
}

/// Existing simulated state and recorded fixtures hold these bytes: a change here orphans them.
#[test]
fn the_simulators_certificates_are_the_same_every_time() {
    let vendor = simulator::vendor().unwrap();
    let digest = |der: &[u8]| {
        let digest = Sha256::digest(der);
        digest[..8]
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect::<String>()
    };
    assert_eq!(digest(vendor.root_certificate()), "5aa9e5bf17f030fe");
    assert_eq!(digest(vendor.factory_certificate()), "fb83afd087a26a87");
}

#[test]
fn the_bundle_says_test_vendor_and_its_root_verifies() {
    let bundle = simulator::vendor().unwrap().trust_bundle();
    let bundle = TrustBundle::decode(&bundle).unwrap();
    assert!(bundle.test);
    assert_eq!(bundle.vendor, "Tallykey simulator");
    Certificate::parse(bundle.root)
        .unwrap()
        .verify_root()
        .unwrap();
}

#[test]
fn the_product_has_the_features_that_the_readme_shows() {
    let vendor = simulator::vendor().unwrap();
    let record = vendor.sign_profile(&simulator::profile()).unwrap();
    let root = Certificate::parse(vendor.root_certificate()).unwrap();
    let profile = Profile::verify(&record, &root).unwrap();
    assert_eq!(profile, simulator::profile());
    let free: Vec<_> = profile.features.iter().map(|f| (f.id, f.free)).collect();
    assert_eq!(free[..3], [("camera", 4), ("other-brand", 0), ("mac", 0)]);
    assert_eq!(free.len(), 11);
    assert_eq!(
        (profile.budgets.debounce_s, profile.budgets.grace_s),
        (30, 259_200)
    );
}
