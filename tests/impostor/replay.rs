//! A11: a device that plays back what a real dongle once said.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tallykey::dongle::{BadProof, Fault};
use tallykey::usb::{ReportPort, UsbError};
use tallykey_protocol::frame::{DeviceInfo, Endpoint, InitReply, Input, Packets, command};
use tallykey_protocol::report::Report;

use super::bench::{Between, Way, fault, open, port, simulators_own};

/// Answers of one session, by command and in order.
#[derive(Clone, Default)]
struct Recording {
    channel: u32,
    answers: BTreeMap<u8, VecDeque<Vec<u8>>>,
}

/// Sessions that are recorded, and how often each is played back.
const SESSIONS: usize = 20;
const PLAYS: usize = 10;

#[test]
fn a11_a_recorded_session_played_back_opens_nothing() {
    let dongle = simulators_own();
    for _ in 0..SESSIONS {
        let recording = record(&dongle);
        for _ in 0..PLAYS {
            match fault(open(Player::of(recording.clone()))) {
                Fault::ProofInvalid {
                    source: BadProof::Nonce,
                } => {}
                other => panic!("another fault: {other:?}"),
            }
        }
    }
}

fn record(dongle: &tallykey_sim::dongle::SimDongle) -> Recording {
    let tape = Arc::new(Mutex::new(Recording::default()));
    let recorder = Arc::clone(&tape);
    let listening = Between::on(port(dongle), move |way, code, message| {
        if way == Way::ToHost {
            let mut tape = recorder.lock().expect("one thread");
            if code == command::INIT {
                let mut nonce = [0; 8];
                nonce.copy_from_slice(&message[..8]);
                tape.channel = InitReply::parse(message, nonce).expect("honest").channel;
            } else {
                let answers = tape.answers.entry(code).or_default();
                answers.push_back(message.clone());
            }
        }
        true
    });
    let mut session = open(listening).expect("an honest dongle");
    session.heartbeat().expect("an honest dongle");
    session.prove().expect("an honest dongle");
    session.close().expect("an honest dongle");
    tape.lock().expect("one thread").clone()
}

/// The best player there could be: it answers INIT itself, gives the very channel that was recorded,
/// and every request gets the answer of its kind, in order.
struct Player {
    endpoint: Endpoint,
    recording: Recording,
    queue: VecDeque<Report>,
}

impl Player {
    fn of(recording: Recording) -> Box<dyn ReportPort> {
        let info = DeviceInfo {
            version: [0, 1, 0],
            capabilities: 0,
        };
        Box::new(Self {
            endpoint: Endpoint::new(info),
            recording,
            queue: VecDeque::new(),
        })
    }
}

impl ReportPort for Player {
    fn write(&mut self, report: &Report) -> Result<(), UsbError> {
        match self.endpoint.receive(report, 0, self.recording.channel) {
            Input::Nothing => {}
            Input::Reply(reply) => self.queue.push_back(reply),
            Input::Message {
                channel, command, ..
            } => {
                let answers = self.recording.answers.entry(command).or_default();
                if let Some(answer) = answers.pop_front() {
                    let packets = Packets::new(channel, command, &answer);
                    self.queue.extend(packets.expect("it was one message"));
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, _: Duration) -> Result<Option<Report>, UsbError> {
        Ok(self.queue.pop_front())
    }
}
