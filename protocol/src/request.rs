//! Requests: what a host asks of the vendor's desk, in a file that the host key signs. It says who the machine is,
//! what it has, and brings a fresh proof of every plugged dongle.

mod dongle;
mod purpose;
mod read;
mod tells;

pub use dongle::{Attested, Dongle, DongleError};
pub use purpose::{Environment, Purpose};
pub use tells::{Held, Installed, Mark, Reached, Wanted};

use crate::array::Array;
use crate::cbor::{self, Full};
use crate::claim::{
    BINDING, DESK_NONCE, DONGLES, ENVIRONMENT, HISTORY, HOST_KEY, IAT, INSTALLED, ISS, MARKS,
    NONCE, PRODUCT, PROFILE_REVISION, PURPOSE, WANTED,
};
use crate::id::PublicKey;
use crate::limits::NONCE_LEN;
use crate::target::{Binding, Target};
use sha2::{Digest, Sha256};

/// The end of the host's history: what was cut off behind it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of the last row.
    pub sequence: u64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// The claims of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'b> {
    /// The host's name, for people.
    pub host: &'b str,
    /// When it was made, by the host's clock, seconds since 1970.
    pub issued_at: u64,
    /// Fresh: what answers this request names it.
    pub nonce: [u8; NONCE_LEN],
    /// What is asked for.
    pub purpose: Purpose,
    /// Product id.
    pub product: &'b str,
    /// Revision of the product profile that the host has.
    pub profile_revision: u64,
    /// The host key, which signs the request.
    pub host_key: PublicKey,
    /// What the machine is made of; nothing where no part can be told.
    pub binding: Binding,
    /// Where the host runs.
    pub environment: Environment,
    /// Software licences that count or could, by rising identity.
    pub installed: Array<'b, Installed<'b>>,
    /// Dongles that are plugged in, or whose receipts the host holds, in any order.
    pub dongles: Array<'b, Dongle<'b>>,
    /// The highest that the host saw of each dongle that it ever met, by rising thumbprint.
    pub marks: Array<'b, Mark<'b>>,
    /// The end of the host's history.
    pub history: Head,
    /// The desk's nonce that it echoes ([`crate::licence::Licence::desk_nonce`]).
    pub desk_nonce: Option<[u8; NONCE_LEN]>,
    /// Channels that are asked for, by rising feature; the desk may give others.
    pub wanted: Array<'b, Wanted<'b>>,
}

/// The nonce that a dongle's `request` proof answers in a request with this nonce and host key: no other host can
/// use the proof, and no other request of this one.
#[must_use]
pub fn proof_nonce(nonce: &[u8; NONCE_LEN], host_key: &PublicKey) -> [u8; NONCE_LEN] {
    Sha256::new()
        .chain_update(b"tallykey request")
        .chain_update(nonce)
        .chain_update(host_key)
        .finalize()
        .into()
}

impl Request<'_> {
    /// The machine, as what a conversion goes to.
    #[must_use]
    pub const fn target(&self) -> Target {
        Target {
            salt: self.binding.salt,
            components: self.binding.components,
            host_key: self.host_key,
        }
    }

    /// [`proof_nonce`] of this request.
    #[must_use]
    pub fn proof_nonce(&self) -> [u8; NONCE_LEN] {
        proof_nonce(&self.nonce, &self.host_key)
    }

    /// Writes the claims into `out`; returns their length.
    ///
    /// # Errors
    /// [`Full`] if `out` is too small.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(14 + u64::from(self.desk_nonce.is_some()))?;
            e.i64(ISS)?.str(self.host)?;
            e.i64(IAT)?.u64(self.issued_at)?;
            e.i64(NONCE)?.bytes(&self.nonce)?;
            e.i64(PRODUCT)?.str(self.product)?;
            e.i64(PROFILE_REVISION)?.u64(self.profile_revision)?;
            e.i64(BINDING)?;
            self.binding.encode(e)?;
            if let Some(nonce) = &self.desk_nonce {
                e.i64(DESK_NONCE)?.bytes(nonce)?;
            }
            e.i64(HOST_KEY)?.bytes(&self.host_key)?;
            e.i64(PURPOSE)?.u8(self.purpose as u8)?;
            e.i64(ENVIRONMENT)?.u8(self.environment as u8)?;
            e.i64(INSTALLED)?;
            self.installed.encode(e)?;
            e.i64(DONGLES)?;
            self.dongles.encode(e)?;
            e.i64(MARKS)?;
            self.marks.encode(e)?;
            e.i64(HISTORY)?.array(2)?;
            e.u64(self.history.sequence)?.bytes(&self.history.hash)?;
            e.i64(WANTED)?;
            self.wanted.encode(e)
        })
    }
}
