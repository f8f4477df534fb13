//! Whatever happens to the bytes of a chain, it does not panic and does not verify.

use proptest::prelude::*;
use tallykey_protocol::cert::{Certificate, Role, verify_chain};

use crate::pki::{Pki, pki};

#[test]
fn a03_no_bit_of_a_chain_can_change() {
    let pki = pki(1);
    for bit in 0..8 * pki.dongle.len() {
        let mut dongle = pki.dongle.clone();
        dongle[bit / 8] ^= 1 << (bit % 8);
        assert!(
            !verifies(&dongle, &pki.factory, &pki),
            "bit {bit} of the dongle's"
        );
    }
    for bit in 0..8 * pki.factory.len() {
        let mut factory = pki.factory.clone();
        factory[bit / 8] ^= 1 << (bit % 8);
        assert!(
            !verifies(&pki.dongle, &factory, &pki),
            "bit {bit} of the factory's"
        );
    }
}

proptest! {
    #[test]
    fn a02_cut_and_stuffed_chain_does_not_verify(
        at in 0usize..2000,
        cut in 0usize..40,
        stuffing in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let pki = pki(1);
        let mut dongle = pki.dongle.clone();
        let start = at % dongle.len();
        let end = dongle.len().min(start + cut);
        dongle.splice(start..end, stuffing);
        prop_assume!(dongle != pki.dongle);
        prop_assert!(!verifies(&dongle, &pki.factory, &pki));
    }

    #[test]
    fn a02_arbitrary_bytes_are_no_certificate(der in proptest::collection::vec(any::<u8>(), 0..1100)) {
        prop_assert!(Certificate::parse(&der).is_err());
    }
}

fn verifies(dongle: &[u8], factory: &[u8], pki: &Pki) -> bool {
    let root = Certificate::parse(&pki.root).unwrap();
    verify_chain(dongle, &[factory], &root, Role::Dongle, None).is_ok()
}
