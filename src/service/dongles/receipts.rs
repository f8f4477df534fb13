//! Which dongle is told of which of its receipts.

use tallykey_protocol::receipt;

use crate::dongle::Receipt;
use crate::ledger::Gifts;

use super::super::token::hex;
use super::Dongles;

impl Dongles {
    /// Whether an open dongle is being told of a receipt: its counter moves, and what it proved last is over.
    pub(in super::super) fn is_being_told(&self, thumbprint: &[u8; 32]) -> bool {
        let mut seen = self.seen.iter().filter(|seen| seen.is_open(thumbprint));
        seen.any(|seen| {
            let open = seen.open.as_ref();
            open.is_some_and(|open| open.told.values().any(|waits| *waits))
        })
    }

    /// A dongle did not take notice of a receipt; it is told again after its next proof.
    pub(in super::super) fn not_told(&mut self, thumbprint: &[u8; 32], counter: u64) {
        for seen in self.seen.iter_mut().filter(|seen| seen.is_open(thumbprint)) {
            if let Some(open) = &mut seen.open {
                open.told.insert(counter, false);
            }
        }
    }

    /// The receipts that an open dongle is to be told of: this host keeps them. Each once for each proof.
    pub(in super::super) fn untold(&mut self, gifts: &Gifts) -> Vec<(String, [u8; 32], Receipt)> {
        let mut untold = Vec::new();
        for seen in &mut self.seen {
            let Some(open) = &mut seen.open else { continue };
            for receipt in &open.evidence.receipts {
                let identity = receipt::identity(&open.evidence.thumbprint, receipt.counter);
                let kept = gifts.receipt(&hex(&identity)).is_some_and(|kept| kept.ours);
                let new =
                    kept && !receipt.acknowledged && !open.told.contains_key(&receipt.counter);
                if new {
                    open.told.insert(receipt.counter, true);
                    let thumbprint = open.evidence.thumbprint;
                    untold.push((seen.key.clone(), thumbprint, receipt.clone()));
                }
            }
        }
        untold
    }
}
