//! The least host that speaks the protocol: what the provisioning station needs, and tests that look at a
//! dongle from outside. The real host is the crate `tallykey`.

mod session;

pub use session::Session;

use crate::dongle::{Connection, Gone};
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};
use tallykey_protocol::cbor::Malformed;
use tallykey_protocol::command::{Command, Decode, Encode, hello, split_reply};
use tallykey_protocol::cose::CoseError;
use tallykey_protocol::frame::{self, Exchange, FrameError, InitReply, Packets, Progress};
use tallykey_protocol::limits::{CONFIRM_MS, MESSAGE_MAX};
use tallykey_protocol::status::Status;

/// How long an answer may take: a person at the button, and signing on a busy machine with much to spare.
const PATIENCE: Duration = Duration::from_millis(CONFIRM_MS + 10_000);

/// What can go wrong between a host and a dongle.
#[derive(Debug, thiserror::Error)]
pub enum TalkError {
    /// The dongle is not plugged in any more.
    #[error(transparent)]
    Gone(#[from] Gone),
    /// No answer in time.
    #[error("the dongle does not answer")]
    Silent,
    /// Framing says no.
    #[error("the dongle's answer broke off: {0}")]
    Frame(FrameError),
    /// The dongle says no.
    #[error("the dongle refused `{command:?}`: {status:?}")]
    Refused {
        /// What it was asked.
        command: Command,
        /// Its reason.
        status: Status,
    },
    /// The answer is not what the command answers.
    #[error("the dongle's answer cannot be read: {0}")]
    Malformed(#[from] Malformed),
    /// A proof or a MAC is wrong.
    #[error("the dongle's answer is not to be believed: {0}")]
    Unproven(CoseError),
    /// The answer is signed, but over something else.
    #[error("the dongle proved something else than it was asked")]
    Mismatch,
    /// The machine has no random bytes.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
}

impl From<CoseError> for TalkError {
    fn from(error: CoseError) -> Self {
        Self::Unproven(error)
    }
}

impl From<getrandom::Error> for TalkError {
    fn from(error: getrandom::Error) -> Self {
        Self::Random(error)
    }
}

/// The answer to one command.
#[derive(Debug)]
pub struct Answer {
    command: Command,
    /// What the dongle says.
    pub status: Status,
    /// The body after the status.
    pub body: Vec<u8>,
}

impl Answer {
    fn read(command: Command, reply: &[u8]) -> Result<Self, TalkError> {
        let (status, body) = split_reply(reply)?;
        Ok(Self {
            command,
            status,
            body: body.to_vec(),
        })
    }

    /// Reads the body of an answer that says yes.
    ///
    /// # Errors
    /// [`TalkError::Refused`], [`TalkError::Malformed`].
    pub fn read_ok<'b, T: Decode<'b>>(&'b self) -> Result<T, TalkError> {
        match self.status {
            Status::Ok => Ok(T::decode(&self.body)?),
            status => Err(TalkError::Refused {
                command: self.command,
                status,
            }),
        }
    }
}

/// A channel on a dongle.
pub struct Channel {
    connection: Connection,
    id: u32,
    /// SHA-256 of the last hello, request and reply.
    hello: [[u8; 32]; 2],
}

impl Channel {
    /// Gets a channel.
    ///
    /// # Errors
    /// [`TalkError`].
    pub fn new(connection: Connection) -> Result<Self, TalkError> {
        let nonce = random()?;
        connection.write(&frame::init_request(nonce))?;
        let mut channel = Self {
            connection,
            id: frame::BROADCAST,
            hello: [[0; 32]; 2],
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            let reply = channel.receive(frame::command::INIT, deadline)?;
            // Another host's answer to INIT comes on the broadcast channel too.
            if let Ok(reply) = InitReply::parse(&reply, nonce) {
                channel.id = reply.channel;
                return Ok(channel);
            }
        }
    }

    /// The channel's number.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The device's handle, for whoever looks at single reports.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Says hello and reads what the dongle is.
    ///
    /// # Errors
    /// [`TalkError`].
    pub fn hello(&mut self) -> Result<Answer, TalkError> {
        let request = encode(&hello::Request {
            min: hello::VERSION_MIN,
            current: hello::VERSION,
        });
        let reply = self.exchange(Command::Hello.code(), &request)?;
        self.hello = [
            Sha256::digest(&request).into(),
            Sha256::digest(&reply).into(),
        ];
        Answer::read(Command::Hello, &reply)
    }

    /// Sends one command outside a session.
    ///
    /// # Errors
    /// [`TalkError`], but a refusal is an answer.
    pub fn ask(&self, command: Command, request: &impl Encode) -> Result<Answer, TalkError> {
        Answer::read(command, &self.exchange(command.code(), &encode(request))?)
    }

    /// Sends one message and returns the answer's bytes, whatever they are.
    ///
    /// # Errors
    /// [`TalkError::Gone`], [`TalkError::Silent`], [`TalkError::Frame`].
    ///
    /// # Panics
    /// If the message is longer than any may be.
    pub fn exchange(&self, command: u8, message: &[u8]) -> Result<Vec<u8>, TalkError> {
        for report in Packets::new(self.id, command, message).expect("a message within the limit") {
            self.connection.write(&report)?;
        }
        self.receive(command, Instant::now() + PATIENCE)
    }

    fn receive(&self, command: u8, deadline: Instant) -> Result<Vec<u8>, TalkError> {
        let mut exchange = Exchange::new(self.id, command);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let report = self.connection.read(left)?.ok_or(TalkError::Silent)?;
            match exchange.feed(&report) {
                Progress::Pending | Progress::KeepAlive(_) => {}
                Progress::Done(message) => return Ok(message.to_vec()),
                Progress::Failed(error) => return Err(TalkError::Frame(error)),
            }
        }
    }
}

fn encode(request: &impl Encode) -> Vec<u8> {
    let mut bytes = vec![0; MESSAGE_MAX];
    // Every request type is bounded well below a message.
    let length = request
        .encode(&mut bytes)
        .expect("a request fits a message");
    bytes.truncate(length);
    bytes
}

/// Fresh random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
