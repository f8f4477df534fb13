//! A23: the owner code, guessed, sniffed or gone round.

use crate::giving::*;
use crate::support::*;
use tallykey_core::platform::Platform;
use tallykey_protocol::command::order::{Request, TriesLeft};
use tallykey_protocol::command::{Command, Decode, Empty};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::limits::OWNER_TRIES;
use tallykey_protocol::owner;
use tallykey_protocol::receipt::Kind;
use tallykey_protocol::status::Status;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::{PowerCut, SimFlash, Tear};
use tallykey_sim::host::Session;

/// Tries a wrong code; the tries that are left after it.
fn guess(session: &mut Session) -> u8 {
    let order = next(session, Kind::Retire, &[(1, 1)]);
    let answer = give(session, &[0; 32], &order);
    assert_eq!(answer.status, Status::OwnerProofWrong);
    TriesLeft::decode(&answer.body).unwrap().left
}

#[test]
fn a23_after_eight_wrong_codes_the_right_one_does_not_help_either() {
    let (dongle, _, verifier) = owned(Convert::None);
    let mut session = open(&dongle);
    let before = facts(&mut session);
    for left in (0..OWNER_TRIES).rev() {
        assert_eq!(guess(&mut session), left);
        session = replugged(&dongle);
    }
    let order = next(&mut session, Kind::Retire, &[(1, 1)]);
    let flash = contents(&dongle);
    for verifier in [&verifier, &[0; 32]] {
        assert_eq!(
            give(&mut session, verifier, &order).status,
            Status::OwnerLocked
        );
    }
    assert!(contents(&dongle) == flash);
    assert_eq!(
        facts(&mut session),
        before,
        "nothing but the tries has changed"
    );
}

#[test]
fn the_right_code_gives_every_try_back() {
    let (dongle, _, verifier) = owned(Convert::None);
    let mut session = open(&dongle);
    (0..7).for_each(|n| assert_eq!(guess(&mut session), 7 - n));
    let order = next(&mut session, Kind::Retire, &[(1, 1)]);
    given(&mut session, &verifier, &order);
    assert_eq!(guess(&mut session), 7);
}

/// Power goes at writes all over a guess. Whoever cuts it learns nothing, and at most the try itself is saved.
#[test]
fn a23_tries_are_counted_before_comparing_and_survive_power_cuts() {
    let (dongle, _, verifier) = owned(Convert::None);
    let mut session = open(&dongle);
    assert_eq!(guess(&mut session), 7);
    let before = contents(&dongle);
    let writes_before = writes(&dongle);
    assert_eq!(guess(&mut session), 6);
    let total = writes(&dongle) - writes_before;
    let mut cuts = 0;
    let step = (total / 16).max(1);
    for write in (0..total).filter(|n| n % step == 0 || *n < 2 || n + 4 > total) {
        for (tear, code) in [
            (Tear::None, &verifier),
            (Tear::All, &[0; 32]),
            (Tear::Subset(7), &verifier),
        ] {
            let dongle = plug(SimFlash::copy_of(&before), &Ticks::default());
            let mut session = open(&dongle);
            let order = next(&mut session, Kind::Retire, &[(1, 1)]);
            dongle.with_platform(|platform| platform.flash().plan(PowerCut::after(write, tear)));
            // The same answer for the right and for a wrong code.
            assert_eq!(
                give(&mut session, code, &order).status,
                Status::StorageFailed
            );
            dongle.with_platform(|platform| platform.flash().restore_power());
            let mut session = replugged(&dongle);
            // The last write only confirms what is whole by then.
            let done = write + 1 == total || write + 2 == total && tear == Tear::All;
            assert_eq!(
                guess(&mut session),
                6 - u8::from(done),
                "write {write}, {tear:?}"
            );
            cuts += 1;
        }
    }
    println!("{cuts} power cuts under a guess");
}

#[test]
fn a23_the_code_and_its_verifier_are_never_sent() {
    let (dongle, _, verifier) = owned(Convert::None);
    let mut session = open(&dongle);
    let order = encoded(&next(&mut session, Kind::Retire, &[(1, 1)]));
    let proof = owner::proof(&verifier, session.transcript(), Command::Retire, &order);
    let request = Request {
        order: &order,
        proof,
    };
    let message = session.sealed(Command::Retire, &request);
    let has = |part: &[u8]| message.windows(part.len()).any(|window| window == part);
    assert!(has(&proof) && !has(&verifier));
}

#[test]
fn a23_a_sniffed_proof_is_good_for_one_order_in_one_session() {
    let (dongle, _, verifier) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let retire = encoded(&next(&mut session, Kind::Retire, &[(1, 1)]));
    let proof = owner::proof(&verifier, session.transcript(), Command::Retire, &retire);
    let other = encoded(&next(&mut session, Kind::Retire, &[(1, 64)]));
    let convert = encoded(&next(&mut session, Kind::ConvertOffline, &[(1, 1)]));
    for (command, order) in [(Command::Retire, &other), (Command::Convert, &convert)] {
        let request = Request { order, proof };
        assert_eq!(
            status(&mut session, command, &request),
            Status::OwnerProofWrong
        );
    }
    let mut session = replugged(&dongle);
    let request = Request {
        order: &retire,
        proof,
    };
    assert_eq!(
        status(&mut session, Command::Retire, &request),
        Status::OwnerProofWrong
    );
}

#[test]
fn a23_commands_outside_the_sessions_macs_are_refused() {
    let (dongle, _, verifier) = owned(Convert::Offline);
    let mut session = open(&dongle);
    let order = next(&mut session, Kind::ConvertOffline, &[(1, 64)]);
    let order = encoded(&order);
    let proof = owner::proof(&verifier, session.transcript(), Command::Convert, &order);
    let plain = encoded(&Request {
        order: &order,
        proof,
    });
    let flash = contents(&dongle);

    let stranger = channel(&dongle);
    for command in Command::ALL
        .into_iter()
        .filter(|command| command.in_session())
    {
        let reply = stranger.exchange(command.code(), &plain).unwrap();
        assert_eq!(reply, [Status::NoSession.code()], "{command:?}");
    }
    // On the session's own channel, bare, and with one bit of the MAC changed.
    let mut sealed = session.sealed(
        Command::Convert,
        &Request {
            order: &order,
            proof,
        },
    );
    *sealed.last_mut().unwrap() ^= 1;
    for message in [&plain, &sealed] {
        let answer = session.deliver(Command::Convert, message).unwrap();
        assert_eq!(answer.status, Status::MacInvalid);
    }
    // A message for another command, and one that was sent before.
    let acknowledge = session.sealed(Command::Receipt, &Empty);
    let answer = session.deliver(Command::Acknowledge, &acknowledge).unwrap();
    assert_eq!(answer.status, Status::MacInvalid);
    assert!(contents(&dongle) == flash);
    assert_replay_refused(
        &dongle,
        session,
        &Request {
            order: &order,
            proof,
        },
    );
}

fn assert_replay_refused(dongle: &SimDongle, mut session: Session, request: &Request<'_>) {
    let message = session.sealed(Command::Convert, request);
    let answer = session.deliver(Command::Convert, &message).unwrap();
    assert_eq!(answer.status, Status::Ok);
    let flash = contents(dongle);
    let answer = session.deliver(Command::Convert, &message).unwrap();
    assert_eq!(answer.status, Status::SequenceStale);
    assert!(contents(dongle) == flash);
}
