//! What a desk sends beside licences: grants and instructions for dongles, verified before the dongle is asked; lists of
//! revoked dongles, and what time it is.

mod list;
mod refusal;
mod time;

use std::collections::BTreeSet;

use tallykey_protocol::cose::Sign1;
use tallykey_protocol::grant::Grant;
use tallykey_protocol::instruction::{self, Instruction};
use tallykey_protocol::issued::IssuedError;
use tallykey_protocol::limits::INSTRUCTION_MAX;

use super::Trust;
pub use list::Revocations;
pub use refusal::{DongleRule, IssuedRefusal};
pub use time::TimeWord;

/// A record for one dongle that verified up to the vendor's root. What it brings about, the dongle judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DongleRecord {
    matter: Matter,
    serial: String,
    thumbprint: [u8; 32],
    digest: [u8; 32],
}

/// What a record is to the dongle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matter {
    /// Make a new owner code.
    ResetOwnerCode,
    /// Forget everything, and go back to the factory.
    Recycle,
    /// The next grant of a product, whichever one this host serves.
    Grant {
        /// The product.
        product: String,
        /// Its revision.
        revision: u64,
    },
}

/// A grant that a dongle proved to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldGrant {
    /// The product.
    pub product: String,
    /// Its revision.
    pub revision: u64,
    /// Digest of the record.
    pub digest: [u8; 32],
}

impl Matter {
    /// The stable name in history and log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ResetOwnerCode => "reset-owner-code",
            Self::Recycle => "recycle",
            Self::Grant { .. } => "grant",
        }
    }

    /// The revision, of a grant.
    #[must_use]
    pub const fn revision(&self) -> Option<u64> {
        match self {
            Self::Grant { revision, .. } => Some(*revision),
            Self::ResetOwnerCode | Self::Recycle => None,
        }
    }
}

impl DongleRecord {
    /// Verifies a grant. A grant of another product goes to its dongle as well: another host may serve it.
    ///
    /// # Errors
    /// [`IssuedRefusal::NotVendors`]; nothing in it may be believed then.
    pub fn grant(record: &[u8], trust: &Trust) -> Result<Self, IssuedRefusal> {
        let (grant, digest) = Grant::verify(record, &trust.root()).map_err(not_vendors)?;
        Ok(Self {
            matter: Matter::Grant {
                product: grant.product.to_owned(),
                revision: grant.revision,
            },
            serial: grant.serial.to_owned(),
            thumbprint: grant.thumbprint,
            digest,
        })
    }

    /// Verifies an instruction.
    ///
    /// # Errors
    /// [`IssuedRefusal::NotVendors`]; nothing in it may be believed then.
    pub fn instruction(record: &[u8], trust: &Trust) -> Result<Self, IssuedRefusal> {
        let (read, _) = Instruction::verify(record, &trust.root()).map_err(not_vendors)?;
        let digest = digest_of(record, INSTRUCTION_MAX).map_err(not_vendors)?;
        Ok(Self {
            matter: match read.kind {
                instruction::Kind::ResetOwnerCode => Matter::ResetOwnerCode,
                instruction::Kind::Recycle => Matter::Recycle,
            },
            serial: read.serial.to_owned(),
            thumbprint: read.thumbprint,
            digest,
        })
    }

    /// What it is.
    #[must_use]
    pub const fn matter(&self) -> &Matter {
        &self.matter
    }

    /// Serial of the dongle that it is for.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// Thumbprint of that dongle's key.
    #[must_use]
    pub const fn thumbprint(&self) -> &[u8; 32] {
        &self.thumbprint
    }

    /// Digest of the record.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Whether the dongle is still to be asked to take it, by what it holds and what else is in the file: the grants
    /// before one that it holds went into it already.
    ///
    /// # Errors
    /// [`IssuedRefusal::Dongle`] with [`DongleRule::RevisionHeld`]: it holds a later grant, and not one of this file,
    /// or another of the same revision.
    pub fn is_new_to(
        &self,
        held: &[HeldGrant],
        file: &BTreeSet<[u8; 32]>,
    ) -> Result<bool, IssuedRefusal> {
        let Matter::Grant { product, revision } = &self.matter else {
            return Ok(true);
        };
        let Some(held) = held.iter().find(|held| held.product == *product) else {
            return Ok(true);
        };
        let follows = held.revision > *revision && file.contains(&held.digest);
        match *revision > held.revision {
            true => Ok(true),
            false if held.digest == self.digest || follows => Ok(false),
            false => Err(IssuedRefusal::Dongle {
                serial: self.serial.clone(),
                rule: DongleRule::RevisionHeld,
            }),
        }
    }
}

/// Digest of a record of at most `max` bytes.
fn digest_of(record: &[u8], max: usize) -> Result<[u8; 32], IssuedError> {
    Ok(Sign1::parse(record, max)?.digest())
}

fn not_vendors(problem: IssuedError) -> IssuedRefusal {
    IssuedRefusal::NotVendors { problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(revision: u64, digest: u8) -> DongleRecord {
        DongleRecord {
            matter: Matter::Grant {
                product: "vms".into(),
                revision,
            },
            serial: "TK-1".into(),
            thumbprint: [1; 32],
            digest: [digest; 32],
        }
    }

    #[test]
    fn a13_what_went_before_is_not_sent_again() {
        let held = [HeldGrant {
            product: "vms".into(),
            revision: 3,
            digest: [3; 32],
        }];
        let table = [
            ("the next one", grant(4, 4), &[4][..], Some(true)),
            ("one that leaves one out", grant(9, 9), &[9], Some(true)),
            ("the one that is held", grant(3, 3), &[3], Some(false)),
            (
                "one before it, in its file",
                grant(2, 2),
                &[2, 3],
                Some(false),
            ),
            ("an older one", grant(2, 2), &[2], None),
            ("another of its revision", grant(3, 8), &[8], None),
            ("the same beside the held one", grant(3, 8), &[3, 8], None),
        ];
        for (what, record, file, expected) in table {
            let file = file.iter().map(|byte| [*byte; 32]).collect();
            assert_eq!(record.is_new_to(&held, &file).ok(), expected, "{what}");
        }
        let nothing = BTreeSet::new();
        assert_eq!(grant(1, 1).is_new_to(&[], &nothing), Ok(true));
    }
}
