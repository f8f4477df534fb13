//! The trust bundle, which no one signs.

use tallykey_protocol::trust::TrustBundle;

#[rustfmt::skip]
const BUNDLE: &[&[u8]] = &[
    &[0xA4],                   // map of 4
    &[0x01, 0x01],             // format: 1
    &[0x02, 0x64], b"Acme",    // vendor: text of 4
    &[0x03, 0x42, 0x30, 0x00], // root: 2 bytes of DER
    &[0x04, 0xF5],             // test: true
];

#[test]
fn a_trust_bundle_is_read_and_written() {
    let bytes = BUNDLE.concat();
    let bundle = TrustBundle::decode(&bytes).expect("a bundle");
    assert_eq!(
        (bundle.vendor, bundle.root, bundle.test),
        ("Acme", &[0x30, 0x00][..], true)
    );
    let mut out = [0; 64];
    let length = bundle.encode(&mut out).expect("fits");
    assert_eq!(out[..length], bytes);
}
