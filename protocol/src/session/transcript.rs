//! What both sides have said by the time the dongle signs its `open` proof.

use crate::id::PublicKey;
use crate::limits::NONCE_LEN;
use sha2::{Digest, Sha256};

/// Everything that the `open` proof and the session keys depend on.
#[derive(Clone, Copy, Debug)]
pub struct Transcript<'a> {
    /// SHA-256 of the hello request, then of the hello reply, as sent on this channel.
    pub hello: &'a [[u8; 32]; 2],
    /// CTAPHID channel.
    pub channel: u32,
    /// The host's name for itself.
    pub host_id: &'a [u8; 16],
    /// The host's nonce.
    pub host_nonce: &'a [u8; NONCE_LEN],
    /// The dongle's nonce.
    pub dongle_nonce: &'a [u8; NONCE_LEN],
    /// The host's ephemeral key.
    pub host_ephemeral: &'a PublicKey,
    /// The dongle's ephemeral key.
    pub dongle_ephemeral: &'a PublicKey,
    /// SHA-256 of the dongle certificate.
    pub certificate: &'a [u8; 32],
}

impl Transcript<'_> {
    /// SHA-256 over the label and every part in order. Every part has a fixed length, so none can slide
    /// into another.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::new()
            .chain_update(b"tallykey v1 open transcript")
            .chain_update(self.hello[0])
            .chain_update(self.hello[1])
            .chain_update(self.channel.to_be_bytes())
            .chain_update(self.host_id)
            .chain_update(self.host_nonce)
            .chain_update(self.dongle_nonce)
            .chain_update(self.host_ephemeral)
            .chain_update(self.dongle_ephemeral)
            .chain_update(self.certificate)
            .finalize()
            .into()
    }
}
