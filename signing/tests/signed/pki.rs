//! One vendor with keys in hand, so that a test can misuse them.

use tallykey_signing::{
    Issuer, Signer, SoftwareKey,
    certificate::{NO_END, Subject, Terms, certify, root},
};

/// 2026-01-01T00:00:00Z and one year later.
pub(crate) const BEGIN: u64 = 1_767_225_600;
pub(crate) const END: u64 = 1_798_761_600;

pub(crate) const SERIAL: &str = "TK-000042";
pub(crate) const CHIP_ID: &[u8] = &[0xc0, 0xff, 0xee, 0, 0, 0, 0, 1];

/// Keys, and certificates in DER.
pub(crate) struct Pki {
    pub(crate) root_key: SoftwareKey,
    pub(crate) factory_key: SoftwareKey,
    pub(crate) issuer_key: SoftwareKey,
    pub(crate) factory_issuer_key: SoftwareKey,
    pub(crate) dongle_key: SoftwareKey,
    pub(crate) root: Vec<u8>,
    pub(crate) factory: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) factory_issuer: Vec<u8>,
    pub(crate) dongle: Vec<u8>,
}

/// The vendor whose keys begin at scalar `seed`. Only the issuer's certificate ends.
pub(crate) fn pki(seed: u8) -> Pki {
    let key = |offset| SoftwareKey::from_bytes(&[seed + offset; 32]).unwrap();
    let (root_key, factory_key, issuer_key) = (key(0), key(1), key(2));
    let (factory_issuer_key, dongle_key) = (key(3), key(4));
    let organization = "Acme, Inc.";
    let root = root(organization, "Root", &root_key, &terms(1, NO_END)).unwrap();
    let by_root = |subject, key: &SoftwareKey, terms| {
        certify(&subject, &key.public_key(), &root, &root_key, &terms).unwrap()
    };
    let name = "Factory";
    let factory = by_root(
        Subject::Factory { organization, name },
        &factory_key,
        terms(2, NO_END),
    );
    let name = "Issuer";
    let issuer = by_root(
        Subject::Issuer { organization, name },
        &issuer_key,
        terms(3, END),
    );
    let subject = Subject::FactoryIssuer {
        organization,
        name: "Line 3",
    };
    let factory_issuer = by_root(subject, &factory_issuer_key, terms(5, NO_END));
    let subject = Subject::Dongle {
        serial: SERIAL,
        chip_id: CHIP_ID,
    };
    let key = dongle_key.public_key();
    let dongle = certify(&subject, &key, &factory, &factory_key, &terms(4, NO_END)).unwrap();
    Pki {
        root,
        factory,
        issuer,
        factory_issuer,
        dongle,
        root_key,
        factory_key,
        issuer_key,
        factory_issuer_key,
        dongle_key,
    }
}

fn terms(number: u8, not_after: u64) -> Terms {
    Terms {
        serial_number: [number; 16],
        not_before: BEGIN,
        not_after,
    }
}

impl Pki {
    /// The issuer with its certificate.
    pub(crate) fn desk(&self) -> Issuer<'_> {
        self.signer(&self.issuer_key, &self.issuer)
    }

    /// `key` with `certificate`, whatever its role.
    pub(crate) fn signer<'a>(&'a self, key: &'a SoftwareKey, certificate: &'a [u8]) -> Issuer<'a> {
        let root = &self.root;
        Issuer {
            key,
            certificate,
            root,
        }
    }
}
