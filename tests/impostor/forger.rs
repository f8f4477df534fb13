//! A forger: someone who took a certified key out of a dongle and answers with it as they like. The
//! signatures and MACs are all good, so only what they are over can give it away.

use std::collections::VecDeque;
use std::time::Duration;

use p256::SecretKey;
use sha2::{Digest, Sha256};
use tallykey::dongle::{BadProof, Beat, Fault, Open};
use tallykey::usb::{ReportPort, UsbError};
use tallykey_protocol::cbor::Full;
use tallykey_protocol::command::{
    Command, Empty, Encode, certificate, encode_reply, grant, heartbeat, hello, open as opening,
    prove, receipt,
};
use tallykey_protocol::cose::{self, Header};
use tallykey_protocol::frame::{DeviceInfo, Endpoint, Input, Packets};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::MESSAGE_MAX;
use tallykey_protocol::list::List;
use tallykey_protocol::proof::{GrantState, Kind, Opening, Proof};
use tallykey_protocol::report::Report;
use tallykey_protocol::session::{self, Direction, Keys, Transcript, public_key};
use tallykey_protocol::status::Status;
use tallykey_signing::{Signer, SoftwareKey, simulator};

use super::bench::{SERIAL, decoded, encoded, fault, open, random_key};

/// What the forger does otherwise than a dongle would.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lie {
    None,
    /// The proof says what hello did not.
    Simulated,
    Lifecycle,
    Firmware,
    Serial,
    /// The transcript of another exchange.
    Transcript,
    /// A session key that is no point, under a transcript that fits.
    Point,
    /// Another grant than the one that was proved.
    Grant,
    /// A counter that falls: in heartbeats, or in the next proof.
    Counter,
    /// A heartbeat that could have been made ahead.
    Beat,
    /// A state proof that could have been made ahead.
    Nonce,
}

struct Forger {
    lie: Lie,
    key: SoftwareKey,
    chain: [Vec<u8>; 2],
    /// The record that `grant` gives and the digest that proofs name.
    grant: (Vec<u8>, [u8; 32]),
    endpoint: Endpoint,
    hello: [[u8; 32]; 2],
    keys: Option<Keys>,
    counter: u64,
    queue: VecDeque<Report>,
}

fn forger(lie: Lie) -> Box<dyn ReportPort> {
    let vendor = simulator::vendor().expect("constant keys");
    let key = random_key();
    let leaf = vendor
        .certify_dongle(
            SERIAL,
            &[1; 8],
            &key.public_key(),
            [2; 16],
            simulator::ISSUED_AT,
        )
        .expect("an honest request");
    // The host checks here that it is the record that was proved; what it grants is for the rules.
    let record = signed(&key, Kind::State, &[0xa0]);
    let digest = cose::Sign1::parse(&record, MESSAGE_MAX)
        .expect("ours")
        .digest();
    let digest = if lie == Lie::Grant { [0; 32] } else { digest };
    Box::new(Forger {
        lie,
        key,
        chain: [leaf, vendor.factory_certificate().to_vec()],
        grant: (record, digest),
        endpoint: Endpoint::new(DeviceInfo {
            version: [0; 3],
            capabilities: 0,
        }),
        hello: [[0; 32]; 2],
        keys: None,
        counter: 10,
        queue: VecDeque::new(),
    })
}

#[test]
fn a_forger_that_does_not_lie_opens() {
    let mut session = opened(Lie::None);
    assert_eq!(session.heartbeat().expect("honest"), Beat::Alive);
    session.prove().expect("honest");
}

#[test]
fn a_proof_that_says_otherwise_than_hello_opens_nothing() {
    for (lie, what) in [
        (Lie::Simulated, "word on being simulated"),
        (Lie::Lifecycle, "lifecycle"),
        (Lie::Firmware, "firmware version"),
        (Lie::Serial, "serial"),
    ] {
        assert_eq!(refused(lie), BadProof::Differs { what });
    }
}

#[test]
fn a11_a_signed_proof_of_another_exchange_opens_nothing() {
    assert_eq!(refused(Lie::Transcript), BadProof::Transcript);
}

#[test]
fn a_session_key_that_is_no_point_is_refused() {
    assert_eq!(refused(Lie::Point), BadProof::Point);
}

#[test]
fn a12_a_grant_that_was_not_proved_is_refused() {
    assert_eq!(refused(Lie::Grant), BadProof::Grant { index: 0 });
}

#[test]
fn a13_a_counter_that_falls_ends_the_session() {
    let fell = BadProof::CounterFell { from: 10, to: 9 };
    let beat = opened(Lie::Counter).heartbeat();
    assert_eq!(of_proof(beat.expect_err("it fell")), fell);
    let mut session = opened(Lie::Counter);
    assert_eq!(of_proof(session.prove().expect_err("it fell")), fell);
}

#[test]
fn a11_heartbeats_and_proofs_made_ahead_are_refused() {
    let beat = opened(Lie::Beat).heartbeat();
    assert_eq!(of_proof(beat.expect_err("not ours")), BadProof::Nonce);
    let mut session = opened(Lie::Nonce);
    assert_eq!(
        of_proof(session.prove().expect_err("not ours")),
        BadProof::Nonce
    );
}

fn opened(lie: Lie) -> Open {
    open(forger(lie)).expect("honest until it is open")
}

fn refused(lie: Lie) -> BadProof {
    of_proof(fault(open(forger(lie))))
}

fn of_proof(fault: Fault) -> BadProof {
    match fault {
        Fault::ProofInvalid { source } => source,
        other => panic!("another fault: {other:?}"),
    }
}

impl Forger {
    fn answer(&mut self, channel: u32, command: Command, message: &[u8]) -> Vec<u8> {
        match command {
            Command::Hello => {
                let reply = ok(&self.hello());
                self.hello = [
                    Sha256::digest(message).into(),
                    Sha256::digest(&reply).into(),
                ];
                reply
            }
            Command::Certificate => ok(&certificate::Reply {
                digest: Sha256::digest(&self.chain[0]).into(),
                chain: Some([&self.chain[0], &self.chain[1]]),
            }),
            Command::Open => self.open(channel, &decoded(message)),
            command => {
                let keys = self.keys.take().expect("after open");
                let (sequence, request) =
                    session::open(&keys, Direction::ToDongle, command, message).expect("our host");
                let reply = self.in_session(command, request);
                let mut sealed = vec![0; MESSAGE_MAX];
                let way = Direction::ToHost;
                let length = session::seal(&keys, way, sequence, command, &reply, &mut sealed);
                sealed.truncate(length.expect("it fits"));
                self.keys = Some(keys);
                sealed
            }
        }
    }

    fn in_session(&mut self, command: Command, request: &[u8]) -> Vec<u8> {
        if self.lie == Lie::Counter && !matches!(command, Command::Grant | Command::Receipt) {
            self.counter -= 1;
        }
        match command {
            Command::Grant => ok(&grant::Reply {
                record: &self.grant.0,
            }),
            Command::Heartbeat => {
                let heartbeat::Request { nonce } = decoded(request);
                ok(&heartbeat::Reply {
                    nonce: if self.lie == Lie::Beat {
                        [0; 16]
                    } else {
                        nonce
                    },
                    counter: self.counter,
                })
            }
            Command::Prove => {
                let prove::Request { nonce, .. } = decoded(request);
                let nonce = if self.lie == Lie::Nonce {
                    [0; 32]
                } else {
                    nonce
                };
                let proof = self.proof(Kind::State, nonce, None);
                ok(&prove::Reply { proof: &proof })
            }
            Command::Receipt => ok(&receipt::Reply::List(List::default())),
            Command::Close => ok(&Empty),
            other => panic!("nobody asks {other:?} here"),
        }
    }

    fn hello(&self) -> hello::Reply<'static> {
        hello::Reply {
            min: hello::VERSION_MIN,
            current: hello::VERSION,
            chip_id: [1; 8],
            serial: Some(SERIAL),
            lifecycle: Lifecycle::Sealed,
            simulated: true,
            firmware: "1.0",
            message_max: 7609,
        }
    }

    fn open(&mut self, channel: u32, request: &opening::Request) -> Vec<u8> {
        let secret = SecretKey::from_slice(&[7; 32]).expect("a scalar");
        let ephemeral = if self.lie == Lie::Point {
            [4; 65]
        } else {
            public_key(&secret)
        };
        let mut transcript = Transcript {
            hello: &self.hello,
            channel,
            host_id: &request.host_id,
            host_nonce: &request.nonce,
            dongle_nonce: &[3; 32],
            host_ephemeral: &request.ephemeral,
            dongle_ephemeral: &ephemeral,
            certificate: &Sha256::digest(&self.chain[0]).into(),
        }
        .digest();
        self.keys = Keys::agree(&secret, &request.ephemeral, &transcript).ok();
        if self.lie == Lie::Transcript {
            transcript[0] ^= 1;
        }
        let opening = Opening {
            transcript,
            dongle_nonce: [3; 32],
            host_ephemeral: request.ephemeral,
            dongle_ephemeral: ephemeral,
        };
        let proof = self.proof(Kind::Open, request.nonce, Some(opening));
        ok(&opening::Reply { proof: &proof })
    }

    fn proof(&self, kind: Kind, nonce: [u8; 32], opening: Option<Opening>) -> Vec<u8> {
        let held = GrantState {
            product: "tallykey-vms",
            revision: 1,
            digest: self.grant.1,
            given: List::default(),
        };
        let (hello, lie) = (self.hello(), self.lie);
        let proof = Proof {
            serial: if lie == Lie::Serial {
                "TK-OTHER"
            } else {
                SERIAL
            },
            nonce,
            simulated: hello.simulated != (lie == Lie::Simulated),
            lifecycle: match lie {
                Lie::Lifecycle => Lifecycle::Retired,
                _ => hello.lifecycle,
            },
            firmware: if lie == Lie::Firmware {
                "2.0"
            } else {
                hello.firmware
            },
            firmware_digest: [0; 32],
            grants: List::of(&[held]).expect("one fits"),
            counter: self.counter,
            boot_id: [0; 16],
            time_floor: 0,
            opening,
        };
        let mut claims = vec![0; MESSAGE_MAX];
        let length = proof.encode(&mut claims).expect("it fits");
        signed(&self.key, kind, &claims[..length])
    }
}

impl ReportPort for Forger {
    fn write(&mut self, report: &Report) -> Result<(), UsbError> {
        let (channel, command, message) = match self.endpoint.receive(report, 0, 7) {
            Input::Nothing => return Ok(()),
            Input::Reply(reply) => {
                self.queue.push_back(reply);
                return Ok(());
            }
            Input::Message {
                channel,
                command,
                payload,
            } => (channel, command, payload.to_vec()),
        };
        let known = Command::from_code(command).expect("our host's commands");
        let answer = self.answer(channel, known, &message);
        let packets = Packets::new(channel, command, &answer);
        self.queue.extend(packets.expect("it fits"));
        Ok(())
    }

    fn read(&mut self, _: Duration) -> Result<Option<Report>, UsbError> {
        Ok(self.queue.pop_front())
    }
}

fn ok(body: &impl Encode) -> Vec<u8> {
    let mut reply = vec![0; 1 + encoded(body).len()];
    encode_reply(&mut reply, Status::Ok, body).expect("it fits");
    reply
}

fn signed(key: &SoftwareKey, kind: Kind, claims: &[u8]) -> Vec<u8> {
    let header = Header {
        typ: kind.typ(),
        key: &key.public_key(),
        chain: &[],
    };
    let mut record = vec![0; MESSAGE_MAX];
    let sign = |digest: &[u8; 32]| key.sign(digest).map_err(|_| Full);
    let length = cose::assemble(&mut record, &header, claims, sign).expect("it fits");
    record.truncate(length);
    record
}
