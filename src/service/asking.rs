//! A request for the vendor's desk: what is put into it, and how it is made.
//!
//! `ask → a nonce, and a proof of each dongle over it → signed, written down → the file`. The proofs are waited for
//! outside the actor: a dongle may take its time.

mod draft;
mod purpose;
mod sticks;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tallykey_protocol::limits::{NONCE_LEN, SALT_LEN};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::fault::ServiceError;
use super::request::{Actor, Request};
use super::{Service, dongles};
use crate::dongle::{self, Evidence};
use crate::licence::machine_binding::CannotBind;

pub use tallykey_protocol::request::Purpose;

pub(super) use draft::{Draft, Mark, Stick};
pub(super) use purpose::{Facts, choose};
pub(super) use sticks::Sticks;

/// How long all dongles together have for their proofs. A part signs in less than a second, and may first have to end
/// what it is at.
const PROOFS: Duration = Duration::from_secs(10);

/// What is asked of the desk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestAsk {
    /// What it is for; without it the host chooses.
    pub purpose: Option<Purpose>,
    /// Channels that are asked for, by feature.
    pub channels: BTreeMap<String, u32>,
    /// Only tell what would be in it.
    pub dry_run: bool,
}

/// A request, ready to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFile {
    /// The name proposed for its file.
    pub name: String,
    /// The file: armour (RFC 7468). None if it was only to be told what would be in it.
    pub content: Option<String>,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether the host chose that.
    pub chosen: bool,
    /// The host's name in it.
    pub host: String,
    /// Channels that are asked for, by feature.
    pub wanted: BTreeMap<String, u64>,
    /// Software licences in it.
    pub licences: Vec<CarriedLicence>,
    /// Serials of the dongles that proved themselves in it.
    pub dongles: Vec<String>,
    /// Identities of the receipts in it that are for the desk, hex.
    pub receipts: Vec<String>,
    /// The licence whose return it confirms, by its identity in hex.
    pub confirms: Option<String>,
    /// What could not be put into it.
    pub left_out: Vec<LeftOut>,
    /// Why no licence can be bound to this machine by it, if none can.
    pub unbound: Option<CannotBind>,
}

/// A software licence in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedLicence {
    /// Its identity, hex.
    pub id: String,
    /// Its revision.
    pub revision: u64,
    /// Channels it gives, by feature.
    pub channels: BTreeMap<String, u64>,
}

/// Something that is here and not in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The dongle's serial, or the licence's identity in hex; none of a dongle that shows none.
    pub what: Option<String>,
    /// The state of the dongle, or a word for what kept it out.
    pub code: &'static str,
    /// Why, for a person.
    pub why: String,
}

/// What the actor hands out before the dongles are waited for.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) nonce: [u8; NONCE_LEN],
    pub(super) salt: [u8; SALT_LEN],
    /// Dongles that were asked for a proof, by their serials.
    pub(super) dongles: Vec<(String, oneshot::Receiver<Proven>)>,
    /// Dongles that could not be asked.
    pub(super) left_out: Vec<LeftOut>,
}

/// What a dongle answered.
pub(super) type Proven = Result<(Evidence, Vec<u8>), Arc<dongle::Fault>>;

/// What the dongles brought for a request.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) nonce: [u8; NONCE_LEN],
    pub(super) salt: [u8; SALT_LEN],
    /// Every dongle that answered in time, with its proof for this request.
    pub(super) proven: Vec<(Evidence, Vec<u8>)>,
    pub(super) left_out: Vec<LeftOut>,
}

impl Service {
    /// Makes a request for the vendor's desk, signed by the host key, with a fresh proof of every dongle that answers
    /// in time. That it was made is in the history before it is answered.
    ///
    /// # Errors
    /// [`crate::licence::Refusal::UnknownFeature`], [`crate::licence::Refusal::NothingToConfirm`],
    /// [`crate::licence::Refusal::RequestTooLarge`], or a fault.
    pub async fn make_request(
        &self,
        actor: &Actor,
        ask: RequestAsk,
    ) -> Result<RequestFile, ServiceError> {
        let begun = self.ask(|reply| Request::Proofs { reply }).await??;
        let gathered = begun.gather().await;
        let actor = actor.clone();
        self.ask(|reply| Request::Sign {
            actor,
            ask,
            gathered,
            reply,
        })
        .await?
    }
}

impl Begun {
    /// Waits for the proofs, and no longer than is good for them all.
    async fn gather(self) -> Gathered {
        let until = Instant::now() + PROOFS;
        let mut gathered = Gathered {
            nonce: self.nonce,
            salt: self.salt,
            proven: Vec::new(),
            left_out: self.left_out,
        };
        for (serial, answer) in self.dongles {
            let (code, why) = match timeout_at(until, answer).await {
                Ok(Ok(Ok(proven))) => {
                    gathered.proven.push(proven);
                    continue;
                }
                Ok(Ok(Err(fault))) => (fault.code(), fault.to_string()),
                Ok(Err(_)) | Err(_) => ("no-answer", "it did not answer in time".to_owned()),
            };
            gathered.left_out.push(LeftOut {
                what: Some(serial),
                code,
                why,
            });
        }
        gathered
    }
}

impl LeftOut {
    /// A dongle whose session is not open.
    pub(super) fn closed(dongle: &dongles::Closed<'_>) -> Self {
        Self {
            what: dongle.serial.map(str::to_owned),
            code: dongle.state,
            why: dongle.why.to_owned(),
        }
    }
}
