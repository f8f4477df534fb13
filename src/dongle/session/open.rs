//! An open session: it holds the lease, and every message of it is authenticated.

use std::time::Duration;

use tallykey_protocol::command::{Command, Decode, Empty, grant, heartbeat, prove};
use tallykey_protocol::cose::Sign1;
use tallykey_protocol::limits::{BEAT_NONCE_LEN, GRANT_MAX, NONCE_LEN};
use tallykey_protocol::proof::{Kind, Proof};

use super::orders::read_receipts;
use super::secure::Secure;
use crate::dongle::error::{BadProof, Fault, Trouble};
use crate::dongle::evidence::Evidence;
use crate::dongle::identity::Identity;
use crate::dongle::link::LinkError;
use crate::dongle::random;

/// A dongle that has proved itself and serves this host alone. Dropping it leaves the lease to run
/// out; [`Open::close`] gives it back.
pub struct Open {
    pub(super) secure: Secure,
    pub(super) identity: Identity,
    /// Digest of what was said at its opening: owner proofs are good for it alone.
    pub(super) transcript: [u8; 32],
    evidence: Evidence,
    missed: bool,
}

/// What a heartbeat found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// The same dongle, nothing changed.
    Alive,
    /// The same dongle, and something in it changed: ask for a proof.
    Changed,
    /// No answer, for the first time.
    Missed,
}

/// What `open` brought.
pub(super) struct Opened<'b> {
    pub(super) secure: Secure,
    pub(super) identity: Identity,
    pub(super) transcript: [u8; 32],
    pub(super) simulated: bool,
    pub(super) proof: Proof<'b>,
    pub(super) record: &'b [u8],
}

impl Open {
    /// Reads the grants that were proved and the receipts; the first of these messages confirms the keys.
    pub(super) fn start(opened: Opened<'_>) -> Result<Self, Fault> {
        let Opened {
            mut secure,
            identity,
            transcript,
            simulated,
            proof,
            record,
        } = opened;
        let held = read_grants(&mut secure, &proof, &[]).and_then(|grants| {
            let receipts = read_receipts(&mut secure, &identity.key, &[], &grants)?;
            Ok((grants, receipts))
        });
        let held = match held {
            Ok(held) => held,
            Err(fault) => {
                // Whatever comes of it: the lease is not worth keeping.
                secure.ask(Command::Close, &Empty).ok();
                return Err(fault);
            }
        };
        let signed = (Kind::Open, record);
        let evidence = Evidence::of(&proof, signed, &identity, simulated, held);
        Ok(Self {
            secure,
            identity,
            transcript,
            evidence,
            missed: false,
        })
    }

    /// What the latest proof says.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Renews the lease and sees that it is still the same dongle.
    ///
    /// # Errors
    /// The second miss in a row, or any wrong answer, ends the session.
    pub fn heartbeat(&mut self) -> Result<Beat, Fault> {
        let nonce = random::bytes::<BEAT_NONCE_LEN>()?;
        let request = heartbeat::Request { nonce };
        let body = match self.secure.ask(Command::Heartbeat, &request) {
            Ok(body) => body,
            Err(fault) if is_silence(&fault) && !self.missed => {
                self.missed = true;
                return Ok(Beat::Missed);
            }
            Err(fault) => return Err(fault),
        };
        self.missed = false;
        let reply = heartbeat::Reply::decode(&body).map_err(BadProof::from)?;
        if reply.nonce != nonce {
            return Err(BadProof::Nonce.into());
        }
        self.not_less(reply.counter)?;
        Ok(if reply.counter == self.evidence.counter {
            Beat::Alive
        } else {
            Beat::Changed
        })
    }

    /// Has the dongle sign its state over a fresh nonce, and reads the grants and receipts that are new.
    ///
    /// # Errors
    /// [`Fault::ProofInvalid`], or the link's.
    pub fn prove(&mut self) -> Result<&Evidence, Fault> {
        let nonce = random::bytes::<NONCE_LEN>()?;
        let request = prove::Request {
            kind: Kind::State,
            nonce,
            statement: &[],
        };
        let body = self.secure.ask(Command::Prove, &request)?;
        let record = prove::Reply::decode(&body).map_err(BadProof::from)?.proof;
        let proof =
            Proof::verify(record, Kind::State, &self.identity.key).map_err(BadProof::from)?;
        if proof.nonce != nonce {
            return Err(BadProof::Nonce.into());
        }
        self.confirm(&proof)?;
        self.not_less(proof.counter)?;
        let grants = read_grants(&mut self.secure, &proof, &self.evidence.grants)?;
        let Evidence {
            simulated,
            counter,
            ref receipts,
            ..
        } = self.evidence;
        let receipts = match proof.counter == counter {
            true => receipts.clone(),
            false => read_receipts(&mut self.secure, &self.identity.key, receipts, &grants)?,
        };
        let signed = (Kind::State, record);
        let held = (grants, receipts);
        self.evidence = Evidence::of(&proof, signed, &self.identity, simulated, held);
        Ok(&self.evidence)
    }

    /// Makes it blink.
    ///
    /// # Errors
    /// The link's.
    pub fn wink(&mut self) -> Result<(), Fault> {
        Ok(self.secure.link().wink()?)
    }

    /// Lets time pass, noticing a dongle that leaves.
    ///
    /// # Errors
    /// The link's.
    pub fn idle(&mut self, time: Duration) -> Result<(), Fault> {
        Ok(self.secure.link().idle(time)?)
    }

    /// Ends the session and gives the lease back, so that the next host need not wait it out.
    ///
    /// # Errors
    /// The link's; the lease then runs out by itself.
    pub fn close(mut self) -> Result<(), Fault> {
        self.secure.ask(Command::Close, &Empty).map(drop)
    }

    fn confirm(&self, proof: &Proof<'_>) -> Result<(), BadProof> {
        let what = if proof.serial != self.identity.serial {
            "serial"
        } else if proof.firmware != self.evidence.firmware {
            "firmware version"
        } else {
            return Ok(());
        };
        Err(BadProof::Differs { what })
    }

    fn not_less(&self, counter: u64) -> Result<(), BadProof> {
        let from = self.evidence.counter;
        if counter < from {
            return Err(BadProof::CounterFell { from, to: counter });
        }
        Ok(())
    }
}

fn is_silence(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Io {
            source: Trouble::Link(LinkError::Silent { .. })
        }
    )
}

/// The grants that `proof` lists, read from the dongle where `known` has not got them.
fn read_grants(
    secure: &mut Secure,
    proof: &Proof<'_>,
    known: &[Vec<u8>],
) -> Result<Vec<Vec<u8>>, Fault> {
    let digests = proof.grants.iter().map(|state| state.digest).enumerate();
    digests
        .map(|(index, digest)| {
            let held = known.iter().find(|record| is(record, &digest));
            match held {
                Some(record) => Ok(record.clone()),
                None => read_grant(secure, index, &digest),
            }
        })
        .collect()
}

fn read_grant(secure: &mut Secure, index: usize, digest: &[u8; 32]) -> Result<Vec<u8>, Fault> {
    let wrong = || BadProof::Grant { index };
    let request = grant::Request::Index(u8::try_from(index).map_err(|_| wrong())?);
    let body = secure.ask(Command::Grant, &request)?;
    let record = grant::Reply::decode(&body).map_err(BadProof::from)?.record;
    if !is(record, digest) {
        return Err(wrong().into());
    }
    Ok(record.to_vec())
}

pub(super) fn is(record: &[u8], digest: &[u8; 32]) -> bool {
    Sign1::parse(record, GRANT_MAX).is_ok_and(|record| record.digest() == *digest)
}
