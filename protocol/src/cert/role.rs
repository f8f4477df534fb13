//! Who a certificate lets its key be.

use core::fmt;

use der::asn1::ObjectIdentifier;

use super::oid;

/// The one extended-key-usage of a certificate below the root. The root has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Certifies dongles, and nothing else.
    Factory,
    /// Signs product profiles, grants, licences, instructions, time tokens, revocation lists.
    Issuer,
    /// Signs first grants within a factory order, and recycle instructions.
    FactoryIssuer,
    /// Signs its own proofs and receipts.
    Dongle,
}

impl Role {
    /// The key purpose under the enterprise arc, 1.3.6.1.4.1.32473.1.
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Factory => oid::ours(1),
            Self::Issuer => oid::ours(2),
            Self::FactoryIssuer => oid::ours(3),
            Self::Dongle => oid::ours(4),
        }
    }

    pub(super) fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        [
            Self::Factory,
            Self::Issuer,
            Self::FactoryIssuer,
            Self::Dongle,
        ]
        .into_iter()
        .find(|role| role.oid() == oid)
    }

    /// May a key of the role `issuer` (`None`: the root) certify a key of this role?
    pub(super) fn may_be_certified_by(self, issuer: Option<Self>) -> bool {
        match self {
            Self::Factory | Self::Issuer | Self::FactoryIssuer => issuer.is_none(),
            Self::Dongle => issuer == Some(Self::Factory),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Factory => "factory CA",
            Self::Issuer => "issuer",
            Self::FactoryIssuer => "factory issuer",
            Self::Dongle => "dongle",
        })
    }
}
