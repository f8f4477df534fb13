//! Who may certify whom.

use tallykey_protocol::{
    cert::{CertError, Certificate, Role, verify_chain},
    id::PublicKey,
};
use tallykey_signing::{
    Signer, SoftwareKey,
    certificate::{CertifyError, NO_END, Subject, Terms, certify},
};

use crate::{
    der_tree::{Node, forge, tbs},
    pki::{BEGIN, CHIP_ID, END, Pki, SERIAL, pki},
};

#[test]
fn a_dongle_chains_to_its_vendors_root() {
    let pki = pki(1);
    let dongle = verify_dongle(&pki.dongle, &pki.factory, &pki).unwrap();
    assert_eq!(dongle.serial_number(), Some(SERIAL));
    assert_eq!(dongle.chip_id(), Some(CHIP_ID));
    assert_eq!(dongle.public_key(), &pki.dongle_key.public_key());
    assert_eq!(dongle.role(), Some(Role::Dongle));
}

#[test]
fn a_root_is_one_that_signed_itself() {
    let (ours, theirs) = (pki(1), pki(11));
    Certificate::parse(&ours.root)
        .unwrap()
        .verify_root()
        .unwrap();
    let issuer = Certificate::parse(&ours.issuer).unwrap();
    let found = Role::Issuer;
    assert_eq!(issuer.verify_root(), Err(CertError::NotRoot { found }));
    let forged = forge(&ours.root, &theirs.root_key, |_| {});
    let forged = Certificate::parse(&forged).unwrap();
    assert_eq!(forged.verify_root(), Err(CertError::Signature));
}

#[test]
fn a03_other_vendors_dongle_is_refused_by_name() {
    // Both vendors are called the same: only the keys tell them apart.
    let (ours, theirs) = (pki(1), pki(11));
    let refused = verify_dongle(&theirs.dongle, &theirs.factory, &ours).unwrap_err();
    assert!(
        matches!(refused, CertError::OtherVendor { .. }),
        "{refused:?}"
    );
}

#[test]
fn a03_chain_of_two_vendors_is_refused() {
    let (ours, theirs) = (pki(1), pki(11));
    let refused = verify_dongle(&theirs.dongle, &ours.factory, &ours).unwrap_err();
    assert_eq!(refused, CertError::IssuerMismatch);
}

#[test]
fn a03_wrong_role_key_is_refused_by_its_own_name() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let refused = verify_chain(&pki.issuer, &[], &root, Role::FactoryIssuer, None).unwrap_err();
    let (wanted, found) = (Role::FactoryIssuer, Some(Role::Issuer));
    assert_eq!(refused, CertError::WrongRole { wanted, found });
    let refused = verify_chain(&pki.root, &[], &root, Role::Issuer, None).unwrap_err();
    let (wanted, found) = (Role::Issuer, None);
    assert_eq!(refused, CertError::WrongRole { wanted, found });
}

#[test]
fn a03_issuer_cannot_certify_a_dongle() {
    let pki = pki(1);
    // The issuer has no subjectKeyIdentifier duty, but ours have one: names and key ids do chain.
    let forged = reissued(&pki.dongle, &pki.issuer, &pki.issuer_key);
    let refused = verify_dongle(&forged, &pki.issuer, &pki).unwrap_err();
    assert_eq!(refused, CertError::NotCa);
}

#[test]
fn a03_factory_cannot_make_an_issuer_or_another_factory() {
    let pki = pki(1);
    for (certificate, subject) in [(&pki.issuer, Role::Issuer), (&pki.factory, Role::Factory)] {
        let forged = reissued(certificate, &pki.factory, &pki.factory_key);
        let root = Certificate::parse(&pki.root).unwrap();
        let refused = verify_chain(&forged, &[&pki.factory], &root, subject, None).unwrap_err();
        let (issuer, subject) = (Some(Role::Factory), Some(subject));
        assert_eq!(refused, CertError::RoleNotAllowed { issuer, subject });
    }
}

#[test]
fn a03_dongle_certified_by_the_root_itself_is_refused() {
    let pki = pki(1);
    let forged = reissued(&pki.dongle, &pki.root, &pki.root_key);
    let root = Certificate::parse(&pki.root).unwrap();
    let refused = verify_chain(&forged, &[], &root, Role::Dongle, None).unwrap_err();
    let (issuer, subject) = (None, Some(Role::Dongle));
    assert_eq!(refused, CertError::RoleNotAllowed { issuer, subject });
}

#[test]
fn a03_factory_below_a_root_that_allows_none_is_refused() {
    let pki = pki(1);
    let root = forge(&pki.root, &pki.root_key, |tbs| {
        let value = tbs.extensions()[0].children().last_mut().unwrap();
        *value.bytes() = vec![0x30, 6, 1, 1, 0xff, 2, 1, 0];
    });
    let root = Certificate::parse(&root).unwrap();
    let refused = verify_chain(&pki.dongle, &[&pki.factory], &root, Role::Dongle, None);
    assert_eq!(refused.unwrap_err(), CertError::PathTooLong);
}

#[test]
fn a03_longer_chain_than_ours_is_refused_unread() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let chain: [&[u8]; 2] = [&pki.factory, &pki.factory];
    let refused = verify_chain(&pki.dongle, &chain, &root, Role::Dongle, None).unwrap_err();
    assert_eq!(refused, CertError::PathTooLong);
}

#[test]
fn an_issuer_is_judged_at_the_time_of_its_record() {
    let pki = pki(1);
    let root = Certificate::parse(&pki.root).unwrap();
    let at = |at| verify_chain(&pki.issuer, &[], &root, Role::Issuer, Some(at)).map(|_| ());
    assert_eq!((at(BEGIN), at(END)), (Ok(()), Ok(())));
    let (not_before, not_after) = (BEGIN, END);
    let early = BEGIN - 1;
    assert_eq!(
        at(early),
        Err(CertError::NotYetValid {
            not_before,
            at: early
        })
    );
    let late = END + 1;
    assert_eq!(
        at(late),
        Err(CertError::Expired {
            not_after,
            at: late
        })
    );
}

#[test]
fn nothing_is_handed_out_that_would_be_refused() {
    let pki = pki(1);
    let terms = Terms {
        serial_number: [9; 16],
        not_before: BEGIN,
        not_after: NO_END,
    };
    let dongle = |serial, chip_id| Subject::Dongle { serial, chip_id };
    let by = |subject: Subject<'_>, issuer: &[u8], key: &SoftwareKey, terms: Terms| {
        let public_key: PublicKey = pki.dongle_key.public_key();
        match certify(&subject, &public_key, issuer, key, &terms).unwrap_err() {
            CertifyError::Refused { source } => source,
            other => panic!("{other:?}"),
        }
    };
    let (root, root_key) = (&pki.root, &pki.root_key);
    let (factory, factory_key) = (&pki.factory, &pki.factory_key);
    let good = dongle(SERIAL, CHIP_ID);
    let backwards = Terms {
        not_after: BEGIN - 1,
        ..terms
    };
    let (issuer, subject) = (None, Some(Role::Dongle));
    assert_eq!(
        by(dongle("no serial", CHIP_ID), factory, factory_key, terms),
        CertError::Name
    );
    assert_eq!(
        by(good, factory, factory_key, backwards),
        CertError::Validity
    );
    assert_eq!(by(good, factory, root_key, terms), CertError::Signature);
    assert_eq!(
        by(good, root, root_key, terms),
        CertError::RoleNotAllowed { issuer, subject }
    );
}

fn verify_dongle<'a>(
    dongle: &'a [u8],
    factory: &[u8],
    pki: &Pki,
) -> Result<Certificate<'a>, CertError> {
    let root = Certificate::parse(&pki.root).unwrap();
    verify_chain(dongle, &[factory], &root, Role::Dongle, None)
}

/// `certificate` as if `issuer` had made it: named, identified and signed as it should be.
fn reissued(certificate: &[u8], issuer: &[u8], key: &SoftwareKey) -> Vec<u8> {
    let mut issuer = Node::read(issuer);
    let issuer = issuer.at(&[0]);
    forge(certificate, key, |tbs| {
        *tbs.at(&[tbs::ISSUER]) = issuer.at(&[tbs::SUBJECT]).clone();
        // Behind the heads of OCTET STRING, and of SEQUENCE and [0].
        let id = issuer.extension(SUBJECT_KEY_ID)[2..].to_vec();
        tbs.extension(AUTHORITY_KEY_ID).splice(4.., id);
    })
}

/// 2.5.29.14 and 2.5.29.35.
const SUBJECT_KEY_ID: u8 = 14;
const AUTHORITY_KEY_ID: u8 = 35;
