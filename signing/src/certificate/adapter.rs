//! Our [`Signer`] as the certificate builder wants to see one.

use p256::ecdsa::{Error, VerifyingKey, signature::Keypair};
use spki::{AlgorithmIdentifierOwned, DynSignatureAlgorithmIdentifier, ObjectIdentifier};

use crate::Signer;

/// RFC 5758 §3.2, ecdsa-with-SHA256.
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

/// Tells the builder which key and which algorithm; the signature itself is made over the port.
pub(super) struct Certifier(VerifyingKey);

impl Certifier {
    pub(super) fn new(key: &dyn Signer) -> Result<Self, Error> {
        VerifyingKey::from_sec1_bytes(&key.public_key()).map(Self)
    }
}

impl Keypair for Certifier {
    type VerifyingKey = VerifyingKey;

    fn verifying_key(&self) -> VerifyingKey {
        self.0
    }
}

impl DynSignatureAlgorithmIdentifier for Certifier {
    fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
        Ok(algorithm())
    }
}

/// The one algorithm that our certificates and lists are signed with.
pub(super) fn algorithm() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid: ECDSA_WITH_SHA256,
        parameters: None,
    }
}
