//! What a dongle proved.

use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::proof::{Given, Proof};

/// The facts of one verified proof. Only an [`Open`](super::Open) session makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Serial, of the certificate.
    pub serial: String,
    /// RFC 9679 thumbprint of the dongle's key.
    pub thumbprint: [u8; 32],
    /// Whether the dongle is simulated, or its vendor is one for tests.
    pub simulated: bool,
    /// Where in its life it is.
    pub lifecycle: Lifecycle,
    /// Firmware version, as the dongle says.
    pub firmware: String,
    /// Monotonic counter; rises with every change.
    pub counter: u64,
    /// The `open` or `state` proof, as it was signed.
    pub proof: Vec<u8>,
    /// What it holds. Who issued each grant, and for whom, is still to be verified.
    pub grants: Vec<HeldGrant>,
}

/// One grant in a dongle, with what the dongle proved about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldGrant {
    /// The grant as it was issued; its digest is the one that was proved.
    pub record: Vec<u8>,
    /// SHA-256 of its Sig_structure.
    pub digest: [u8; 32],
    /// Product id, as the dongle says.
    pub product: String,
    /// Revision, as the dongle says.
    pub revision: u64,
    /// What was given away per line, in channels.
    pub given: Vec<Given>,
}

impl Evidence {
    pub(super) fn of(
        proof: &Proof<'_>,
        record: &[u8],
        thumbprint: [u8; 32],
        simulated: bool,
        grants: Vec<HeldGrant>,
    ) -> Self {
        Self {
            serial: proof.serial.to_owned(),
            thumbprint,
            simulated,
            lifecycle: proof.lifecycle,
            firmware: proof.firmware.to_owned(),
            counter: proof.counter,
            proof: record.to_vec(),
            grants,
        }
    }
}
