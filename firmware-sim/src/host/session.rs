//! A session on a dongle, from the host's side.

use super::{Answer, Channel, TalkError, encode, random};
use sha2::{Digest, Sha256};
use tallykey_protocol::cert::Certificate;
use tallykey_protocol::command::{Command, Decode, Encode, certificate, open, prove};
use tallykey_protocol::id::PublicKey;
use tallykey_protocol::limits::MESSAGE_MAX;
use tallykey_protocol::proof::{Kind, Proof};
use tallykey_protocol::session::{self, Direction, Keys, Transcript, public_key};
use tallykey_protocol::status::Status;

/// An open session.
pub struct Session {
    channel: Channel,
    keys: Keys,
    sequence: u64,
    key: PublicKey,
    opening: Vec<u8>,
    transcript: [u8; 32],
}

impl Session {
    /// Opens a session. The certificate is taken as it is: following it to a root is for those who pin one.
    ///
    /// # Errors
    /// [`TalkError`]; with [`Status::Busy`] if another host has the dongle.
    pub fn open(mut channel: Channel, host_id: [u8; 16]) -> Result<Self, TalkError> {
        channel.hello()?;
        let shown = channel.ask(Command::Certificate, &certificate::Request { known: None })?;
        let shown: certificate::Reply<'_> = shown.read_ok()?;
        let [leaf, _] = shown.chain.ok_or(TalkError::Mismatch)?;
        let key = *Certificate::parse(leaf)
            .map_err(|_| TalkError::Mismatch)?
            .public_key();

        let secret = loop {
            if let Ok(secret) = p256::SecretKey::from_slice(&random::<32>()?) {
                break secret;
            }
        };
        let request = open::Request {
            nonce: random()?,
            ephemeral: public_key(&secret),
            host_id,
        };
        let answer = channel.ask(Command::Open, &request)?;
        let record = answer.read_ok::<open::Reply<'_>>()?.proof;
        let proof = Proof::verify(record, Kind::Open, &key)?;
        let opening = proof.opening.ok_or(TalkError::Mismatch)?;
        let transcript = Transcript {
            hello: &channel.hello,
            channel: channel.id,
            host_id: &request.host_id,
            host_nonce: &request.nonce,
            dongle_nonce: &opening.dongle_nonce,
            host_ephemeral: &request.ephemeral,
            dongle_ephemeral: &opening.dongle_ephemeral,
            certificate: &Sha256::digest(leaf).into(),
        }
        .digest();
        if transcript != opening.transcript || proof.nonce != request.nonce {
            return Err(TalkError::Mismatch);
        }
        let keys = Keys::agree(&secret, &opening.dongle_ephemeral, &transcript)
            .map_err(|_| TalkError::Mismatch)?;
        let opening = record.to_vec();
        Ok(Self {
            channel,
            keys,
            sequence: 0,
            key,
            opening,
            transcript,
        })
    }

    /// The dongle's key, as its certificate says.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Digest of the transcript: owner proofs are over it.
    #[must_use]
    pub const fn transcript(&self) -> &[u8; 32] {
        &self.transcript
    }

    /// The channel that it is on.
    #[must_use]
    pub const fn channel(&self) -> &Channel {
        &self.channel
    }

    /// The `open` proof.
    #[must_use]
    pub fn opening(&self) -> &[u8] {
        &self.opening
    }

    /// Sends one command of the session.
    ///
    /// # Errors
    /// [`TalkError`], but a refusal is an answer.
    pub fn ask(&mut self, command: Command, request: &impl Encode) -> Result<Answer, TalkError> {
        let message = self.sealed(command, request);
        self.deliver(command, &message)
    }

    /// The next message of the session, not sent yet: to be kept, changed or held back.
    ///
    /// # Panics
    /// If the request does not fit a message, which none does.
    pub fn sealed(&mut self, command: Command, request: &impl Encode) -> Vec<u8> {
        self.sequence += 1;
        let mut message = vec![0; MESSAGE_MAX];
        let (keys, payload) = (&self.keys, encode(request));
        let length = session::seal(
            keys,
            Direction::ToDongle,
            self.sequence,
            command,
            &payload,
            &mut message,
        )
        .expect("a request fits a message");
        message.truncate(length);
        message
    }

    /// Sends a message made by [`Self::sealed`].
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn deliver(&mut self, command: Command, message: &[u8]) -> Result<Answer, TalkError> {
        let reply = self.channel.exchange(command.code(), message)?;
        self.read(command, &reply)
    }

    /// Reads the reply to the last message made by [`Self::sealed`].
    ///
    /// # Errors
    /// [`TalkError::Malformed`], [`TalkError::Mismatch`].
    pub fn read(&self, command: Command, reply: &[u8]) -> Result<Answer, TalkError> {
        // A refusal from before the MAC was believed has none of its own.
        if let [code] = reply[..]
            && Status::from_code(code) != Status::Ok
        {
            return Answer::read(command, reply);
        }
        let (sequence, reply) = session::open(&self.keys, Direction::ToHost, command, reply)
            .map_err(|_| TalkError::Mismatch)?;
        if sequence != self.sequence {
            return Err(TalkError::Mismatch);
        }
        Answer::read(command, reply)
    }

    /// A proof over a fresh nonce, verified, as the dongle signed it.
    ///
    /// # Errors
    /// [`TalkError`].
    pub fn prove(&mut self, kind: Kind) -> Result<Vec<u8>, TalkError> {
        let request = prove::Request {
            kind,
            nonce: random()?,
            statement: &[],
        };
        let answer = self.ask(Command::Prove, &request)?;
        let record = answer.read_ok::<prove::Reply<'_>>()?.proof;
        let proof = Proof::verify(record, kind, &self.key)?;
        if kind != Kind::Attest && proof.nonce != request.nonce {
            return Err(TalkError::Mismatch);
        }
        Ok(record.to_vec())
    }

    /// Ends the session and returns the channel.
    ///
    /// # Errors
    /// [`TalkError`].
    pub fn close(mut self) -> Result<Channel, TalkError> {
        let answer = self.ask(Command::Close, &tallykey_protocol::command::Empty)?;
        <tallykey_protocol::command::Empty as Decode>::decode(&answer.body)?;
        Ok(self.channel)
    }

    /// The channel, while the dongle still holds the session.
    #[must_use]
    pub fn abandon(self) -> Channel {
        self.channel
    }
}
