//! What a dongle proved.

use tallykey_protocol::cose::CoseError;
use tallykey_protocol::id::{self, PublicKey};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::proof::{Kind, Proof};

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
    /// The grants it holds, as they were issued and in the proof's order; each has the digest that
    /// was proved. Who issued it, and for whom, is still to be verified.
    pub grants: Vec<Vec<u8>>,
    key: PublicKey,
    kind: Kind,
    record: Vec<u8>,
}

impl Evidence {
    pub(super) fn of(
        proof: &Proof<'_>,
        (kind, record): (Kind, &[u8]),
        key: PublicKey,
        simulated: bool,
        grants: Vec<Vec<u8>>,
    ) -> Self {
        Self {
            serial: proof.serial.to_owned(),
            thumbprint: id::thumbprint(&key),
            simulated,
            lifecycle: proof.lifecycle,
            firmware: proof.firmware.to_owned(),
            counter: proof.counter,
            grants,
            key,
            kind,
            record: record.to_vec(),
        }
    }

    /// The whole proof, read from its bytes and verified once more.
    ///
    /// # Errors
    /// None in practice: the same bytes were verified before.
    pub fn proof(&self) -> Result<Proof<'_>, CoseError> {
        Proof::verify(&self.record, self.kind, &self.key)
    }
}
