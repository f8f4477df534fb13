//! What an issuer and the root say to a sealed dongle: `instruct`, `time`, `revoke`; and `self-test`.

use crate::giving::*;
use crate::support::*;
use sha2::{Digest, Sha256};
use tallykey_protocol::command::{
    Command, Empty, hello, instruct, order, revoke, self_test, time, update,
};
use tallykey_protocol::cose::Sign1;
use tallykey_protocol::grant::Convert;
use tallykey_protocol::id::{PublicKey, thumbprint};
use tallykey_protocol::instruction::{Instruction, Kind};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::GRANT_MAX;
use tallykey_protocol::proof::{Kind as ProofKind, Proof};
use tallykey_protocol::receipt;
use tallykey_protocol::status::Status;
use tallykey_protocol::time::TimeToken;
use tallykey_signing::Vendor;
use tallykey_signing::certificate::Revocations;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::host::{Answer, Session};
use tallykey_sim::provision::provision;

fn instruction(kind: Kind, key: &PublicKey, counter: u64) -> Instruction<'static> {
    Instruction {
        vendor: PROFILE.vendor,
        serial: SERIAL,
        issued_at: NOW,
        thumbprint: thumbprint(key),
        counter,
        kind,
    }
}

/// The instruction for the dongle as it is now, signed by the desk.
fn now(session: &mut Session, kind: Kind) -> Vec<u8> {
    let (key, counter) = (*session.key(), facts(session).counter);
    let instruction = instruction(kind, &key, counter);
    VENDOR.sign_instruction(&instruction).unwrap()
}

fn instruct(session: &mut Session, record: &[u8]) -> Answer {
    session
        .ask(Command::Instruct, &instruct::Request { record })
        .unwrap()
}

/// It is refused with this status and writes nothing.
fn refused(dongle: &SimDongle, session: &mut Session, record: &[u8], expected: Status) {
    let before = contents(dongle);
    assert_eq!(instruct(session, record).status, expected);
    assert!(contents(dongle) == before);
}

#[test]
fn an_issuer_gives_a_new_owner_code_once() {
    let (dongle, _, old) = owned(Convert::Offline);
    let mut session = open(&dongle);
    for _ in 0..8 {
        let order = next(&mut session, receipt::Kind::Retire, &[(1, 1)]);
        give(&mut session, &[0; 32], &order);
    }
    let counter = facts(&mut session).counter;
    let record = now(&mut session, Kind::ResetOwnerCode);
    let answer = instruct(&mut session, &record);
    let reply: instruct::Reply<'_> = answer.read_ok().unwrap();
    assert_eq!(reply.counter, counter + 1);
    let new = verifier(reply.owner_code.unwrap());
    refused(&dongle, &mut session, &record, Status::Stale);

    let order = next(&mut session, receipt::Kind::Retire, &[(1, 1)]);
    let wrong = give(&mut session, &old, &order);
    assert_eq!(
        wrong.status,
        Status::OwnerProofWrong,
        "the old code is void"
    );
    given(&mut session, &new, &order);
}

#[test]
fn a14_an_instruction_for_another_dongle_time_or_by_another_signer_is_refused() {
    let (dongle, _, _) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let (key, counter) = (*session.key(), facts(&mut session).counter);
    let good = instruction(Kind::ResetOwnerCode, &key, counter);
    let sign = |vendor: &Vendor, instruction: &Instruction<'_>| {
        vendor.sign_instruction(instruction).unwrap()
    };
    let mut is = |record: &[u8], status| refused(&dongle, &mut session, record, status);
    for counter in [counter - 1, counter + 1] {
        is(
            &sign(&VENDOR, &Instruction { counter, ..good }),
            Status::Stale,
        );
    }
    let serial = "SIM-0002";
    is(
        &sign(&VENDOR, &Instruction { serial, ..good }),
        Status::WrongHolder,
    );
    let thumbprint = [1; 32];
    is(
        &sign(&VENDOR, &Instruction { thumbprint, ..good }),
        Status::WrongHolder,
    );
    is(&sign(&other_vendor(), &good), Status::ChainInvalid);
    let record = sign(&VENDOR, &good);
    for byte in 0..record.len() {
        let mut bad = record.clone();
        bad[byte] ^= 1 << (byte % 8);
        assert_ne!(
            instruct(&mut session, &bad).status,
            Status::Ok,
            "byte {byte}"
        );
    }
    assert_eq!(instruct(&mut session, &record).status, Status::Ok);
}

#[test]
fn recycling_leaves_a_blank_dongle_with_its_counter() {
    let (dongle, _, verifier) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let old_key = *session.key();
    let order = next(&mut session, receipt::Kind::ConvertOffline, &[(1, 1)]);
    let record = given(&mut session, &verifier, &order);
    let recycle = now(&mut session, Kind::Recycle);
    refused(&dongle, &mut session, &recycle, Status::ReceiptsOpen);
    assert_eq!(acknowledge(&mut session, order.kind, &record), Status::Ok);

    let counter = facts(&mut session).counter;
    let recycle = now(&mut session, Kind::Recycle);
    let answer = instruct(&mut session, &recycle);
    let reply: instruct::Reply<'_> = answer.read_ok().unwrap();
    assert_eq!((reply.counter, reply.owner_code), (counter + 1, None));
    let mut channel = session.abandon();
    let hello = channel.hello().unwrap();
    let hello: hello::Reply<'_> = hello.read_ok().unwrap();
    assert_eq!((hello.lifecycle, hello.serial), (Lifecycle::Blank, None));

    dongle.replug().unwrap();
    provision(&dongle, &VENDOR, &order_of_one(), |_| Ok(())).unwrap();
    let mut session = open(&dongle);
    assert_ne!(*session.key(), old_key);
    let facts = facts(&mut session);
    assert!(facts.counter > counter + 1, "the counter went on");
    assert_eq!(
        (facts.grants[0].1, facts.grants[0].3.clone()),
        (1, vec![(1, 0), (2, 0)])
    );
    assert_eq!(receipts(&mut session), []);
    let old = convertible(&old_key, 2, 64, Convert::Offline);
    assert_eq!(apply(&mut session, &old), Status::WrongHolder);
    assert_eq!(give(&mut session, &verifier, &order).status, Status::Stale);
}

fn order_of_one() -> tallykey_sim::provision::Order<'static> {
    crate::support::order(SERIAL)
}

#[test]
fn a_factory_recycles_only_what_it_alone_has_granted() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let (key, counter) = (*session.key(), facts(&mut session).counter);
    let sign = |counter| {
        let instruction = instruction(Kind::Recycle, &key, counter);
        VENDOR.sign_factory_instruction(&instruction).unwrap()
    };
    let own = contents(&dongle);
    let second = VENDOR
        .sign_grant(&grant(SERIAL, &key, 2, &lines(64)))
        .unwrap();
    assert_eq!(apply(&mut session, &second), Status::Ok);
    refused(
        &dongle,
        &mut session,
        &sign(counter + 1),
        Status::RoleNotAllowed,
    );

    let dongle = plug(
        tallykey_sim::flash::SimFlash::copy_of(&own),
        &Ticks::default(),
    );
    assert_eq!(
        instruct(&mut open(&dongle), &sign(counter)).status,
        Status::Ok
    );
    // A first grant that the desk gave is not the factory's to take.
    let dongle = blank(SERIAL);
    let mut nothing = crate::support::order(SERIAL);
    nothing.channels = &[];
    provision(&dongle, &VENDOR, &nothing, |_| Ok(())).unwrap();
    let mut session = open(&dongle);
    let key = *session.key();
    let elsewhere = tallykey_protocol::grant::Grant {
        product: "other",
        ..grant(SERIAL, &key, 1, &lines(1))
    };
    assert_eq!(
        apply(&mut session, &VENDOR.sign_grant(&elsewhere).unwrap()),
        Status::Ok
    );
    let counter = facts(&mut session).counter;
    let instruction = instruction(Kind::Recycle, &key, counter);
    let record = VENDOR.sign_factory_instruction(&instruction).unwrap();
    refused(&dongle, &mut session, &record, Status::RoleNotAllowed);
}

fn tell_time(session: &mut Session, vendor: &Vendor, now: u64) -> Answer {
    let token = TimeToken {
        vendor: PROFILE.vendor,
        now,
        nonce: None,
    };
    let record = vendor.sign_time(&token).unwrap();
    session
        .ask(Command::Time, &time::Request { record: &record })
        .unwrap()
}

#[test]
fn a15_time_only_raises_the_floor() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    for (told, floor) in [
        (NOW + 10, NOW + 10),
        (NOW + 5, NOW + 10),
        (NOW + 11, NOW + 11),
    ] {
        let answer = tell_time(&mut session, &VENDOR, told);
        assert_eq!(answer.read_ok::<time::Reply>().unwrap().time_floor, floor);
    }
    let flash = contents(&dongle);
    tell_time(&mut session, &VENDOR, NOW + 11);
    let stranger = tell_time(&mut session, &other_vendor(), NOW + 100);
    assert_eq!(stranger.status, Status::ChainInvalid);
    assert!(contents(&dongle) == flash);
    let mut session = replugged(&dongle);
    let record = session.prove(ProofKind::State).unwrap();
    let proof = Proof::verify(&record, ProofKind::State, session.key()).unwrap();
    assert_eq!(proof.time_floor, NOW + 11);
}

fn list(number: u64, certificates: &[&[u8]], stays_good: &[[u8; 32]]) -> Vec<u8> {
    let revocations = Revocations {
        number,
        issued_at: NOW,
        certificates,
        stays_good,
    };
    VENDOR.revoke(&revocations).unwrap()
}

fn revoke(session: &mut Session, list: &[u8]) -> Status {
    status(session, Command::Revoke, &revoke::Request { list })
}

#[test]
fn what_a_revoked_issuer_signs_is_refused_but_for_what_stays_good() {
    let (dongle, _, verifier) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let key = *session.key();
    let honest = convertible(&key, 3, 65, Convert::Offline);
    let stolen = convertible(&key, 3, 9_999, Convert::Offline);
    let digest = Sign1::parse(&honest, GRANT_MAX).unwrap().digest();
    let issuer = VENDOR.issuer_certificate();
    assert_eq!(
        revoke(&mut session, &list(1, &[issuer], &[digest])),
        Status::Ok
    );

    let mut session = replugged(&dongle);
    let recycle = now(&mut session, Kind::Recycle);
    refused(&dongle, &mut session, &recycle, Status::Revoked);
    assert_eq!(
        tell_time(&mut session, &VENDOR, NOW + 10).status,
        Status::Revoked
    );
    assert_eq!(apply(&mut session, &stolen), Status::Revoked);
    assert_eq!(apply(&mut session, &honest), Status::Ok);
    // What is held stays held, and may be given away.
    let order = next(&mut session, receipt::Kind::ConvertOffline, &[(1, 65)]);
    let answer = give(&mut session, &verifier, &order);
    answer.read_ok::<order::Reply<'_>>().unwrap();
    // The list that follows forgives.
    assert_eq!(revoke(&mut session, &list(2, &[], &[])), Status::Ok);
    assert_eq!(
        tell_time(&mut session, &VENDOR, NOW + 10).status,
        Status::Ok
    );
}

#[test]
fn a13_only_a_newer_list_of_the_own_root_is_taken() {
    let (dongle, _) = provisioned(SERIAL);
    let mut session = open(&dongle);
    let factory = VENDOR.factory_certificate();
    let fifth = list(
        5,
        &[factory],
        &[Sha256::digest(b"a dongle certificate").into()],
    );
    assert_eq!(revoke(&mut session, &fifth), Status::Ok);
    let flash = contents(&dongle);
    for (older, status) in [
        (fifth.clone(), Status::RevisionHeld),
        (list(5, &[], &[]), Status::RevisionHeld),
        (list(4, &[], &[]), Status::RevisionHeld),
        (b"no list".to_vec(), Status::RecordInvalid),
        (VENDOR.root_certificate().to_vec(), Status::RecordInvalid),
    ] {
        assert_eq!(revoke(&mut session, &older), status);
    }
    let none = Revocations {
        number: 6,
        issued_at: NOW,
        certificates: &[],
        stays_good: &[],
    };
    let foreign = other_vendor().revoke(&none).unwrap();
    assert_eq!(revoke(&mut session, &foreign), Status::ChainInvalid);
    let sixth = list(6, &[factory], &[]);
    for byte in 0..sixth.len() {
        let mut bad = sixth.clone();
        bad[byte] ^= 1 << (byte % 8);
        assert_ne!(revoke(&mut session, &bad), Status::Ok, "byte {byte}");
    }
    assert!(contents(&dongle) == flash);
    assert_eq!(revoke(&mut session, &sixth), Status::Ok);
}

#[test]
fn self_test_looks_and_writes_nothing() {
    let test = |dongle: &SimDongle| {
        let before = contents(dongle);
        let answer = channel(dongle).ask(Command::SelfTest, &Empty).unwrap();
        assert!(contents(dongle) == before);
        answer
    };
    let answer = test(&blank(SERIAL));
    let reply: self_test::Reply = answer.read_ok().unwrap();
    assert!(reply.is_good() && reply.key.is_none());
    let (dongle, _) = provisioned(SERIAL);
    let held = open(&dongle);
    let answer = test(&dongle);
    let reply: self_test::Reply = answer.read_ok().unwrap();
    assert!(reply.is_good() && reply.key == Some(true));
    let mut held = held;
    let beat = update::Request { record: &[] };
    assert_eq!(
        status(&mut held, Command::Update, &beat),
        Status::RecordInvalid,
        "still open"
    );
}
