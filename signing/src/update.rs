//! Update files: consecutive grants of one holder, one after the other.

use std::fmt::Write;

use tallykey_protocol::{
    armour::{Armoured, Label},
    cert::{CertError, Certificate},
    grant::Grant,
    issued::IssuedError,
};

/// Why no update was made. Grants count from 0.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The root's certificate cannot be read.
    #[error("the root certificate is not usable: {source}")]
    Root {
        /// What is wrong with it.
        #[source]
        source: CertError,
    },
    /// Nothing to update with.
    #[error("an update holds at least one grant")]
    Empty,
    /// A dongle would refuse this grant.
    #[error("grant {index} would be refused: {source}")]
    Refused {
        /// Which.
        index: usize,
        /// The rule it breaks.
        #[source]
        source: IssuedError,
    },
    /// This grant is for another dongle or product than the one before it.
    #[error("grant {index} is for another holder or product than the one before it")]
    OtherHolder {
        /// Which.
        index: usize,
    },
    /// A dongle takes exactly the next revision.
    #[error("grant {index} has revision {found} where {expected} belongs")]
    WrongRevision {
        /// Which.
        index: usize,
        /// Its revision.
        found: u64,
        /// The one before it, and 1.
        expected: u64,
    },
}

/// The file of `grants`, in armour: all of one holder and product, each one revision further, signed below `root`.
///
/// # Errors
/// [`UpdateError`].
pub fn update(grants: &[&[u8]], root: &[u8]) -> Result<String, UpdateError> {
    let root = Certificate::parse(root).map_err(|source| UpdateError::Root { source })?;
    let mut file = String::new();
    let mut before: Option<Grant<'_>> = None;
    for (index, bytes) in grants.iter().copied().enumerate() {
        let (grant, _) =
            Grant::verify(bytes, &root).map_err(|source| UpdateError::Refused { index, source })?;
        if let Some(before) = before {
            follows(&before, &grant, index)?;
        }
        before = Some(grant);
        let label = Label::Grant;
        write!(file, "{}", Armoured { label, bytes }).expect("a String takes everything");
    }
    match before {
        Some(_) => Ok(file),
        None => Err(UpdateError::Empty),
    }
}

fn follows(before: &Grant<'_>, grant: &Grant<'_>, index: usize) -> Result<(), UpdateError> {
    let same = (before.serial, before.thumbprint, before.product)
        == (grant.serial, grant.thumbprint, grant.product);
    let (found, expected) = (grant.revision, before.revision + 1);
    match (same, found == expected) {
        (false, _) => Err(UpdateError::OtherHolder { index }),
        (true, false) => Err(UpdateError::WrongRevision {
            index,
            found,
            expected,
        }),
        (true, true) => Ok(()),
    }
}
