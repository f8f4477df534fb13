//! What every record of an issuer has in common: it brings its issuer's certificate, and that leads to
//! the vendor's root.

use crate::cbor::Malformed;
use crate::cert::{self, Anchor, CertError, Certificate, Role};
use crate::cose::{CoseError, Sign1, Typ};
use crate::id::PublicKey;
use core::fmt;

/// Why a record of an issuer was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuedError {
    /// Container, signature or claims.
    Record(CoseError),
    /// The issuer's certificate.
    Chain(CertError),
    /// The record brings no certificate of its signer, or more than one.
    NoIssuer,
    /// The signer may not sign this.
    RoleNotAllowed {
        /// The signer's role; a root has none.
        role: Option<Role>,
    },
}

impl fmt::Display for IssuedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(error) => error.fmt(f),
            Self::Chain(error) => error.fmt(f),
            Self::NoIssuer => {
                f.write_str("the record does not bring exactly its issuer's certificate")
            }
            Self::RoleNotAllowed { role: Some(role) } => {
                write!(f, "a {role} may not sign this record")
            }
            Self::RoleNotAllowed { role: None } => f.write_str("a root may not sign this record"),
        }
    }
}

impl core::error::Error for IssuedError {}

impl From<CoseError> for IssuedError {
    fn from(error: CoseError) -> Self {
        Self::Record(error)
    }
}

impl From<Malformed> for IssuedError {
    fn from(malformed: Malformed) -> Self {
        Self::Record(malformed.into())
    }
}

impl From<CertError> for IssuedError {
    fn from(error: CertError) -> Self {
        Self::Chain(error)
    }
}

/// Who signed a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The role that the root gave it.
    pub role: Role,
    /// Its key.
    pub key: PublicKey,
}

/// Verifies that `record` is a `typ` signed by a key that the root certified as one of `roles`. Validity is
/// judged at `issued_at`, the record's own time: the issuer must have been good then.
pub(crate) fn verify(
    record: &Sign1<'_>,
    typ: Typ,
    roles: &[Role],
    anchor: Anchor<'_>,
    issued_at: u64,
) -> Result<Signer, IssuedError> {
    let [signer] = record.chain() else {
        return Err(IssuedError::NoIssuer);
    };
    let role = Certificate::parse(signer)?.role();
    let Some(allowed) = role.filter(|role| roles.contains(role)) else {
        return Err(IssuedError::RoleNotAllowed { role });
    };
    let digest = record.digest();
    let signer = cert::verify(signer, &[], anchor, allowed, Some(issued_at), &digest)?;
    record.verify(typ, signer.public_key())?;
    Ok(Signer {
        role: allowed,
        key: *signer.public_key(),
    })
}
