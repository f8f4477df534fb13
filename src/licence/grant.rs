//! From a dongle's proof and the grants it names to what it gives.

use tallykey_protocol::cose::Sign1;
use tallykey_protocol::grant::{Grant, NO_FREE_CHANNELS};
use tallykey_protocol::issued::IssuedError;
use tallykey_protocol::limits::GRANT_MAX;
use tallykey_protocol::proof::{GrantState, Proof};
use thiserror::Error;

use super::{Entitlement, Line, Profile, Source, Trust};

/// A grant that the vendor signed, whoever holds it.
#[derive(Debug, Clone)]
pub struct VerifiedGrant<'b> {
    grant: Grant<'b>,
    digest: [u8; 32],
}

/// Why the grants of a proved dongle give nothing here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GrantRefusal {
    /// The proof names a grant that the dongle did not show, or describes it otherwise.
    #[error("its proof and its grant for {product} do not agree")]
    Disagrees {
        /// The product.
        product: String,
    },
    /// The grant is not of the vendor this host trusts.
    #[error("its grant for {product} is not the vendor's: {problem}")]
    NotVendors {
        /// The product.
        product: String,
        /// What the verifier said.
        problem: IssuedError,
    },
    /// The grant was given to another dongle.
    #[error("its grant for {product} was given to the dongle {holder}")]
    OtherHolder {
        /// The product.
        product: String,
        /// The serial it was given to.
        holder: String,
    },
    /// The grant wants a newer product profile.
    #[error(
        "its grant for {product} needs revision {needed} of the product profile and this host has {loaded}"
    )]
    ProfileTooOld {
        /// The product.
        product: String,
        /// The least revision.
        needed: u64,
        /// The revision this host has.
        loaded: u64,
    },
    /// It holds no grant of this host's product, or has given everything away.
    #[error("it holds no channel of {product}")]
    Empty {
        /// The product.
        product: String,
    },
}

impl GrantRefusal {
    /// The stable code, shown as the dongle's state.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Disagrees { .. } => "proof-invalid",
            Self::NotVendors { .. } => "wrong-vendor",
            Self::OtherHolder { .. } => "other-holder",
            Self::ProfileTooOld { .. } => "profile-too-old",
            Self::Empty { .. } => "empty",
        }
    }

    /// What to do next, as one sentence to a person.
    #[must_use]
    pub fn next(&self) -> String {
        match self {
            Self::Disagrees { .. } => {
                "unplug it and plug it in again; if it stays, send it to the vendor".into()
            }
            Self::NotVendors { .. } => {
                "use a dongle of the vendor whose trust bundle this host has".into()
            }
            Self::OtherHolder { holder, .. } => {
                format!("use the dongle {holder}, or ask the vendor for a grant for this one")
            }
            Self::ProfileTooOld { needed, .. } => {
                format!("start the service with revision {needed} or later of the product profile")
            }
            Self::Empty { product } => {
                format!("ask the vendor for channels of {product} on this dongle")
            }
        }
    }
}

impl<'b> VerifiedGrant<'b> {
    /// Verifies a grant up to the vendor's root.
    ///
    /// # Errors
    /// [`IssuedError`]; nothing in it may be believed then.
    pub fn verify(record: &'b [u8], trust: &Trust) -> Result<Self, IssuedError> {
        let (grant, digest) = Grant::verify(record, &trust.root())?;
        Ok(Self { grant, digest })
    }
}

impl Entitlement {
    /// What a dongle gives of the host's product. `proof` is verified, `thumbprint` is of the key
    /// that verified it, and `records` are the grants as the dongle showed them.
    ///
    /// # Errors
    /// [`GrantRefusal`]: then it gives nothing, not even what else it holds.
    pub fn of_dongle<'b>(
        proof: &Proof<'_>,
        thumbprint: [u8; 32],
        records: impl IntoIterator<Item = &'b [u8]>,
        trust: &Trust,
        profile: &Profile,
    ) -> Result<Self, GrantRefusal> {
        let product = || profile.product().to_owned();
        let mut of_product = proof
            .grants
            .iter()
            .filter(|state| state.product == profile.product());
        let Some(state) = of_product.next() else {
            return Err(GrantRefusal::Empty { product: product() });
        };
        if of_product.next().is_some() {
            return Err(GrantRefusal::Disagrees { product: product() });
        }

        let named = records
            .into_iter()
            .find(|record| has_digest(record, &state.digest));
        let record = named.ok_or_else(|| GrantRefusal::Disagrees { product: product() })?;
        let verified =
            VerifiedGrant::verify(record, trust).map_err(|problem| GrantRefusal::NotVendors {
                product: product(),
                problem,
            })?;

        verified.held_by((proof.serial, thumbprint), state, profile)
    }
}

impl VerifiedGrant<'_> {
    /// What the grant gives its holder, less what the holder proved to have given away.
    fn held_by(
        &self,
        (serial, thumbprint): (&str, [u8; 32]),
        state: &GrantState<'_>,
        profile: &Profile,
    ) -> Result<Entitlement, GrantRefusal> {
        let grant = &self.grant;
        let product = || grant.product.to_owned();
        if grant.serial != serial || grant.thumbprint != thumbprint {
            let holder = grant.serial.to_owned();
            return Err(GrantRefusal::OtherHolder {
                product: product(),
                holder,
            });
        }
        let same = grant.product == state.product
            && grant.revision == state.revision
            && self.digest == state.digest
            && grant.lines.len() == state.given.len();
        if !same {
            return Err(GrantRefusal::Disagrees { product: product() });
        }
        if grant.profile_revision > profile.revision() {
            return Err(GrantRefusal::ProfileTooOld {
                product: product(),
                needed: grant.profile_revision,
                loaded: profile.revision(),
            });
        }

        let mut lines = Vec::with_capacity(grant.lines.len());
        for (line, given) in grant.lines.iter().zip(state.given.iter()) {
            if given.line != line.id {
                return Err(GrantRefusal::Disagrees { product: product() });
            }
            lines.push(Line {
                revision: grant.revision,
                id: line.id,
                feature: line.feature.to_owned(),
                count: line.count,
                given: given.count,
                plan: line.plan,
                valid_from: line.valid_from,
                valid_to: line.valid_to,
                grace_to: profile.renewal_grace(line.plan, line.valid_to),
                only: None,
            });
        }
        if lines.iter().all(|line| line.remaining() == 0) {
            return Err(GrantRefusal::Empty { product: product() });
        }
        let excludes_free = grant.flags & NO_FREE_CHANNELS != 0;
        Ok(Entitlement {
            source: Source::Dongle {
                serial: serial.to_owned(),
                thumbprint,
            },
            lines,
            excludes_free,
            converts: grant.convert,
        })
    }
}

/// Only looks the record up: nothing in it is believed before it is verified.
fn has_digest(record: &[u8], digest: &[u8; 32]) -> bool {
    Sign1::parse(record, GRANT_MAX).is_ok_and(|sign1| sign1.digest() == *digest)
}

#[cfg(all(test, feature = "sim"))]
mod tests;
