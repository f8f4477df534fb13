//! A host and a dongle, from hello to close. Read this first.

use crate::support::*;
use tallykey_protocol::cert::{Certificate, Role, verify_chain};
use tallykey_protocol::command::{
    Command, Decode, Empty, certificate, grant, heartbeat, hello, prove, update,
};
use tallykey_protocol::grant::Grant;
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::proof::{Kind, Proof, attested};
use tallykey_protocol::status::Status;
use tallykey_sim::host::TalkError;

#[test]
fn a_session_from_hello_to_close() {
    let (dongle, _) = provisioned(SERIAL);
    let mut host = channel(&dongle);

    let answer = host.hello().unwrap();
    let hello: hello::Reply<'_> = answer.read_ok().unwrap();
    assert_eq!(
        (hello.serial, hello.lifecycle, hello.simulated),
        (Some(SERIAL), Lifecycle::Sealed, true)
    );

    let answer = host
        .ask(Command::Certificate, &certificate::Request { known: None })
        .unwrap();
    let shown: certificate::Reply<'_> = answer.read_ok().unwrap();
    let [leaf, ca] = shown.chain.unwrap();
    let root = Certificate::parse(VENDOR.root_certificate()).unwrap();
    let certificate = verify_chain(leaf, &[ca], &root, Role::Dongle, Some(NOW)).unwrap();
    assert_eq!(certificate.serial_number(), Some(SERIAL));
    let known = certificate::Request {
        known: Some(shown.digest),
    };
    let again = host.ask(Command::Certificate, &known).unwrap();
    assert_eq!(
        again.read_ok::<certificate::Reply<'_>>().unwrap().chain,
        None
    );

    let mut session = tallykey_sim::host::Session::open(host, [7; 16]).unwrap();
    assert_eq!(session.key(), certificate.public_key());

    let nonce = [9; 16];
    let beat = session
        .ask(Command::Heartbeat, &heartbeat::Request { nonce })
        .unwrap();
    let beat: heartbeat::Reply = beat.read_ok().unwrap();
    assert_eq!(beat.nonce, nonce);

    let before = facts(&mut session);
    assert_eq!(before.counter, beat.counter);
    let answer = session
        .ask(Command::Grant, &grant::Request::Index(0))
        .unwrap();
    let record = answer.read_ok::<grant::Reply<'_>>().unwrap().record;
    let (held, digest) = Grant::verify(record, &root).unwrap();
    assert_eq!((held.revision, held.lines.to_vec()), (1, lines(64)));
    let product = PROFILE.product.to_owned();
    assert_eq!(
        before.grants,
        [(product.clone(), 1, digest, vec![(1, 0), (2, 0)])]
    );

    let key = *session.key();
    let record = VENDOR
        .sign_grant(&grant(SERIAL, &key, 2, &lines(100)))
        .unwrap();
    let answer = session
        .ask(Command::Update, &update::Request { record: &record })
        .unwrap();
    let updated: update::Reply = answer.read_ok().unwrap();
    assert_eq!((updated.revision, updated.counter), (2, before.counter + 1));
    let after = facts(&mut session);
    assert_eq!((after.counter, after.grants[0].1), (updated.counter, 2));

    let host = session.close().unwrap();
    let gone = host
        .ask(Command::Heartbeat, &heartbeat::Request { nonce })
        .unwrap();
    assert_eq!(gone.status, Status::NoSession);
    let mut session =
        tallykey_sim::host::Session::open(host, [7; 16]).expect("the next host need not wait");
    assert_eq!(facts(&mut session), after);
}

#[test]
fn each_kind_of_proof_is_of_its_own_kind() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let key = *session.key();
    let opening = session.opening().to_vec();
    let proofs =
        [Kind::Attest, Kind::Request, Kind::State].map(|kind| (kind, session.prove(kind).unwrap()));
    for (kind, record) in proofs.iter().chain([&(Kind::Open, opening)]) {
        for other in [Kind::Open, Kind::Attest, Kind::Request, Kind::State] {
            assert_eq!(
                Proof::verify(record, other, &key).is_ok(),
                other == *kind,
                "{kind:?} as {other:?}"
            );
        }
    }
}

#[test]
fn attest_binds_nonce_and_statement_and_signs_neither_raw() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let (nonce, statement) = ([5; 32], b"total 64".as_slice());
    let request = prove::Request {
        kind: Kind::Attest,
        nonce,
        statement,
    };
    let answer = session.ask(Command::Prove, &request).unwrap();
    let record = answer.read_ok::<prove::Reply<'_>>().unwrap().proof;
    let proof = Proof::verify(record, Kind::Attest, session.key()).unwrap();
    assert_eq!(proof.nonce, attested(&nonce, statement));
    assert_ne!(proof.nonce, nonce);
}

#[test]
fn a11_a_recorded_message_is_refused() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let beat = session.sealed(Command::Heartbeat, &heartbeat::Request { nonce: [1; 16] });
    assert_eq!(
        session.deliver(Command::Heartbeat, &beat).unwrap().status,
        Status::Ok
    );
    assert_eq!(
        session.deliver(Command::Heartbeat, &beat).unwrap().status,
        Status::SequenceStale
    );

    let held_back = session.sealed(Command::Heartbeat, &heartbeat::Request { nonce: [2; 16] });
    let later = session.sealed(Command::Heartbeat, &heartbeat::Request { nonce: [3; 16] });
    assert_eq!(
        session.deliver(Command::Heartbeat, &later).unwrap().status,
        Status::Ok
    );
    assert_eq!(
        session
            .deliver(Command::Heartbeat, &held_back)
            .unwrap()
            .status,
        Status::SequenceStale
    );

    let channel = session.close().unwrap();
    let mut next = tallykey_sim::host::Session::open(channel, [7; 16]).unwrap();
    assert_eq!(
        next.deliver(Command::Heartbeat, &beat).unwrap().status,
        Status::MacInvalid,
        "another session"
    );
}

#[test]
fn a23_a_message_without_the_sessions_mac_changes_nothing_and_ends_nothing() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let before = facts(&mut session);
    let good = session.sealed(Command::Close, &Empty);
    for byte in 0..good.len() {
        let mut bad = good.clone();
        bad[byte] ^= 1;
        assert_eq!(
            session.deliver(Command::Close, &bad).unwrap().status,
            Status::MacInvalid,
            "byte {byte}"
        );
    }
    // A good MAC of one command is none of another.
    assert_eq!(
        session.deliver(Command::Heartbeat, &good).unwrap().status,
        Status::MacInvalid
    );
    assert_eq!(facts(&mut session), before);

    // Another process on the same device, with a channel of its own.
    let other = channel(&dongle)
        .exchange(Command::Close.code(), &good)
        .unwrap();
    assert_eq!(other, [Status::NoSession.code()]);
    assert_eq!(facts(&mut session), before);
}

#[test]
fn open_needs_hello_a_version_and_a_point() {
    let (dongle, _) = provisioned(SERIAL);
    let host = channel(&dongle);
    let request = tallykey_protocol::command::open::Request {
        nonce: [0; 32],
        ephemeral: [4; 65],
        host_id: [0; 16],
    };
    assert_eq!(
        host.ask(Command::Open, &request).unwrap().status,
        Status::HelloFirst
    );

    let versions = hello::Request { min: 9, current: 9 };
    assert_eq!(
        host.ask(Command::Hello, &versions).unwrap().status,
        Status::VersionUnsupported
    );
    assert_eq!(
        host.ask(Command::Open, &request).unwrap().status,
        Status::HelloFirst
    );

    let mut host = host;
    host.hello().unwrap();
    assert_eq!(
        host.ask(Command::Open, &request).unwrap().status,
        Status::PointInvalid
    );
    assert!(
        tallykey_sim::host::Session::open(host, [0; 16]).is_ok(),
        "a bad point takes no lease"
    );
}

#[test]
fn a_request_of_another_form_is_malformed_or_unknown() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    assert_eq!(
        status(&mut session, Command::Prove, &Empty),
        Status::Malformed
    );
    assert_eq!(
        status(&mut session, Command::Grant, &grant::Request::Index(7)),
        Status::NoSuchItem
    );
    let host = session.abandon();
    assert_eq!(
        host.exchange(Command::Hello.code(), b"").unwrap(),
        [Status::Malformed.code()]
    );
    // 0x7F is no command of this dongle: framing says so.
    assert!(matches!(host.exchange(0x7F, b""), Err(TalkError::Frame(_))));
}

#[test]
fn a_dongle_looks_blank_until_it_is_personalised() {
    let dongle = blank(SERIAL);
    let mut host = channel(&dongle);
    let answer = host.hello().unwrap();
    let hello = hello::Reply::decode(&answer.body).unwrap();
    assert_eq!((hello.serial, hello.lifecycle), (None, Lifecycle::Blank));
    assert_eq!(hello.chip_id, tallykey_sim::provision::chip_id(SERIAL));
    let asked = host
        .ask(Command::Certificate, &certificate::Request { known: None })
        .unwrap();
    assert_eq!(asked.status, Status::WrongLifecycle);
}

#[test]
fn the_core_fits_36_kib_of_ram() {
    use tallykey_sim::platform::SimPlatform;
    let core = size_of::<tallykey_core::Dongle<SimPlatform>>() - size_of::<SimPlatform>();
    println!("the core takes {core} bytes of RAM");
    assert!(core <= 36 * 1024);
}
