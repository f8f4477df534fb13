//! A dongle with a host at it that speaks the protocol well when the script says so.

use super::part::Part;
use std::sync::OnceLock;
use tallykey_core::Dongle;
use tallykey_protocol::cert::Certificate;
use tallykey_protocol::command::{Command, Decode, certificate, open, split_reply};
use tallykey_protocol::frame::{
    BROADCAST, Exchange, InitReply, Packets, Progress, command, init_request,
};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::id::PublicKey;
use tallykey_protocol::limits::MESSAGE_MAX;
use tallykey_protocol::proof::{Kind, Proof};
use tallykey_protocol::report::Report;
use tallykey_protocol::session::Transcript;
use tallykey_protocol::session::{Direction, Keys, public_key, seal};
use tallykey_protocol::status::Status;
use tallykey_signing::simulator;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{Order, chip_id, provision};

/// Most reports that one report can bring: the longest message and the short ones of framing.
const ANSWER_MAX: usize = 129 + 8;

const SERIAL: &str = "SIM-FUZZ";
const HELLO: &[u8] = b"\xA2\x01\x01\x02\x01";

/// What the dongle is bound to, in its flash before anything was done to it.
pub(super) fn sealed() -> &'static [u8] {
    static CONTENTS: OnceLock<Vec<u8>> = OnceLock::new();
    CONTENTS.get_or_init(|| {
        let flash = SimFlash::blank(chip_id(SERIAL));
        let dongle = SimDongle::plug(SimPlatform::new(flash, Clock::real())).expect("boots");
        let order = Order {
            serial: SERIAL,
            profile: &simulator::profile(),
            channels: &[("camera", 64), ("vca", 8)],
            raise: false,
            convert: Convert::None,
            now: simulator::ISSUED_AT,
        };
        provision(&dongle, super::super::vendor(), &order, |_| Ok(())).expect("provisions");
        dongle.with_platform(|platform| {
            use tallykey_core::platform::Platform;
            platform.flash().contents().to_vec()
        })
    })
}

pub(super) fn blank() -> Vec<u8> {
    SimFlash::blank(chip_id(SERIAL)).contents().to_vec()
}

pub(super) struct Bench {
    dongle: Dongle<Part>,
    channels: Vec<u32>,
    session: Option<Session>,
}

struct Session {
    channel: u32,
    keys: Keys,
    sequence: u64,
    /// What the `open` proof says that nobody without an issuer's key may change.
    state: Vec<u8>,
    counter: u64,
}

impl Bench {
    pub(super) fn new(contents: &[u8]) -> Self {
        Self {
            dongle: boot(Part::new(contents)),
            channels: Vec::new(),
            session: None,
        }
    }

    /// Power goes and comes back.
    pub(super) fn power_cycle(self) -> Self {
        Self {
            dongle: boot(self.dongle.into_platform()),
            channels: Vec::new(),
            session: None,
        }
    }

    pub(super) fn bus_reset(&mut self) {
        self.dongle.bus_reset();
        self.channels.clear();
        self.session = None;
        assert_eq!(
            self.dongle.next_report(),
            None,
            "nothing is left after a reset"
        );
    }

    pub(super) fn pass(&mut self, ms: u64) {
        self.dongle.platform().now_ms += ms;
        self.dongle.tick();
        self.drain();
    }

    /// Sends one report; returns what the dongle says.
    pub(super) fn report(&mut self, report: &Report) -> Vec<Report> {
        self.dongle.receive(report);
        self.drain()
    }

    fn drain(&mut self) -> Vec<Report> {
        let mut reports = Vec::new();
        while let Some(report) = self.dongle.next_report() {
            reports.push(report);
            assert!(reports.len() <= ANSWER_MAX, "an answer has an end");
        }
        reports
    }

    pub(super) fn join(&mut self) -> Option<u32> {
        let reports = self.report(&init_request([7; 8]));
        let reply = whole(BROADCAST, command::INIT, &reports)?;
        let channel = InitReply::parse(&reply, [7; 8]).ok()?.channel;
        self.channels.push(channel);
        Some(channel)
    }

    pub(super) fn channel(&self, index: u8) -> u32 {
        let index = usize::from(index).checked_rem(self.channels.len());
        index.map_or(1, |index| self.channels[index])
    }

    /// Sends a message; returns the answer, if it is one.
    pub(super) fn message(&mut self, channel: u32, command: u8, body: &[u8]) -> Option<Vec<u8>> {
        let mut answer = Vec::new();
        for report in Packets::new(channel, command, body).ok()? {
            answer.extend(self.report(&report));
        }
        whole(channel, command, &answer)
    }

    /// Opens a session as an honest host does; its proof must be right.
    pub(super) fn open(&mut self) -> Option<()> {
        let channel = self.join()?;
        let hello = self.message(channel, Command::Hello.code(), HELLO)?;
        let chain = self.message(channel, Command::Certificate.code(), &[0xA0])?;
        let shown = certificate::Reply::decode(ok(&chain)?).ok()?;
        let key = *Certificate::parse(shown.chain?[0]).ok()?.public_key();
        let secret = p256::SecretKey::from_slice(&[0x37; 32]).expect("a scalar");
        let request = open::Request {
            nonce: [0x11; 32],
            ephemeral: public_key(&secret),
            host_id: [0x22; 16],
        };
        let answer = self.ask_open(channel, &request)?;
        let record = open::Reply::decode(ok(&answer)?).expect("a proof").proof;
        let proof = Proof::verify(record, Kind::Open, &key).expect("signed by the dongle");
        let opening = proof.opening.expect("an open proof");
        let transcript = Transcript {
            hello: &[digest(HELLO), digest(&hello)],
            channel,
            host_id: &request.host_id,
            host_nonce: &request.nonce,
            dongle_nonce: &opening.dongle_nonce,
            host_ephemeral: &request.ephemeral,
            dongle_ephemeral: &opening.dongle_ephemeral,
            certificate: &shown.digest,
        }
        .digest();
        assert_eq!(transcript, opening.transcript);
        let keys = agree(&secret, &opening.dongle_ephemeral, &transcript);
        self.session = Some(Session {
            channel,
            keys,
            sequence: 0,
            state: state(&proof),
            counter: proof.counter,
        });
        Some(())
    }

    fn ask_open(&mut self, channel: u32, request: &open::Request) -> Option<Vec<u8>> {
        use tallykey_protocol::command::Encode;
        let mut bytes = [0; 256];
        let length = request.encode(&mut bytes).expect("fits");
        self.message(channel, Command::Open.code(), &bytes[..length])
    }

    /// Sends `body` under the session's MAC, as one who took over an honest host could.
    pub(super) fn sealed_message(&mut self, code: u8, body: &[u8]) -> Option<()> {
        let session = self.session.as_mut()?;
        let command = Command::from_code(code)?;
        session.sequence += 1;
        let (channel, mut out) = (session.channel, [0; MESSAGE_MAX]);
        let sequence = session.sequence;
        let length = seal(
            &session.keys,
            Direction::ToDongle,
            sequence,
            command,
            body,
            &mut out,
        );
        self.message(channel, code, &out[..length.ok()?]).map(drop)
    }

    /// Grants, what was given away, lifecycle; and the counter.
    pub(super) fn proved(&self) -> Option<(Vec<u8>, u64)> {
        let session = self.session.as_ref()?;
        Some((session.state.clone(), session.counter))
    }
}

fn boot(part: Part) -> Dongle<Part> {
    Dongle::boot(part).unwrap_or_else(|(_, fault)| panic!("it must boot: {fault}"))
}

fn agree(secret: &p256::SecretKey, peer: &PublicKey, transcript: &[u8; 32]) -> Keys {
    Keys::agree(secret, peer, transcript).unwrap_or_else(|_| panic!("the dongle's key is a point"))
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).into()
}

fn state(proof: &Proof<'_>) -> Vec<u8> {
    format!("{:?} {:?} {}", proof.lifecycle, proof.grants, proof.serial).into_bytes()
}

fn ok(reply: &[u8]) -> Option<&[u8]> {
    match split_reply(reply).expect("a status") {
        (Status::Ok, body) => Some(body),
        _ => None,
    }
}

fn whole(channel: u32, command: u8, reports: &[Report]) -> Option<Vec<u8>> {
    let mut exchange = Exchange::new(channel, command);
    let mut message = None;
    for report in reports {
        if let Progress::Done(bytes) = exchange.feed(report) {
            message = Some(bytes.to_vec());
        }
    }
    message
}
