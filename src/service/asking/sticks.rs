//! Dongles in a request: those that proved themselves, and those whose conversions are installed here.

use tallykey_protocol::cert::Certificate;
use tallykey_protocol::composite::Composite;
use tallykey_protocol::limits::{DONGLES_MAX, RECEIPTS_MAX};
use tallykey_protocol::receipt::{self, Kind};

use super::super::token::hex;
use super::{LeftOut, Stick};
use crate::dongle::{Evidence, Receipt};
use crate::ledger::{Asked, Gifts, Kept, ReceiptKept, Shelf};
use crate::licence::Form;

/// What of dongles a request carries.
#[derive(Default)]
pub(in crate::service) struct Sticks {
    pub(in crate::service) sticks: Vec<Stick>,
    /// Serials of those that proved themselves.
    pub(in crate::service) proven: Vec<String>,
    /// Identities of the receipts that are for the desk, hex.
    pub(in crate::service) receipts: Vec<String>,
    pub(in crate::service) left_out: Vec<LeftOut>,
}

impl Sticks {
    /// Those that are plugged in, with their proofs for this request.
    pub(in crate::service) fn of_proven(
        proven: Vec<(Evidence, Vec<u8>)>,
        root: &Certificate<'_>,
        shelf: &Shelf,
    ) -> Self {
        let mut all = Self::default();
        for (evidence, proof) in proven {
            if all.sticks.len() == DONGLES_MAX {
                all.left_out.push(too_many(evidence.serial, "dongle"));
                continue;
            }
            let mut stick = Stick {
                chain: evidence.chain.clone(),
                proof: Some(proof),
                grants: evidence.grants.clone(),
                receipts: Vec::new(),
            };
            for receipt in &evidence.receipts {
                let identity = hex(&receipt::identity(&evidence.thumbprint, receipt.counter));
                let settled = shelf.replaced_by(&identity).is_some();
                if is_for_the_desk(receipt, &evidence.chain, root) && !settled {
                    stick.bring(&receipt.record, &receipt.grant);
                    all.receipts.push(identity);
                }
            }
            all.proven.push(evidence.serial);
            all.sticks.push(stick);
        }
        all
    }

    /// What this host keeps of dongles that may be elsewhere: receipts for the desk that nothing here settles. Those
    /// that never left come first.
    pub(in crate::service) fn add_kept(&mut self, gifts: &Gifts, shelf: &Shelf, asked: &Asked) {
        let for_the_desk = |kept: &&ReceiptKept| {
            kept.gift != Kind::ConvertOffline.name() && shelf.replaced_by(&kept.id).is_none()
        };
        let mut all: Vec<_> = gifts.receipts().filter(for_the_desk).collect();
        all.sort_by_key(|kept| asked.has_carried(&kept.id));
        for kept in all {
            let evidence = receipt::Evidence {
                receipt: &kept.receipt.0,
                grant: &kept.grant.0,
                chain: [&kept.chain[0].0, &kept.chain[1].0],
            };
            if self.has(evidence.receipt) {
                continue;
            }
            if self.bring(&evidence) {
                self.receipts.push(kept.id.clone());
            } else if !asked.has_carried(&kept.id) {
                self.left_out.push(too_many(kept.id.clone(), "receipt"));
            }
        }
    }

    /// What dongles converted to this machine and is installed: without its receipt the desk would not know what such
    /// a licence gives.
    pub(in crate::service) fn add_conversions(&mut self, shelf: &Shelf) {
        for (id, kept) in shelf.kept() {
            if let Some(Composite(evidence)) = converted(kept)
                && !self.bring(&evidence)
            {
                self.left_out.push(too_many(id.to_owned(), "licence"));
            }
        }
    }

    fn has(&self, receipt: &[u8]) -> bool {
        let receipts = self.sticks.iter().flat_map(|stick| &stick.receipts);
        receipts.into_iter().any(|brought| brought == receipt)
    }

    /// Brings a receipt with its dongle; whether there was room.
    fn bring(&mut self, evidence: &receipt::Evidence<'_>) -> bool {
        let [leaf, factory] = evidence.chain;
        let same = |stick: &Stick| stick.chain[0] == leaf && stick.receipts.len() < RECEIPTS_MAX;
        let place = self.sticks.iter().position(same);
        if place.is_none() && self.sticks.len() == DONGLES_MAX {
            return false;
        }
        let place = place.unwrap_or(self.sticks.len());
        if place == self.sticks.len() {
            self.sticks.push(Stick {
                chain: [leaf.to_vec(), factory.to_vec()],
                proof: None,
                grants: Vec::new(),
                receipts: Vec::new(),
            });
        }
        self.sticks[place].bring(evidence.receipt, evidence.grant);
        true
    }
}

impl Stick {
    /// Adds a receipt, and the grant that it names unless that is there.
    fn bring(&mut self, receipt: &[u8], grant: &[u8]) {
        if !self.grants.iter().any(|held| held == grant) {
            self.grants.push(grant.to_vec());
        }
        self.receipts.push(receipt.to_vec());
    }
}

/// One that the desk could not trace would make it refuse the whole request.
fn is_for_the_desk(
    receipt: &Receipt,
    [leaf, factory]: &[Vec<u8>; 2],
    root: &Certificate<'_>,
) -> bool {
    let evidence = receipt::Evidence {
        receipt: &receipt.record,
        grant: &receipt.grant,
        chain: [leaf, factory],
    };
    receipt.kind != Kind::ConvertOffline && evidence.verify(receipt.kind, root).is_ok()
}

fn converted(kept: &Kept) -> Option<Composite<'_>> {
    let of_dongle = kept.form == Form::Composite;
    of_dongle.then(|| Composite::decode(&kept.record.0).ok())?
}

fn too_many(what: String, kind: &str) -> LeftOut {
    LeftOut {
        what: Some(what),
        code: "too-many",
        why: format!("a request brings {DONGLES_MAX} dongles, and this {kind} is one more"),
    }
}
