//! A3: signatures that are right, made by keys that may not make them. The signing crate refuses to make such
//! records, so here they are put together by hand, under a vendor made by hand.

use crate::support::*;
use tallykey_protocol::command::{Command, Empty, certify, make_key, personalise, update};
use tallykey_protocol::cose::{Header, Typ, assemble};
use tallykey_protocol::grant::Grant;
use tallykey_protocol::status::Status;
use tallykey_signing::certificate::{self, NO_END, Subject, Terms};
use tallykey_signing::{Signer, SoftwareKey};
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::host::Session;
use tallykey_sim::provision::chip_id;

const ORGANIZATION: &str = "Vendor by hand";

struct Authority {
    key: SoftwareKey,
    certificate: Vec<u8>,
}

/// A dongle and everyone who could sign for it.
struct Scene {
    root: Authority,
    factory: Authority,
    dongle: SimDongle,
    leaf: Vec<u8>,
}

fn key(number: u8) -> SoftwareKey {
    SoftwareKey::from_bytes(&[number; 32]).unwrap()
}

fn terms(number: u8, not_after: u64) -> Terms {
    Terms {
        serial_number: [number; 16],
        not_before: NOW - 1_000,
        not_after,
    }
}

impl Scene {
    fn new() -> Self {
        let root = key(1);
        let certificate =
            certificate::root(ORGANIZATION, "Root", &root, &terms(1, NO_END)).unwrap();
        let root = Authority {
            key: root,
            certificate,
        };
        let factory = Subject::Factory {
            organization: ORGANIZATION,
            name: "Factory",
        };
        let factory = root.certify(&factory, key(2), NO_END);
        let dongle = blank(SERIAL);
        let leaf = provision(&dongle, &root, &factory);
        Self {
            root,
            factory,
            dongle,
            leaf,
        }
    }

    /// What the dongle says to a grant of this revision, from this signer.
    fn offer(
        &self,
        session: &mut Session,
        revision: u64,
        signer: &Authority,
        chain: &[&[u8]],
    ) -> Status {
        let key = *session.key();
        let record = record(
            &grant(SERIAL, &key, revision, &lines(64)),
            &signer.key,
            chain,
        );
        status(
            session,
            Command::Update,
            &update::Request { record: &record },
        )
    }
}

impl Authority {
    fn certify(&self, subject: &Subject<'_>, key: SoftwareKey, not_after: u64) -> Self {
        let terms = terms(key.public_key()[1], not_after);
        let certificate = certificate::certify(
            subject,
            &key.public_key(),
            &self.certificate,
            &self.key,
            &terms,
        )
        .unwrap();
        Self { key, certificate }
    }
}

fn provision(dongle: &SimDongle, root: &Authority, factory: &Authority) -> Vec<u8> {
    let channel = channel(dongle);
    let made = channel
        .ask(Command::MakeKey, &make_key::Request { nonce: [0; 16] })
        .unwrap();
    let request = made.read_ok::<make_key::Reply<'_>>().unwrap().request;
    let request = tallykey_protocol::cert::CertificationRequest::verify(request, &[0; 16]).unwrap();
    let chip_id = chip_id(SERIAL);
    let subject = Subject::Dongle {
        serial: SERIAL,
        chip_id: &chip_id,
    };
    let (issuer, signer) = (&factory.certificate, &factory.key);
    let leaf = certificate::certify(
        &subject,
        request.public_key(),
        issuer,
        signer,
        &terms(9, NO_END),
    )
    .unwrap();
    let certify = certify::Request {
        chain: [&leaf, &factory.certificate],
        root: &root.certificate,
    };
    for status in [
        channel.ask(Command::Certify, &certify).unwrap().status,
        channel
            .ask(
                Command::Personalise,
                &personalise::Request { serial: SERIAL },
            )
            .unwrap()
            .status,
        channel.ask(Command::Seal, &Empty).unwrap().status,
    ] {
        assert_eq!(status, Status::Ok);
    }
    leaf
}

fn record(grant: &Grant<'_>, key: &SoftwareKey, chain: &[&[u8]]) -> Vec<u8> {
    let (mut claims, mut record) = (vec![0; 4096], vec![0; 8192]);
    let length = grant.encode(&mut claims).unwrap();
    let header = Header {
        typ: Typ::Grant,
        key: &key.public_key(),
        chain,
    };
    let length = assemble(&mut record, &header, &claims[..length], |digest| {
        key.sign(digest).map_err(|_| tallykey_protocol::cbor::Full)
    })
    .unwrap();
    record.truncate(length);
    record
}

#[test]
fn a03_a_role_that_may_not_sign_a_grant_is_refused() {
    let scene = Scene::new();
    let Scene {
        root,
        factory,
        leaf,
        ..
    } = &scene;
    let issuer = Subject::Issuer {
        organization: ORGANIZATION,
        name: "Issuer",
    };
    let issuer = root.certify(&issuer, key(3), NO_END);
    let factory_issuer = Subject::FactoryIssuer {
        organization: ORGANIZATION,
        name: "Factory issuer",
    };
    let factory_issuer = root.certify(&factory_issuer, key(4), NO_END);
    let mut session = open(&scene.dongle);
    let before = facts(&mut session);

    for (signer, chain, expected) in [
        (
            factory,
            vec![&factory.certificate[..]],
            Status::RoleNotAllowed,
        ),
        (root, vec![&root.certificate[..]], Status::RoleNotAllowed),
        (&issuer, vec![&leaf[..]], Status::RoleNotAllowed),
        (&issuer, vec![], Status::ChainInvalid),
        (
            &issuer,
            vec![&issuer.certificate[..], &root.certificate[..]],
            Status::ChainInvalid,
        ),
        // An issuer's certificate over a record that somebody else signed.
        (
            factory,
            vec![&issuer.certificate[..]],
            Status::SignatureInvalid,
        ),
    ] {
        assert_eq!(scene.offer(&mut session, 1, signer, &chain), expected);
    }
    assert_eq!(facts(&mut session), before);

    let chain = [&factory_issuer.certificate[..]];
    assert_eq!(
        scene.offer(&mut session, 1, &factory_issuer, &chain),
        Status::Ok
    );
    assert_eq!(
        scene.offer(&mut session, 2, &factory_issuer, &chain),
        Status::RoleNotAllowed,
        "only the first"
    );
    assert_eq!(
        scene.offer(&mut session, 2, &issuer, &[&issuer.certificate[..]]),
        Status::Ok
    );
}

#[test]
fn an_issuer_is_judged_at_the_time_of_its_record() {
    let scene = Scene::new();
    let subject = Subject::Issuer {
        organization: ORGANIZATION,
        name: "Issuer",
    };
    let mut session = open(&scene.dongle);
    let over = scene.root.certify(&subject, key(5), NOW - 1);
    assert_eq!(
        scene.offer(&mut session, 1, &over, &[&over.certificate[..]]),
        Status::ChainInvalid
    );
    let just = scene.root.certify(&subject, key(6), NOW);
    assert_eq!(
        scene.offer(&mut session, 1, &just, &[&just.certificate[..]]),
        Status::Ok
    );
}
