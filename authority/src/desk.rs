//! The desk: what is asked of it becomes an entry of the register with the file that leaves, or a refusal. Nothing is
//! written here: the entry goes into the register first, then its file leaves.

mod counts;
mod dongle;
mod error;
mod machine;
mod order;
mod profile;
mod redeem;
mod refusal;
mod request;
mod returned;

pub(crate) use counts::Order;
pub(crate) use error::DeskError;
pub(crate) use order::Instruct;
pub(crate) use refusal::Refusal;
pub(crate) use request::Asked;

use std::path::Path;

use tallykey_signing::{Issuer, SoftwareKey};

use crate::{
    keys::{self, Passphrase, Trust},
    ledger::Register,
};

/// The vendor's root, the issuer's key, and the register.
pub(crate) struct Desk {
    trust: Trust,
    key: SoftwareKey,
    certificate: Vec<u8>,
    /// Everything that was signed so far.
    pub(crate) register: Register,
    now: u64,
}

impl Desk {
    /// The desk with the keys in `folder`. `now` in seconds since 1970.
    pub(crate) fn open(
        folder: &Path,
        passphrase: &Passphrase,
        now: u64,
    ) -> Result<Self, DeskError> {
        let trust = Trust::read(&keys::bundle_file(folder))?;
        let (key, certificate) = keys::read_pair(folder, "issuer", passphrase)?;
        Ok(Self {
            trust,
            key,
            certificate,
            register: Register::open(&folder.join("register"))?,
            now,
        })
    }

    fn issuer(&self) -> Issuer<'_> {
        Issuer {
            key: &self.key,
            certificate: &self.certificate,
            root: self.trust.der(),
        }
    }
}

fn random() -> Result<[u8; 32], DeskError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|source| DeskError::Random { source })?;
    Ok(bytes)
}
