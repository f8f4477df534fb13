//! A11: a device that plays back what a real dongle once said, and a host's messages played back to a dongle.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use tallykey::dongle::{BadProof, Fault};
use tallykey::usb::{ReportPort, UsbError};
use tallykey_protocol::command::{Command, certificate, heartbeat, hello, open as wire, prove};
use tallykey_protocol::cose::{CoseError, Typ};
use tallykey_protocol::frame::{DeviceInfo, Endpoint, Input, Packets};
use tallykey_protocol::proof::Kind;
use tallykey_protocol::report::Report;
use tallykey_protocol::session::MacError;
use tallykey_protocol::status::Status;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::host::{Channel, Session};

use super::bench::{Between, Way, encoded, fault, open, port, simulators_own};

/// Sessions that are recorded and played back.
const SESSIONS: usize = 10_000;

/// In each so many of them the dongle is also made to attest, which costs it a signature.
const ATTESTS_EACH: usize = 10;

#[test]
fn a11_ten_thousand_recorded_sessions_open_nothing() {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| record_and_play(SESSIONS.div_ceil(threads)));
        }
    });
}

/// One dongle and all of its recordings: first all are made, then all are played.
fn record_and_play(sessions: usize) {
    let dongle = simulators_own();
    let always = always(&dongle);
    let recordings: Vec<Recording> = (0..sessions).map(|n| record(&dongle, n)).collect();

    for recording in &recordings {
        assert_eq!(
            played(&always, recording, &recording.opening),
            BadProof::Nonce
        );
        if let Some(attest) = &recording.attest {
            let wrong = CoseError::WrongTyp {
                found: Typ::AttestProof,
                expected: Typ::OpenProof,
            };
            assert_eq!(played(&always, recording, attest), BadProof::Record(wrong));
        }
    }
    beats_collected_ahead(&dongle, &recordings);
    messages_to_the_dongle(&dongle, &recordings);
}

/// What a bystander has of one session.
struct Recording {
    channel: u32,
    /// The `open` proof.
    opening: Vec<u8>,
    /// A heartbeat each way, under the session's MAC.
    beat: [Vec<u8>; 2],
    attest: Option<Vec<u8>>,
}

fn record(dongle: &SimDongle, n: usize) -> Recording {
    let channel = Channel::new(dongle.connect().expect("plugged in")).expect("a channel");
    let mut session = Session::open(channel, [9; 16]).expect("nobody has it");
    let (command, nonce) = (Command::Heartbeat, [0; 16]);
    let message = session.sealed(command, &heartbeat::Request { nonce });
    let reply = session.channel().exchange(command.code(), &message);
    let reply = reply.expect("an answer");
    let attest = n.is_multiple_of(ATTESTS_EACH).then(|| {
        let ask = prove::Request {
            kind: Kind::Attest,
            nonce: [n as u8; 32],
            statement: b"anything",
        };
        let answer = session.ask(Command::Prove, &ask).expect("an answer");
        let reply: prove::Reply<'_> = answer.read_ok().expect("it attests anything");
        reply.proof.to_vec()
    });
    let recording = Recording {
        channel: session.channel().id(),
        opening: session.opening().to_vec(),
        beat: [message, reply],
        attest,
    };
    session.close().expect("an honest dongle");
    recording
}

type Answers = BTreeMap<u8, Vec<u8>>;

/// The answers that are the same in each session.
fn always(dongle: &SimDongle) -> Answers {
    let channel = Channel::new(dongle.connect().expect("plugged in")).expect("a channel");
    let hello = hello::Request {
        min: hello::VERSION_MIN,
        current: hello::VERSION,
    };
    let certificate = certificate::Request { known: None };
    [
        (Command::Hello, encoded(&hello)),
        (Command::Certificate, encoded(&certificate)),
    ]
    .map(|(command, request)| {
        let answer = channel.exchange(command.code(), &request);
        (command.code(), answer.expect("an answer"))
    })
    .into()
}

/// Why the host does not believe `proof` as the answer to its `open`.
fn played(always: &Answers, recording: &Recording, proof: &[u8]) -> BadProof {
    let mut answers = always.clone();
    let mut reply = vec![Status::Ok.code()];
    reply.extend(encoded(&wire::Reply { proof }));
    answers.insert(Command::Open.code(), reply);
    let player = Player {
        endpoint: Endpoint::new(DeviceInfo {
            version: [0, 1, 0],
            capabilities: 0,
        }),
        channel: recording.channel,
        answers,
        queue: VecDeque::new(),
    };
    of_proof(fault(open(Box::new(player))))
}

/// The best player there could be: it answers INIT itself, gives the very channel that was recorded, and every request
/// gets the answer of its kind.
struct Player {
    endpoint: Endpoint,
    channel: u32,
    answers: Answers,
    queue: VecDeque<Report>,
}

impl ReportPort for Player {
    fn write(&mut self, report: &Report) -> Result<(), UsbError> {
        match self.endpoint.receive(report, 0, self.channel) {
            Input::Nothing => {}
            Input::Reply(reply) => self.queue.push_back(reply),
            Input::Message {
                channel, command, ..
            } => {
                if let Some(answer) = self.answers.get(&command) {
                    let packets = Packets::new(channel, command, answer);
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

/// A host in a session of its own is given every heartbeat that was ever answered.
fn beats_collected_ahead(dongle: &SimDongle, recordings: &[Recording]) {
    let beats: VecDeque<_> = recordings.iter().map(|r| r.beat[1].clone()).collect();
    let beats = Mutex::new(beats);
    let mut session = open(Between::on(port(dongle), move |way, command, message| {
        if way == Way::ToHost && command == Command::Heartbeat.code() {
            let next = beats.lock().expect("one thread").pop_front();
            *message = next.expect("one for each heartbeat");
        }
        true
    }))
    .expect("honest until it is open");
    for _ in recordings {
        let fault = session.heartbeat().expect_err("made before this session");
        assert_eq!(of_proof(fault), BadProof::Mac(MacError::Mismatch));
    }
    // Its session is over on neither side; the dongle's ends with the bus.
    dongle.bus_reset();
}

/// A dongle in a session is given every message that a host ever sent it.
fn messages_to_the_dongle(dongle: &SimDongle, recordings: &[Recording]) {
    let channel = Channel::new(dongle.connect().expect("plugged in")).expect("a channel");
    let mut session = Session::open(channel, [9; 16]).expect("nobody has it");
    for recording in recordings {
        let answer = session.deliver(Command::Heartbeat, &recording.beat[0]);
        assert_eq!(answer.expect("an answer").status, Status::MacInvalid);
    }
    let beat = heartbeat::Request { nonce: [1; 16] };
    let answer = session.ask(Command::Heartbeat, &beat);
    assert_eq!(answer.expect("an answer").status, Status::Ok);
}

fn of_proof(fault: Fault) -> BadProof {
    match fault {
        Fault::ProofInvalid { source } => source,
        other => panic!("another fault: {other:?}"),
    }
}
