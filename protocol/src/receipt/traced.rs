//! A receipt traced back to the vendor: the dongle that signed it, and the grant that its channels came from.

use super::{Kind, Receipt, identity};
use crate::cert::{self, Anchor, CertError, Role};
use crate::cose::CoseError;
use crate::grant::{Convert, Grant, Line};
use crate::id::{self, thumbprint};
use crate::issued::IssuedError;
use crate::limits::LINES_MAX;
use crate::list::List;
use core::fmt;

/// A receipt with all that it takes to believe it without asking anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence<'b> {
    /// A COSE_Sign1 ([`Receipt`]).
    pub receipt: &'b [u8],
    /// The grant that the channels came from, a COSE_Sign1 ([`Grant`]).
    pub grant: &'b [u8],
    /// The certificates of the dongle and of the factory CA, in DER.
    pub chain: [&'b [u8]; 2],
}

/// What verified [`Evidence`] says. Only [`Evidence::verify`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traced<'b> {
    /// The receipt's claims.
    pub receipt: Receipt<'b>,
    /// The receipt's digest.
    pub digest: [u8; 32],
    /// Thumbprint of the dongle's key.
    pub thumbprint: [u8; 32],
    /// The receipt's identity ([`identity`]).
    pub identity: [u8; 32],
    /// The claims of the grant that the channels came from.
    pub grant: Grant<'b>,
    /// The grant's lines that gave something; `count` is what this receipt stands for, not the gross total.
    pub lines: List<Line<'b>, LINES_MAX>,
    /// The root is the simulator's. A test vendor's root does not show here, only in its trust bundle.
    pub simulated: bool,
}

/// Why a receipt was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceError {
    /// The dongle's certificates.
    Chain(CertError),
    /// The receipt.
    Receipt(CoseError),
    /// The receipt is another dongle's than the certificate.
    OtherSerial,
    /// No grant with the digest that the receipt names.
    NoGrant,
    /// The grant.
    Grant(IssuedError),
    /// The receipt is for another grant: digest, revision or product differ.
    OtherGrant,
    /// The grant is for another dongle: serial or key differ.
    OtherHolder,
    /// The grant does not allow what the receipt is for.
    NotConvertible,
    /// The grant has no such line.
    UnknownLine {
        /// Line id.
        line: u32,
    },
    /// More was given away of a line than was ever granted.
    AboveGrant {
        /// Line id.
        line: u32,
    },
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(error) => write!(f, "the dongle's certificate: {error}"),
            Self::Receipt(error) => write!(f, "the receipt: {error}"),
            Self::OtherSerial => {
                f.write_str("the receipt names another dongle than its certificate")
            }
            Self::NoGrant => f.write_str("the grant that the receipt names is not there"),
            Self::Grant(error) => write!(f, "the grant: {error}"),
            Self::OtherGrant => f.write_str("the receipt was made for another grant"),
            Self::OtherHolder => f.write_str("the grant belongs to another dongle"),
            Self::NotConvertible => f.write_str("the grant does not allow this conversion"),
            Self::UnknownLine { line } => write!(f, "the grant has no line {line}"),
            Self::AboveGrant { line } => {
                write!(f, "more was given away of line {line} than was granted")
            }
        }
    }
}

impl core::error::Error for TraceError {}

impl<'b> Evidence<'b> {
    /// Verifies the whole up to `anchor`: the dongle's chain, the receipt as `kind`, the grant, and that the three
    /// belong together. Whether the dongle is on a revocation list is the caller's to ask.
    ///
    /// # Errors
    /// [`TraceError`]; nothing inside may be believed then.
    pub fn verify<'a>(
        &self,
        kind: Kind,
        anchor: impl Into<Anchor<'a>>,
    ) -> Result<Traced<'b>, TraceError> {
        let anchor = anchor.into();
        let [leaf, factory] = self.chain;
        let dongle = cert::verify_chain(leaf, &[factory], anchor, Role::Dongle, None)
            .map_err(TraceError::Chain)?;
        let (receipt, digest) = Receipt::verify(self.receipt, kind, dongle.public_key())
            .map_err(TraceError::Receipt)?;
        if dongle.serial_number() != Some(receipt.serial) {
            return Err(TraceError::OtherSerial);
        }
        let (grant, grant_digest) = Grant::verify(self.grant, anchor).map_err(TraceError::Grant)?;
        let named = (receipt.grant, receipt.revision, receipt.product);
        if named != (grant_digest, grant.revision, grant.product) {
            return Err(TraceError::OtherGrant);
        }
        let thumbprint = thumbprint(dongle.public_key());
        if (grant.serial, grant.thumbprint) != (receipt.serial, thumbprint) {
            return Err(TraceError::OtherHolder);
        }
        if !allows(grant.convert, kind) {
            return Err(TraceError::NotConvertible);
        }
        Ok(Traced {
            lines: lines(&grant, &receipt)?,
            digest,
            thumbprint,
            identity: identity(&thumbprint, receipt.counter),
            simulated: id::key_id(anchor.root.public_key()) == cert::SIMULATOR_ROOT_KEY_ID,
            receipt,
            grant,
        })
    }
}

/// An honest dongle has judged this. One whose key was extracted is held to what the vendor chose to risk.
fn allows(convert: Convert, kind: Kind) -> bool {
    match kind {
        Kind::ConvertOffline => convert == Convert::Offline,
        Kind::ConvertDesk => convert != Convert::None,
        Kind::Retire => true,
    }
}

fn lines<'b>(
    grant: &Grant<'b>,
    receipt: &Receipt<'b>,
) -> Result<List<Line<'b>, LINES_MAX>, TraceError> {
    let mut lines = grant.lines;
    let mut length = 0;
    for given in &*receipt.given {
        let line = given.line;
        let found = grant.lines.iter().find(|granted| granted.id == line);
        let granted = found.ok_or(TraceError::UnknownLine { line })?;
        if given.after > granted.count {
            return Err(TraceError::AboveGrant { line });
        }
        lines[length] = Line {
            count: given.channels(),
            ..*granted
        };
        length += 1;
    }
    lines.truncate(length);
    Ok(lines)
}
