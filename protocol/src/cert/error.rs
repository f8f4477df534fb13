//! Why a certificate or a request is refused: one variant per sin.

use core::fmt;

use der::asn1::ObjectIdentifier;

use super::Role;

/// A certificate, a chain or a certification request that the profile refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant's text tells its fields")]
pub enum CertError {
    /// Longer than the limit; nothing was read.
    TooLong { length: usize, limit: usize },
    /// Not DER, or not the structure it should be.
    Malformed { source: der::Error },
    /// Bytes after the end of the object or of one of its parts.
    TrailingBytes,
    /// Not X.509 v3, or not PKCS#10 v1.
    Version,
    /// Not positive, or longer than 20 bytes (RFC 5280 §4.1.2.2).
    SerialNumber,
    /// Not ecdsa-with-SHA256, or with parameters (RFC 5758 §3.2).
    Algorithm,
    /// The algorithm inside what is signed is another than the one outside (RFC 5280 §4.1.1.2).
    AlgorithmMismatch,
    /// Not an uncompressed point of P-256 under the named curve (RFC 5480 §2.1.1, §2.2).
    PublicKey,
    /// Not one attribute per RDN of plain text, or an empty name where one is needed.
    Name,
    /// Dates not as RFC 5280 §4.1.2.5 writes them, or ending before they begin.
    Validity,
    /// No extension of this kind, though the profile needs it.
    MissingExtension { oid: ObjectIdentifier },
    /// The same extension twice (RFC 5280 §4.2).
    DuplicateExtension { oid: ObjectIdentifier },
    /// An extension whose content is not what the profile allows for this role.
    BadExtension { oid: ObjectIdentifier },
    /// Marked critical and not known here (RFC 5280 §4.2).
    UnknownCriticalExtension { oid: ObjectIdentifier },
    /// A key purpose that is none of our roles.
    UnknownRole { oid: ObjectIdentifier },
    /// More than one key purpose: a key has one role.
    ManyRoles,
    /// A good certificate of another role than was asked for.
    WrongRole { wanted: Role, found: Option<Role> },
    /// A role that this issuer may not give (`None`: the root).
    RoleNotAllowed {
        issuer: Option<Role>,
        subject: Option<Role>,
    },
    /// The issuer named is not the one given: raw name or key identifier differ.
    IssuerMismatch,
    /// The chain ends at another root than the pinned one; `authority` is that root key's identifier.
    OtherVendor { authority: [u8; 20] },
    /// Of another role where a root is needed.
    NotRoot { found: Role },
    /// Without a role, as only a root is, but not named as its own issuer.
    UnrootedCa,
    /// The root has revoked it, and what it signed here is not among what stays good.
    Revoked { role: Option<Role> },
    /// A root that may not sign revocation lists.
    NotCrlSigner,
    /// The issuer is not a CA.
    NotCa,
    /// More certificates below a CA than its pathLenConstraint, or than the profile, allows.
    PathTooLong,
    /// The signature is not the issuer's over these bytes.
    Signature,
    /// Used before it begins; times in seconds since 1970.
    NotYetValid { not_before: u64, at: u64 },
    /// Used after its end; times in seconds since 1970.
    Expired { not_after: u64, at: u64 },
    /// A request that does not carry the nonce it was asked with: an old one, or another dongle's.
    Challenge,
    /// What is to be written does not fit the buffer given.
    Full,
}

impl From<der::Error> for CertError {
    fn from(source: der::Error) -> Self {
        match source.kind() {
            der::ErrorKind::TrailingData { .. } => Self::TrailingBytes,
            _ => Self::Malformed { source },
        }
    }
}

impl core::error::Error for CertError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Malformed { source } => Some(source),
            _ => None,
        }
    }
}

impl fmt::Display for CertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { length, limit } => {
                write!(f, "{length} bytes long, the limit is {limit}")
            }
            Self::Malformed { .. } => f.write_str("not well-formed DER of our certificate profile"),
            Self::TrailingBytes => f.write_str("bytes follow where the object should end"),
            Self::Version => f.write_str("not an X.509 v3 certificate or a v1 request"),
            Self::SerialNumber => {
                f.write_str("the serial number is not positive or exceeds 20 bytes")
            }
            Self::Algorithm => f.write_str("signed with something other than ecdsa-with-SHA256"),
            Self::AlgorithmMismatch => {
                f.write_str("the signature algorithm inside and outside differ")
            }
            Self::PublicKey => f.write_str("the key is not an uncompressed P-256 point"),
            Self::Name => f.write_str("a name is empty or holds what the profile does not allow"),
            Self::Validity => f.write_str("the validity dates are not as RFC 5280 writes them"),
            Self::MissingExtension { oid } => write!(f, "the extension {oid} is missing"),
            Self::DuplicateExtension { oid } => write!(f, "the extension {oid} occurs twice"),
            Self::BadExtension { oid } => {
                write!(f, "the extension {oid} says what this role may not say")
            }
            Self::UnknownCriticalExtension { oid } => {
                write!(f, "the extension {oid} is critical and not known")
            }
            Self::UnknownRole { oid } => write!(f, "the key purpose {oid} is none of our roles"),
            Self::ManyRoles => f.write_str("more than one key purpose; a key has one role"),
            Self::WrongRole { wanted, found } => {
                write!(
                    f,
                    "a certificate of the role {}, not {wanted}",
                    named(*found)
                )
            }
            Self::RoleNotAllowed { issuer, subject } => {
                write!(
                    f,
                    "a {} may not certify a {}",
                    named(*issuer),
                    named(*subject)
                )
            }
            Self::IssuerMismatch => f.write_str("issued by another authority than the one given"),
            Self::OtherVendor { .. } => f.write_str("the chain ends at another vendor's root"),
            Self::NotRoot { found } => write!(f, "a certificate of the role {found}, not a root"),
            Self::UnrootedCa => f.write_str("an authority without a role that is not a root"),
            Self::Revoked { role } => write!(f, "the {} was revoked by its root", named(*role)),
            Self::NotCrlSigner => f.write_str("a root that may not sign revocation lists"),
            Self::NotCa => f.write_str("the issuer is not a certificate authority"),
            Self::PathTooLong => f.write_str("the chain is longer than its authorities allow"),
            Self::Signature => f.write_str("the signature does not verify"),
            Self::NotYetValid { not_before, at } => {
                write!(f, "used at {at}, before it becomes valid at {not_before}")
            }
            Self::Expired { not_after, at } => write!(f, "used at {at}, after its end {not_after}"),
            Self::Challenge => f.write_str("the request does not answer the nonce it was sent"),
            Self::Full => f.write_str("does not fit the buffer"),
        }
    }
}

fn named(role: Option<Role>) -> impl fmt::Display {
    fmt::from_fn(move |f| match role {
        Some(role) => fmt::Display::fmt(&role, f),
        None => f.write_str("root"),
    })
}
