//! A vendor from its own random keys: everything it makes belongs together, and to nobody else.

use std::io;

use tallykey_protocol::{
    cert::{CertError, Certificate, Role, verify_chain},
    trust::TrustBundle,
};
use tallykey_signing::{Signer, SoftwareKey, Vendor, VendorError};

const NOW: u64 = 1_767_225_600;

#[test]
fn a_new_vendor_certifies_dongles_that_chain_to_the_root_it_publishes() {
    let vendor = vendor(1);
    let key = SoftwareKey::from_bytes(&[9; 32]).unwrap().public_key();
    let dongle = vendor
        .certify_dongle("TK-1", &[1], &key, [5; 16], NOW)
        .unwrap();
    let bundle = vendor.trust_bundle();
    let bundle = TrustBundle::decode(&bundle).unwrap();
    assert_eq!((bundle.vendor, bundle.test), ("Acme, Inc.", false));
    let root = Certificate::parse(bundle.root).unwrap();
    root.verify_root().unwrap();
    let chain = [vendor.factory_certificate()];
    verify_chain(&dongle, &chain, &root, Role::Dongle, Some(NOW)).unwrap();

    let other = self::vendor(2);
    let root = Certificate::parse(other.root_certificate()).unwrap();
    let refused = verify_chain(&dongle, &chain, &root, Role::Dongle, None).unwrap_err();
    assert!(
        matches!(refused, CertError::OtherVendor { .. }),
        "{refused:?}"
    );
}

#[test]
fn no_random_bytes_no_vendor() {
    let fill = |_: &mut [u8]| Err(io::Error::other("no entropy"));
    let failed = Vendor::generate("Acme", false, NOW, fill).unwrap_err();
    assert!(matches!(failed, VendorError::Random { .. }), "{failed:?}");
}

#[test]
fn a_name_that_no_certificate_can_carry_is_refused() {
    for name in ["", "line\nfeed", &"x".repeat(65)] {
        let failed = Vendor::generate(name, false, NOW, counter(1)).unwrap_err();
        assert!(
            matches!(failed, VendorError::Certify(_)),
            "{name:?}: {failed:?}"
        );
    }
}

fn vendor(seed: u8) -> Vendor {
    Vendor::generate("Acme, Inc.", false, NOW, counter(seed)).unwrap()
}

/// Bytes that a test can repeat: `seed` with a rising last byte.
fn counter(seed: u8) -> impl FnMut(&mut [u8]) -> Result<(), io::Error> {
    let mut count = 0;
    move |out| {
        count += 1;
        out.fill(seed);
        out[31] = count;
        Ok(())
    }
}
