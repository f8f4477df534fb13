//! Dongles in a request: those that proved themselves, and those whose conversions are installed here.

use tallykey_protocol::cert::Certificate;
use tallykey_protocol::composite::Composite;
use tallykey_protocol::limits::{DONGLES_MAX, RECEIPTS_MAX};
use tallykey_protocol::receipt::{self, Kind};

use super::{LeftOut, Stick};
use crate::dongle::{Evidence, Receipt};
use crate::ledger::{Kept, Shelf};
use crate::licence::Form;

/// What of dongles a request carries.
#[derive(Default)]
pub(in crate::service) struct Sticks {
    pub(in crate::service) sticks: Vec<Stick>,
    /// Serials of those that proved themselves.
    pub(in crate::service) proven: Vec<String>,
    /// Identities of the receipts that are for the desk.
    pub(in crate::service) receipts: Vec<[u8; 32]>,
    pub(in crate::service) left_out: Vec<LeftOut>,
}

impl Sticks {
    /// Those that are plugged in, with their proofs for this request.
    pub(in crate::service) fn of_proven(
        proven: Vec<(Evidence, Vec<u8>)>,
        root: &Certificate<'_>,
        settled: impl Fn(&[u8; 32]) -> bool,
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
                let identity = receipt::identity(&evidence.thumbprint, receipt.counter);
                if is_for_the_desk(receipt, &evidence.chain, root) && !settled(&identity) {
                    stick.bring(&receipt.record, &receipt.grant);
                    all.receipts.push(identity);
                }
            }
            all.proven.push(evidence.serial);
            all.sticks.push(stick);
        }
        all
    }

    /// What dongles converted to this machine and is installed: without its receipt the desk would not know what such
    /// a licence gives.
    pub(in crate::service) fn add_conversions(&mut self, shelf: &Shelf) {
        let from = self.sticks.len();
        for (id, kept) in shelf.kept() {
            let Some(Composite(evidence)) = converted(kept) else {
                continue;
            };
            let [leaf, factory] = evidence.chain;
            let same =
                |stick: &Stick| stick.chain[0] == leaf && stick.receipts.len() < RECEIPTS_MAX;
            let place = self.sticks[from..].iter().position(same);
            if place.is_none() && self.sticks.len() == DONGLES_MAX {
                self.left_out.push(too_many(id.to_owned(), "licence"));
                continue;
            }
            let place = place.map_or(self.sticks.len(), |place| from + place);
            if place == self.sticks.len() {
                self.sticks.push(Stick {
                    chain: [leaf.to_vec(), factory.to_vec()],
                    proof: None,
                    grants: Vec::new(),
                    receipts: Vec::new(),
                });
            }
            let stick = &mut self.sticks[place];
            stick.bring(evidence.receipt, evidence.grant);
        }
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
