//! A dongle that is plugged in.

use std::collections::BTreeMap;

use tallykey_protocol::id;

use crate::dongle::{Evidence, Fault};
use crate::ledger::Event;
use crate::licence::HeldGrant;

use super::super::snapshot::{DongleProblem, DongleStatus};
use super::super::token::hex;

#[derive(Debug)]
pub(super) struct Seen {
    /// Names it on this host while it is plugged in.
    pub(super) key: String,
    /// Its identity, while it proves itself.
    pub(super) open: Option<Open>,
    pub(super) status: DongleStatus,
}

#[derive(Debug)]
pub(super) struct Open {
    /// The grants that it proved to hold.
    pub(super) held: Vec<HeldGrant>,
    /// What it proved last.
    pub(super) evidence: Evidence,
    /// Counters of the receipts that it was told of since, and whether it may still take notice.
    pub(super) told: BTreeMap<u64, bool>,
}

impl Seen {
    pub(super) fn faulted(key: String, usb_serial: Option<String>, fault: &Fault) -> Self {
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
        Self {
            key,
            open: None,
            status,
        }
    }

    pub(super) fn is_open(&self, thumbprint: &[u8; 32]) -> bool {
        let open = self.open.as_ref();
        open.is_some_and(|open| open.evidence.thumbprint == *thumbprint)
    }
}

impl Open {
    pub(super) fn left(self) -> Event {
        Event::DongleLeft {
            thumbprint: hex(&self.evidence.thumbprint),
            serial: self.evidence.serial,
        }
    }
}
