//! Hands on an open session.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tallykey::dongle::{BadProof, Beat, Fault, Open};
use tallykey::usb::{ReportPort, UsbError};
use tallykey_protocol::command::Command;
use tallykey_protocol::report::Report;
use tallykey_protocol::session::MacError;
use tallykey_sim::dongle::SimDongle;

use super::bench::{Between, Way, fault, open, port, simulators_own};

#[test]
fn a_session_lives_by_heartbeats_and_proves_when_asked() {
    let dongle = simulators_own();
    let mut session = open(port(&dongle)).expect("an honest dongle");
    let opening = session.evidence().clone();
    for _ in 0..3 {
        assert_eq!(session.heartbeat().expect("an honest dongle"), Beat::Alive);
    }
    let proved = session.prove().expect("an honest dongle").clone();
    assert_eq!(proved.grants, opening.grants);
    assert_ne!(proved, opening, "another proof, of another kind");
    session.wink().expect("an honest dongle");
    assert_eq!(dongle.winks(), 1);
}

#[test]
fn a11_a_heartbeat_answer_from_before_is_wrong() {
    let mut kept = None;
    let mut session = opened(on_heartbeats(&simulators_own(), move |_, answer| {
        match &kept {
            None => kept = Some(answer.clone()),
            Some(old) => answer.clone_from(old),
        }
        true
    }));
    assert_eq!(
        session.heartbeat().expect("the first is honest"),
        Beat::Alive
    );
    let fault = session.heartbeat().expect_err("it is the first again");
    assert!(matches!(
        fault,
        Fault::ProofInvalid {
            source: BadProof::Sequence { .. }
        }
    ));
}

#[test]
fn a_changed_answer_ends_the_session() {
    let mut session = opened(on_heartbeats(&simulators_own(), |_, answer| {
        let last = answer.len() - 1;
        answer[last] ^= 1;
        true
    }));
    let fault = session.heartbeat().expect_err("its MAC is wrong");
    assert!(matches!(
        fault,
        Fault::ProofInvalid {
            source: BadProof::Mac(MacError::Mismatch)
        }
    ));
}

#[test]
fn a_grant_changed_on_the_way_is_not_believed() {
    let port = Between::on(port(&simulators_own()), |way, command, message| {
        if way == Way::ToHost && command == Command::Grant.code() {
            let middle = message.len() / 2;
            message[middle] ^= 1;
        }
        true
    });
    assert_eq!(fault(open(port)).code(), "proof-invalid");
}

#[test]
fn one_missed_heartbeat_is_forgiven_and_the_second_is_not() {
    let mut session = opened(on_heartbeats(&simulators_own(), |count, _| count == 1));
    assert_eq!(session.heartbeat().expect("once"), Beat::Missed);
    assert_eq!(session.heartbeat().expect("it is back"), Beat::Alive);
    assert_eq!(session.heartbeat().expect("once more"), Beat::Missed);
    let fault = session.heartbeat().expect_err("twice in a row");
    assert_eq!(fault.code(), "io");
}

#[test]
fn a_late_answer_is_late_and_not_wrong() {
    let late = Arc::new(AtomicBool::new(false));
    let mut session = opened(Box::new(Late {
        inner: port(&simulators_own()),
        held: VecDeque::new(),
        late: Arc::clone(&late),
    }));
    late.store(true, Ordering::Relaxed);
    assert_eq!(session.heartbeat().expect("once"), Beat::Missed);
    late.store(false, Ordering::Relaxed);
    assert_eq!(session.heartbeat().expect("it is back"), Beat::Alive);
    assert_eq!(session.heartbeat().expect("as before"), Beat::Alive);
}

/// Keeps what the dongle says while it is late, and delivers that first afterwards.
struct Late {
    inner: Box<dyn ReportPort>,
    held: VecDeque<Report>,
    late: Arc<AtomicBool>,
}

impl ReportPort for Late {
    fn write(&mut self, report: &Report) -> Result<(), UsbError> {
        self.inner.write(report)
    }

    fn read(&mut self, timeout: Duration) -> Result<Option<Report>, UsbError> {
        if self.late.load(Ordering::Relaxed) {
            while let Some(report) = self.inner.read(Duration::ZERO)? {
                self.held.push_back(report);
            }
            return Ok(None);
        }
        match self.held.pop_front() {
            Some(report) => Ok(Some(report)),
            None => self.inner.read(timeout),
        }
    }
}

fn opened(port: Box<dyn ReportPort>) -> Open {
    open(port).expect("honest until it is open")
}

/// A dongle whose answers to heartbeats pass through `hand`, with their number.
fn on_heartbeats(
    dongle: &SimDongle,
    mut hand: impl FnMut(usize, &mut Vec<u8>) -> bool + Send + 'static,
) -> Box<dyn ReportPort> {
    let count = Arc::new(AtomicUsize::new(0));
    Between::on(port(dongle), move |way, command, message| {
        if way == Way::ToHost && command == Command::Heartbeat.code() {
            return hand(count.fetch_add(1, Ordering::Relaxed), message);
        }
        true
    })
}
