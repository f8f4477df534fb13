//! A dongle whose certificate leads to the pinned root.

use tallykey_protocol::command::{Command, Decode, open};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::NONCE_LEN;
use tallykey_protocol::proof::{Kind, Proof};
use tallykey_protocol::session::{Keys, Transcript, public_key};
use tallykey_protocol::status::Status;

use super::ask::ask;
use super::open::{Open, Opened};
use super::secure::Secure;
use crate::dongle::error::{BadProof, Fault};
use crate::dongle::identity::Identity;
use crate::dongle::link::Link;
use crate::dongle::random;

/// A dongle of the pinned vendor, by its word. `open` makes it prove that it has the key.
pub struct Identified {
    link: Link,
    identity: Identity,
    greeting: Greeting,
    test: bool,
}

/// What hello said, kept for the proof to confirm.
pub(super) struct Greeting {
    /// SHA-256 of the request, then of the reply.
    pub(super) digests: [[u8; 32]; 2],
    pub(super) simulated: bool,
    pub(super) lifecycle: Lifecycle,
    pub(super) firmware: String,
}

/// What the host put into `open`.
struct Ours {
    secret: p256::SecretKey,
    request: open::Request,
}

impl Identified {
    pub(super) fn new(link: Link, identity: Identity, greeting: Greeting, test: bool) -> Self {
        Self {
            link,
            identity,
            greeting,
            test,
        }
    }

    /// The serial of its certificate.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.identity.serial
    }

    /// Opens a session: a proof over fresh nonces, fresh keys, and the lease. `host_id` names this
    /// host in the transcript.
    ///
    /// # Errors
    /// [`Fault::Busy`], [`Fault::ProofInvalid`], or the link's.
    pub fn open(mut self, host_id: [u8; 16]) -> Result<Open, Fault> {
        let ours = Ours::fresh(host_id)?;
        let asked = ask(&mut self.link, Command::Open, &ours.request)?;
        let body = match asked.split()? {
            (Status::Ok, body) => body,
            (Status::Busy, body) => {
                let busy = open::Busy::decode(body).map_err(|source| asked.unreadable(source))?;
                return Err(Fault::Busy {
                    age_ms: busy.age_ms,
                });
            }
            (status, _) => return Err(asked.refused(status).into()),
        };
        let record = open::Reply::decode(body).map_err(BadProof::from)?.proof;
        let proof =
            Proof::verify(record, Kind::Open, &self.identity.key).map_err(BadProof::from)?;
        self.confirm(&proof)?;
        let (keys, transcript) = self.keys(&ours, &proof)?;
        Open::start(Opened {
            secure: Secure::new(self.link, keys),
            identity: self.identity,
            transcript,
            simulated: self.greeting.simulated || self.test,
            proof,
            record,
        })
    }

    /// Hello was not signed; what it said must be what the dongle signs.
    fn confirm(&self, proof: &Proof<'_>) -> Result<(), BadProof> {
        let Greeting {
            simulated,
            lifecycle,
            firmware,
            ..
        } = &self.greeting;
        let what = if proof.serial != self.identity.serial {
            "serial"
        } else if proof.simulated != *simulated {
            "word on being simulated"
        } else if proof.lifecycle != *lifecycle {
            "lifecycle"
        } else if proof.firmware != firmware {
            "firmware version"
        } else {
            return Ok(());
        };
        Err(BadProof::Differs { what })
    }

    /// The session's keys and the digest of its transcript, once the proof is seen to be over this very exchange.
    fn keys(&self, ours: &Ours, proof: &Proof<'_>) -> Result<(Keys, [u8; 32]), BadProof> {
        let opening = proof.opening.ok_or(BadProof::Transcript)?;
        if proof.nonce != ours.request.nonce {
            return Err(BadProof::Nonce);
        }
        let transcript = Transcript {
            hello: &self.greeting.digests,
            channel: self.link.channel(),
            host_id: &ours.request.host_id,
            host_nonce: &ours.request.nonce,
            dongle_nonce: &opening.dongle_nonce,
            host_ephemeral: &ours.request.ephemeral,
            dongle_ephemeral: &opening.dongle_ephemeral,
            certificate: &self.identity.certificate,
        }
        .digest();
        if transcript != opening.transcript || opening.host_ephemeral != ours.request.ephemeral {
            return Err(BadProof::Transcript);
        }
        Keys::agree(&ours.secret, &opening.dongle_ephemeral, &transcript)
            .map(|keys| (keys, transcript))
            .map_err(|_| BadProof::Point)
    }
}

impl Ours {
    fn fresh(host_id: [u8; 16]) -> Result<Self, Fault> {
        let secret = random::key()?;
        let request = open::Request {
            nonce: random::bytes::<NONCE_LEN>()?,
            ephemeral: public_key(&secret),
            host_id,
        };
        Ok(Self { secret, request })
    }
}
