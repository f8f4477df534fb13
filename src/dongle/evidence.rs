//! What a dongle proved.

use tallykey_protocol::cert::{CertError, Certificate, Role, verify_chain};
use tallykey_protocol::cose::CoseError;
use tallykey_protocol::id::{self, PublicKey};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::proof::{Kind, Proof};
use tallykey_protocol::receipt;
use thiserror::Error;

use super::identity::Identity;

/// The facts of one verified proof. Only an [`Open`](super::Open) session makes it, or the bytes that it once showed,
/// verified again.
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
    /// The receipts that it keeps, oldest first; none of what it once showed.
    pub receipts: Vec<Receipt>,
    /// Its certificate and the factory's, DER.
    pub chain: [Vec<u8>; 2],
    key: PublicKey,
    kind: Kind,
    record: Vec<u8>,
}

/// A receipt as the dongle keeps it, signed by its key. What it gives, and to whom, is still to be verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The dongle's counter when it gave: with its key's thumbprint, the receipt's identity.
    pub counter: u64,
    /// What it is good for.
    pub kind: receipt::Kind,
    /// The request that it answers.
    pub request_id: [u8; 16],
    /// Whether a host has told the dongle that it keeps it.
    pub acknowledged: bool,
    /// Digest of the record.
    pub digest: [u8; 32],
    /// The record.
    pub record: Vec<u8>,
    /// The grant that it came from, as signed.
    pub grant: Vec<u8>,
}

/// What a dongle once showed is not what it showed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotEvidence {
    /// Its certificate does not lead to the pinned root.
    #[error("its certificate: {0}")]
    Chain(#[from] CertError),
    /// Its proof does not verify.
    #[error("its proof: {0}")]
    Proof(#[from] CoseError),
    /// Its proof is of another dongle, or of a simulated one where none counts.
    #[error("its proof is not of the dongle that the certificate names")]
    Differs,
}

impl Evidence {
    pub(super) fn of(
        proof: &Proof<'_>,
        signed: (Kind, &[u8]),
        identity: &Identity,
        simulated: bool,
        held: (Vec<Vec<u8>>, Vec<Receipt>),
    ) -> Self {
        Self::new(
            proof,
            signed,
            (identity.key, identity.chain.clone()),
            simulated,
            held,
        )
    }

    fn new(
        proof: &Proof<'_>,
        (kind, record): (Kind, &[u8]),
        (key, chain): (PublicKey, [Vec<u8>; 2]),
        simulated: bool,
        (grants, receipts): (Vec<Vec<u8>>, Vec<Receipt>),
    ) -> Self {
        Self {
            serial: proof.serial.to_owned(),
            thumbprint: id::thumbprint(&key),
            simulated,
            lifecycle: proof.lifecycle,
            firmware: proof.firmware.to_owned(),
            counter: proof.counter,
            grants,
            receipts,
            chain,
            key,
            kind,
            record: record.to_vec(),
        }
    }

    /// Verifies once more what a dongle showed earlier: its proof, and its certificate up to the root. `test`: whether
    /// the vendor of that root is one for tests, of which simulated dongles count.
    ///
    /// # Errors
    /// [`NotEvidence`].
    pub fn recall(
        (kind, record): (Kind, &[u8]),
        chain: [Vec<u8>; 2],
        grants: Vec<Vec<u8>>,
        (root, test): (&Certificate<'_>, bool),
    ) -> Result<Self, NotEvidence> {
        let leaf = verify_chain(&chain[0], &[&chain[1]], root, Role::Dongle, None)?;
        let key = *leaf.public_key();
        let serial = leaf.serial_number().map(str::to_owned);
        let proof = Proof::verify(record, kind, &key)?;
        if Some(proof.serial) != serial.as_deref() || (proof.simulated && !test) {
            return Err(NotEvidence::Differs);
        }
        let simulated = proof.simulated || test;
        Ok(Self::new(
            &proof,
            (kind, record),
            (key, chain),
            simulated,
            (grants, Vec::new()),
        ))
    }

    /// The signed proof, and which kind it is.
    #[must_use]
    pub fn record(&self) -> (Kind, &[u8]) {
        (self.kind, &self.record)
    }

    /// The whole proof, read from its bytes and verified once more.
    ///
    /// # Errors
    /// None in practice: the same bytes were verified before.
    pub fn proof(&self) -> Result<Proof<'_>, CoseError> {
        Proof::verify(&self.record, self.kind, &self.key)
    }
}
