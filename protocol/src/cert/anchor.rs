//! What a chain ends at: the pinned root and, if one was taken, its revocation list.

use super::{Certificate, Crl};

/// A root, and what it has revoked.
#[derive(Clone, Copy, Debug)]
pub struct Anchor<'a> {
    /// The pinned root ([`Certificate::verify_root`]).
    pub root: &'a Certificate<'a>,
    /// Its newest list, already verified ([`Crl::verify`]).
    pub revoked: Option<&'a Crl<'a>>,
}

impl<'a> From<&'a Certificate<'a>> for Anchor<'a> {
    /// Nothing has been revoked that is known of.
    fn from(root: &'a Certificate<'a>) -> Self {
        Self {
            root,
            revoked: None,
        }
    }
}
