//! `open` under other people's hands: nothing but a proof over this exchange opens anything.

use tallykey::dongle::{BadProof, Fault};
use tallykey::usb::ReportPort;
use tallykey_protocol::command::{Command, open as wire, prove};
use tallykey_protocol::cose::{CoseError, Typ};
use tallykey_protocol::proof::Kind;
use tallykey_protocol::status::Status;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::host::{Channel, Session};

use super::bench::{Between, Way, decoded, encoded, fault, open, port, simulators_own};

#[test]
fn a11_a_proof_over_another_nonce_opens_nothing() {
    let fault = fault(open(asking(|request| request.nonce[0] ^= 1)));
    assert_eq!(fault.code(), "proof-invalid");
    assert_eq!(of_proof(fault), BadProof::Nonce);
}

#[test]
fn a_proof_over_another_hosts_key_or_name_opens_nothing() {
    let other = simulators_own();
    let theirs = Session::open(
        Channel::new(other.connect().expect("plugged in")).expect("a channel"),
        [9; 16],
    )
    .expect("a session");
    // Any point of the curve will do: the dongle's own key is one.
    let key = *theirs.key();
    let fault_of_key = fault(open(asking(move |request| request.ephemeral = key)));
    assert_eq!(of_proof(fault_of_key), BadProof::Transcript);
    let fault_of_name = fault(open(asking(|request| request.host_id = [9; 16])));
    assert_eq!(of_proof(fault_of_name), BadProof::Transcript);
}

#[test]
fn a_key_that_is_no_point_is_refused_by_the_dongle() {
    let fault = fault(open(asking(|request| request.ephemeral = [4; 65])));
    assert_eq!(fault.code(), "io");
    assert!(fault.to_string().contains("PointInvalid"), "{fault}");
}

#[test]
fn a_proof_with_a_flipped_bit_opens_nothing() {
    let fault = fault(open(answering(|reply| {
        let last = reply.len() - 1;
        reply[last] ^= 1;
    })));
    assert_eq!(of_proof(fault), BadProof::Record(CoseError::BadSignature));
}

#[test]
fn a11_a_state_or_attest_proof_over_the_hosts_nonce_opens_nothing() {
    for (kind, typ) in [
        (Kind::State, Typ::StateProof),
        (Kind::Attest, Typ::AttestProof),
        (Kind::Request, Typ::RequestProof),
    ] {
        let dongle = simulators_own();
        let fault = fault(open(through_a_session(&dongle, kind)));
        assert_eq!(
            of_proof(fault),
            BadProof::Record(CoseError::WrongTyp {
                found: typ,
                expected: Typ::OpenProof
            })
        );
    }
}

#[test]
fn a17_a_second_host_is_told_busy_with_the_age_of_the_lease() {
    let dongle = simulators_own();
    let first = open(port(&dongle)).expect("nobody has it");
    let second = fault(open(port(&dongle)));
    assert_eq!(second.code(), "busy");
    assert!(matches!(second, Fault::Busy { age_ms } if age_ms < 15_000));
    first.close().expect("the session is good");
    open(port(&dongle)).expect("the first host gave it back");
}

/// A dongle that gets another `open` request than the host sent.
fn asking(mut change: impl FnMut(&mut wire::Request) + Send + 'static) -> Box<dyn ReportPort> {
    Between::on(port(&simulators_own()), move |way, command, message| {
        if way == Way::ToDongle && command == Command::Open.code() {
            let mut request = decoded(message);
            change(&mut request);
            *message = encoded(&request);
        }
        true
    })
}

/// A dongle whose reply to `open` is changed on the way.
fn answering(mut change: impl FnMut(&mut Vec<u8>) + Send + 'static) -> Box<dyn ReportPort> {
    Between::on(port(&simulators_own()), move |way, command, message| {
        if way == Way::ToHost && command == Command::Open.code() {
            change(message);
        }
        true
    })
}

/// An impostor with a session of its own on the real dongle, which has the host's nonce signed
/// there by another kind of proof and presents that as the answer to `open`.
fn through_a_session(dongle: &SimDongle, kind: Kind) -> Box<dyn ReportPort> {
    let channel = Channel::new(dongle.connect().expect("plugged in")).expect("a channel");
    let mut own = Session::open(channel, [9; 16]).expect("nobody has it");
    let mut signed = Vec::new();
    Between::on(port(dongle), move |way, command, message| {
        if command != Command::Open.code() {
            return true;
        }
        match way {
            Way::ToDongle => {
                let request: wire::Request = decoded(message);
                let ask = prove::Request {
                    kind,
                    nonce: request.nonce,
                    statement: &[],
                };
                let answer = own.ask(Command::Prove, &ask).expect("an honest dongle");
                let reply: prove::Reply<'_> = answer.read_ok().expect("it proves anything");
                signed = reply.proof.to_vec();
            }
            Way::ToHost => {
                // The dongle itself said busy: the impostor has the lease.
                *message = vec![Status::Ok.code()];
                message.extend(encoded(&wire::Reply { proof: &signed }));
            }
        }
        true
    })
}

fn of_proof(fault: Fault) -> BadProof {
    match fault {
        Fault::ProofInvalid { source } => source,
        other => panic!("another fault: {other:?}"),
    }
}
