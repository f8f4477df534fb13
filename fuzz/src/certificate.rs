//! X.509: one certificate, a chain, a certification request, a revocation list.

use super::vendor;
use tallykey_protocol::cert::{Anchor, Certificate, CertificationRequest, Crl, Role, verify_chain};
use tallykey_protocol::limits::{CERT_MAX, CRL_MAX};
use x509_parser::prelude::{FromDer, X509Certificate};

/// The nonce in the requests of the corpus.
pub(super) const NONCE: [u8; 16] = [0x4E; 16];

/// Takes `data` as one certificate, as a request, as a revocation list, and as two certificates after each other.
pub fn certificate(data: &[u8]) {
    let root = Certificate::parse(vendor().root_certificate()).expect("our own root");
    if let Ok(certificate) = Certificate::parse(data) {
        assert!(data.len() <= CERT_MAX);
        assert_eq!(certificate.public_key()[0], 4);
        agrees_with_another_reader(data, &certificate);
        let _ = certificate.verify_root();
        let _ = certificate.verify_signed_by(&root);
    }
    if let Ok(request) = CertificationRequest::verify(data, &NONCE) {
        assert_eq!(request.public_key()[0], 4);
    }
    if let Ok(list) = Crl::parse(data) {
        assert!(data.len() <= CRL_MAX);
        let _ = list.verify(&root);
        let anchor = Anchor {
            root: &root,
            revoked: Some(&list),
        };
        let factory = vendor().factory_certificate();
        let _ = verify_chain(factory, &[], anchor, Role::Factory, None);
    }
    let (leaf, authority) = first_sequence(data);
    for role in [
        Role::Dongle,
        Role::Factory,
        Role::Issuer,
        Role::FactoryIssuer,
    ] {
        if let Ok(leaf) = verify_chain(leaf, &[authority], &root, role, None) {
            assert_eq!(leaf.role(), Some(role));
        }
        let _ = verify_chain(data, &[], &root, role, Some(1_700_000_000));
    }
}

/// What our strict reader takes, a lenient one takes too, and reads the same from it.
fn agrees_with_another_reader(der: &[u8], ours: &Certificate<'_>) {
    let (rest, theirs) = X509Certificate::from_der(der).expect("another reader takes it");
    assert!(rest.is_empty());
    assert_eq!(
        *theirs.public_key().subject_public_key.data,
        *ours.public_key()
    );
    let serial = theirs
        .subject()
        .iter_by_oid(&x509_parser::oid_registry::OID_X509_SERIALNUMBER);
    let serial = serial
        .filter_map(|attribute| attribute.as_str().ok())
        .next();
    assert_eq!(serial, ours.serial_number());
}

/// Splits behind the first DER SEQUENCE whose length has two bytes, as that of every certificate has.
fn first_sequence(data: &[u8]) -> (&[u8], &[u8]) {
    match data {
        [0x30, 0x82, high, low, ..] => {
            let end = 4 + usize::from(u16::from_be_bytes([*high, *low]));
            data.split_at(end.min(data.len()))
        }
        _ => data.split_at(data.len() / 2),
    }
}
