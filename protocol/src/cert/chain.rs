//! From a leaf to the pinned root.

use sha2::{Digest, Sha256};

use super::{Anchor, CertError, Certificate, Role};
use crate::cbor::{self, Malformed};
use crate::limits::{CERT_MAX, CHAIN_MAX};

/// Verifies `leaf` through `intermediates` (nearest first) up to `root` and returns it.
///
/// The root is believed as it is: the caller pinned it ([`Certificate::verify_root`]). What it has revoked
/// is refused, unless its list says that SHA-256 of this leaf stays good. With `at`, in
/// seconds since 1970, everything below the root must be valid then (RFC 5280 §6.1.3; the trust
/// anchor's own dates are not part of path validation, §6.1.1): that is how an issuer is judged at a
/// record's `iat`. A dongle has no end and is judged without a clock.
///
/// # Errors
/// [`CertError`]; [`CertError::OtherVendor`] if everything below the root may be right and only the root
/// is another.
pub fn verify_chain<'a, 'r>(
    leaf: &'a [u8],
    intermediates: &[&[u8]],
    anchor: impl Into<Anchor<'r>>,
    want: Role,
    at: Option<u64>,
) -> Result<Certificate<'a>, CertError> {
    let digest = Sha256::digest(leaf).into();
    verify(leaf, intermediates, anchor.into(), want, at, &digest)
}

/// [`verify_chain`] for what has this `digest`: a record that the leaf signed, or the leaf itself.
pub(crate) fn verify<'a>(
    leaf: &'a [u8],
    intermediates: &[&[u8]],
    anchor: Anchor<'_>,
    want: Role,
    at: Option<u64>,
    digest: &[u8; 32],
) -> Result<Certificate<'a>, CertError> {
    let Anchor { root, revoked } = anchor;
    if intermediates.len() >= CHAIN_MAX {
        return Err(CertError::PathTooLong);
    }
    let leaf = Certificate::parse(leaf)?;
    if leaf.role() != Some(want) {
        return Err(CertError::WrongRole {
            wanted: want,
            found: leaf.role(),
        });
    }
    let mut top = leaf.clone();
    for der in intermediates {
        let issuer = Certificate::parse(der)?;
        top.check_valid(at)?;
        top.verify_signed_by(&issuer)?;
        top = issuer;
    }
    top.check_valid(at)?;
    if let Some(authority) = top.extensions.authority_key_id
        && !top.names(root)
    {
        return Err(CertError::OtherVendor { authority });
    }
    top.verify_signed_by(root)?;
    // Everything that a list names hangs directly below the root.
    if revoked.is_some_and(|list| list.refuses(&top, digest)) {
        return Err(CertError::Revoked { role: top.role() });
    }
    Ok(leaf)
}

impl Certificate<'_> {
    /// Verifies that `issuer` certified this certificate and was allowed to: raw names and key
    /// identifiers chain (RFC 5280 §6.1.3 a.4), it is a CA within its path length, the role may come
    /// from it, and its key made the signature.
    ///
    /// # Errors
    /// [`CertError`]: the first of these that is not so.
    pub fn verify_signed_by(&self, issuer: &Certificate<'_>) -> Result<(), CertError> {
        if !self.names(issuer) {
            return Err(CertError::IssuerMismatch);
        }
        if !issuer.is_ca() {
            return Err(CertError::NotCa);
        }
        if !self
            .role()
            .is_some_and(|role| role.may_be_certified_by(issuer.role()))
        {
            return Err(CertError::RoleNotAllowed {
                issuer: issuer.role(),
                subject: self.role(),
            });
        }
        // Below a CA with path length 0 only leaves may follow (RFC 5280 §4.2.1.9); deeper chains
        // than root, factory CA, dongle are ruled out by the roles.
        if self.is_ca() && issuer.path_len() == Some(0) {
            return Err(CertError::PathTooLong);
        }
        issuer.key.verify(self.signed.body, &self.signed.signature)
    }

    /// Verifies that this is a root: no role, and signed by itself.
    ///
    /// # Errors
    /// [`CertError::NotRoot`], [`CertError::Signature`].
    pub fn verify_root(&self) -> Result<(), CertError> {
        if let Some(found) = self.role() {
            return Err(CertError::NotRoot { found });
        }
        self.key.verify(self.signed.body, &self.signed.signature)
    }

    fn names(&self, issuer: &Certificate<'_>) -> bool {
        self.issuer == issuer.subject
            && self.extensions.authority_key_id == issuer.extensions.subject_key_id
    }

    fn check_valid(&self, at: Option<u64>) -> Result<(), CertError> {
        match at {
            Some(at) if at < self.not_before => Err(CertError::NotYetValid {
                not_before: self.not_before,
                at,
            }),
            Some(at) if at > self.not_after => Err(CertError::Expired {
                not_after: self.not_after,
                at,
            }),
            _ => Ok(()),
        }
    }
}

/// Reads a dongle's certificate and its factory CA's, as messages and files carry them.
pub(crate) fn read_pair<'b>(d: &mut cbor::Decoder<'b>) -> Result<[&'b [u8]; 2], Malformed> {
    cbor::tuple(d, 2, "chain")?;
    Ok([
        cbor::slice(d, CERT_MAX, "chain")?,
        cbor::slice(d, CERT_MAX, "chain")?,
    ])
}
