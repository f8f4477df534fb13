//! Every dongle seen, and what each is worth here.

use tallykey_protocol::cose::CoseError;
use tallykey_protocol::id;
use tallykey_protocol::lifecycle::Lifecycle;
use thiserror::Error;

use crate::dongle::Evidence;
use crate::ledger::{Event, GrantMark, Marks, RolledBack, SeenBefore};
use crate::licence::{Entitlement, GrantRefusal};

use super::Settings;
use super::snapshot::{DongleFacts, DongleProblem, DongleStatus, GrantStatus};
use super::token::hex;
use super::watch::DongleEvent;

/// Every dongle that is plugged in, in order of arrival.
#[derive(Debug, Default)]
pub(super) struct Dongles(Vec<Seen>);

#[derive(Debug)]
struct Seen {
    /// Names it on this host while it is plugged in.
    key: String,
    /// Its identity and what it gives, while it proves itself.
    open: Option<Open>,
    status: DongleStatus,
}

#[derive(Debug)]
struct Open {
    serial: String,
    thumbprint: [u8; 32],
    entitlement: Option<Entitlement>,
}

/// Why a dongle that proved itself counts for nothing.
#[derive(Debug, Error)]
enum NotCounted {
    #[error("its memory was set back: {0}")]
    RolledBack(#[from] RolledBack),
    #[error("it is retired: everything it held was given away")]
    Retired,
    #[error(transparent)]
    Grant(#[from] GrantRefusal),
    #[error("its proof cannot be read: {0}")]
    Proof(#[from] CoseError),
}

impl NotCounted {
    const fn code(&self) -> &'static str {
        match self {
            Self::RolledBack(_) => "rolled-back",
            Self::Retired => "retired",
            Self::Grant(refusal) => refusal.code(),
            Self::Proof(_) => "proof-invalid",
        }
    }

    fn next(&self) -> String {
        match self {
            Self::RolledBack(_) => {
                "Do not rely on this dongle; send it to the vendor with this message.".into()
            }
            Self::Retired => "Send it back to the vendor, or keep it for its receipts.".into(),
            Self::Grant(refusal) => refusal.next(),
            Self::Proof(_) => "Unplug it and plug it in again.".into(),
        }
    }
}

impl Dongles {
    /// Takes notice of what happened to a dongle; what of it the history has to tell.
    pub(super) fn notice(
        &mut self,
        event: DongleEvent,
        settings: &Settings,
        marks: &Marks,
    ) -> Vec<Event> {
        match event {
            DongleEvent::Opened { key, evidence } => {
                self.proved(key, &evidence, true, settings, marks)
            }
            DongleEvent::Proved { key, evidence } => {
                self.proved(key, &evidence, false, settings, marks)
            }
            DongleEvent::Faulted { key, usb_serial, fault } => {
                let status = DongleStatus {
                    // Not proved, and so not to be printed unless it is harmless.
                    serial: usb_serial.filter(|serial| id::is_label(serial)),
                    state: fault.code(),
                    problem: Some(DongleProblem {
                        detail: fault.to_string(),
                        next: fault.next().to_owned(),
                    }),
                    facts: None,
                };
                self.replace(Seen { key, open: None, status })
            }
            DongleEvent::Left { key } => {
                let place = self.0.iter().position(|seen| seen.key == key);
                let gone = place.map(|place| self.0.remove(place));
                gone.and_then(|seen| seen.open).map(|open| open.left()).into_iter().collect()
            }
        }
    }

    fn proved(
        &mut self,
        key: String,
        evidence: &Evidence,
        opened: bool,
        settings: &Settings,
        marks: &Marks,
    ) -> Vec<Event> {
        let (seen, judged) = match evidence.proof() {
            Err(error) => (None, Err(error.into())),
            Ok(proof) => {
                let grants = proof.grants.iter().map(|grant| GrantMark {
                    product: grant.product.to_owned(),
                    revision: grant.revision,
                });
                judge(evidence, grants.collect(), settings, marks)
            }
        };
        todo!()
    }
}
