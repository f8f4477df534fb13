//! A24: power goes during a command that gives channels away, or that an issuer is behind. What the dongle then proves and
//! shows is what it was, or what it would have become; nothing between, whatever the store looks like inside.

use crate::giving::*;
use crate::support::*;
use tallykey_core::platform::Platform;
use tallykey_protocol::command::{Command, hello, instruct, receipt, revoke, time};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::id::thumbprint;
use tallykey_protocol::instruction::{Instruction, Kind as InstructionKind};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::proof::{Kind as ProofKind, Proof};
use tallykey_protocol::receipt::Kind;
use tallykey_protocol::status::Status;
use tallykey_protocol::time::TimeToken;
use tallykey_signing::certificate::Revocations;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::{SimFlash, Tear, Write};
use tallykey_sim::host::Session;

/// A receipt in the list, and its record.
type Shown = (receipt::Entry, Vec<u8>);

/// Everything that can be seen of a dongle from outside.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    lifecycle: Lifecycle,
    /// Proven facts, time floor, receipts with their records; nothing of a blank one.
    inside: Option<(Facts, u64, Vec<Shown>)>,
}

fn look(flash: &[u8]) -> Seen {
    let dongle = plug(SimFlash::copy_of(flash), &Ticks::default());
    let hello = channel(&dongle).hello().expect("an answer");
    let lifecycle = hello
        .read_ok::<hello::Reply<'_>>()
        .expect("hello")
        .lifecycle;
    let inside = (lifecycle != Lifecycle::Blank).then(|| {
        let mut session = open(&dongle);
        let record = session.prove(ProofKind::State).expect("a proof");
        let proof = Proof::verify(&record, ProofKind::State, session.key()).expect("true");
        let floor = proof.time_floor;
        let facts = read_facts(&record, ProofKind::State, session.key());
        let mut shown = Vec::new();
        for entry in receipts(&mut session) {
            let record = read_receipt(&mut session, entry.counter);
            shown.push((entry, record));
        }
        (facts, floor, shown)
    });
    Seen { lifecycle, inside }
}

/// A flash before a command, and what the command wrote.
struct Case {
    name: &'static str,
    before: Vec<u8>,
    writes: Vec<Write>,
}

/// Every command of this kind, each on a dongle as the one before it left it.
fn cases() -> Vec<Case> {
    let (dongle, _, verifier) = owned(Convert::Offline);
    let mut cases = Vec::new();
    let mut run = |name, act: &dyn Fn(&mut Session) -> Status| {
        let mut session = open(&dongle);
        let before = contents(&dongle);
        dongle.with_platform(|platform| platform.flash().record());
        assert_eq!(act(&mut session), Status::Ok, "{name}");
        let writes = dongle.with_platform(|platform| platform.flash().recorded());
        cases.push(Case {
            name,
            before,
            writes,
        });
        dongle.replug().expect("it boots");
    };
    let give = |kind, shares: &'static [(u32, u64)]| {
        move |session: &mut Session| {
            let order = next(session, kind, shares);
            give(session, &verifier, &order).status
        }
    };
    let settle = |session: &mut Session| {
        let entry = receipts(session)[0];
        let record = read_receipt(session, entry.counter);
        acknowledge(session, entry.kind, &record)
    };
    run("convert", &give(Kind::ConvertOffline, &[(1, 60), (2, 3)]));
    run("acknowledge", &settle);
    run("update that keeps the grant before it", &|session| {
        let key = *session.key();
        apply(session, &convertible(&key, 3, 65, Convert::Offline))
    });
    run("time", &|session| say_time(session, NOW + 60));
    run("reset owner code", &|session| {
        instructed(session, InstructionKind::ResetOwnerCode)
    });
    run("revoke", &revoked);
    run("recycle", &|session| {
        instructed(session, InstructionKind::Recycle)
    });
    cases.extend(retire());
    cases
}

/// The one command that ends a life in use.
fn retire() -> Option<Case> {
    let (dongle, _, verifier) = owned(Convert::None);
    let mut session = open(&dongle);
    let before = contents(&dongle);
    dongle.with_platform(|platform| platform.flash().record());
    let all = next(&mut session, Kind::Retire, &[(1, 64), (2, 8)]);
    given(&mut session, &verifier, &all);
    let writes = dongle.with_platform(|platform| platform.flash().recorded());
    Some(Case {
        name: "retire",
        before,
        writes,
    })
}

fn say_time(session: &mut Session, now: u64) -> Status {
    let token = TimeToken {
        vendor: PROFILE.vendor,
        now,
        nonce: None,
    };
    let record = VENDOR.sign_time(&token).expect("a token");
    status(session, Command::Time, &time::Request { record: &record })
}

fn revoked(session: &mut Session) -> Status {
    let revocations = Revocations {
        number: 1,
        issued_at: NOW,
        certificates: &[VENDOR.factory_certificate()],
        stays_good: &[],
    };
    let list = VENDOR.revoke(&revocations).expect("a list");
    status(session, Command::Revoke, &revoke::Request { list: &list })
}

fn instructed(session: &mut Session, kind: InstructionKind) -> Status {
    let instruction = Instruction {
        vendor: PROFILE.vendor,
        serial: SERIAL,
        issued_at: NOW,
        thumbprint: thumbprint(session.key()),
        counter: facts(session).counter,
        kind,
    };
    let record = VENDOR.sign_instruction(&instruction).expect("a record");
    status(
        session,
        Command::Instruct,
        &instruct::Request { record: &record },
    )
}

#[test]
fn a24_a_power_cut_while_giving_away_leaves_the_old_or_the_new_state() {
    let (mut points, mut old, mut new) = (0, 0, 0);
    for case in cases() {
        let mut contents = case.before.clone();
        let after = {
            let mut after = contents.clone();
            case.writes
                .iter()
                .for_each(|write| write.torn(&mut after, Tear::All));
            look(&after)
        };
        let before = look(&contents);
        assert_ne!(before, after, "{}", case.name);
        let mut is_new = false;
        let step = (case.writes.len() / 48).max(1);
        for (n, write) in case.writes.iter().enumerate() {
            if n < 2 || n % step == 0 || n + 9 > case.writes.len() {
                for tear in [
                    Tear::None,
                    Tear::Bit(n),
                    Tear::Subset(n as u64),
                    Tear::Subset(77),
                    Tear::All,
                ] {
                    let mut torn = contents.clone();
                    write.torn(&mut torn, tear);
                    let found = look(&torn);
                    let place = format!("{}, write {n}, {tear:?}", case.name);
                    assert!(found == before || found == after, "{place}: {found:?}");
                    assert!(!is_new || found == after, "{place}: back to what it was");
                    points += 1;
                    *(if found == after { &mut new } else { &mut old }) += 1;
                }
            }
            write.torn(&mut contents, Tear::All);
            is_new = is_new || (n + 9 > case.writes.len() && look(&contents) == after);
        }
        assert!(is_new, "{}", case.name);
    }
    println!("{points} points: {old} left the old state, {new} the new one");
}

/// After a restart the receipts are read first: the answer was lost, the channels were not.
#[test]
fn a_receipt_whose_answer_was_lost_is_found_after_the_restart() {
    let (dongle, _, verifier): (SimDongle, _, _) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let order = next(&mut session, Kind::ConvertOffline, &[(1, 64)]);
    dongle.with_platform(|platform| platform.flash().record());
    let record = given(&mut session, &verifier, &order);
    drop(session);
    let mut session = replugged(&dongle);
    let [entry] = receipts(&mut session)[..] else {
        panic!("one receipt")
    };
    assert_eq!(
        (entry.request_id, entry.acknowledged),
        (order.request_id, false)
    );
    assert_eq!(read_receipt(&mut session, entry.counter), record);
}
