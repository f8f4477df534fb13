//! Armour: a record as text (RFC 7468), so that it survives e-mail and courier.
//!
//! Readers take raw CBOR as well. What is inside is judged by its content, never by the label alone.

mod decode;

pub(crate) use decode::Decoder;

use base64ct::{Base64, Encoding};
use core::fmt;

/// Bytes to a line: 64 characters (RFC 7468 §2).
const LINE: usize = 48;

/// What stands between `BEGIN` or `END` and the dashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// A grant.
    Grant,
    /// A product profile.
    Profile,
    /// A trust bundle.
    TrustBundle,
    /// A software licence, from the desk or a composite.
    Licence,
    /// A host's request.
    Request,
    /// A receipt.
    Receipt,
    /// An instruction to a dongle.
    Instruction,
    /// A time token.
    Time,
    /// A revocation list of dongles.
    Revocation,
    /// A proof.
    Proof,
    /// The root's revocation list of CAs and issuers, under the label that public tools know (RFC 7468 §6).
    Crl,
}

impl Label {
    /// Every label.
    pub const ALL: [Self; 11] = [
        Self::Grant,
        Self::Profile,
        Self::TrustBundle,
        Self::Licence,
        Self::Request,
        Self::Receipt,
        Self::Instruction,
        Self::Time,
        Self::Revocation,
        Self::Proof,
        Self::Crl,
    ];

    /// What stands in the line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grant => "TALLYKEY GRANT",
            Self::Profile => "TALLYKEY PROFILE",
            Self::TrustBundle => "TALLYKEY TRUST BUNDLE",
            Self::Licence => "TALLYKEY LICENCE",
            Self::Request => "TALLYKEY REQUEST",
            Self::Receipt => "TALLYKEY RECEIPT",
            Self::Instruction => "TALLYKEY INSTRUCTION",
            Self::Time => "TALLYKEY TIME",
            Self::Revocation => "TALLYKEY REVOCATION",
            Self::Proof => "TALLYKEY PROOF",
            Self::Crl => "X509 CRL",
        }
    }
}

/// Why armour could not be taken off. Lines count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArmourError {
    /// Something else is in the file; `found` is `None` for a label that is none of ours.
    WrongLabel {
        /// What is there.
        found: Option<Label>,
        /// What belongs here.
        expected: Label,
        /// Where it begins.
        line: usize,
    },
    /// Not base64 (RFC 4648 §4).
    BadText {
        /// Where.
        line: usize,
    },
    /// The file ends before the object does: it was cut off.
    NoEnd,
    /// More than one object.
    Several {
        /// Where the second one begins.
        line: usize,
    },
    /// The object is longer than any of its kind.
    TooLong,
}

impl fmt::Display for ArmourError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongLabel {
                found: Some(found),
                expected,
                line,
            } => write!(
                f,
                "line {line}: a {} where a {} belongs",
                found.name(),
                expected.name()
            ),
            Self::WrongLabel {
                found: None,
                expected,
                line,
            } => write!(f, "line {line}: not a {}", expected.name()),
            Self::BadText { line } => write!(f, "line {line}: the text is damaged"),
            Self::NoEnd => f.write_str("the text ends before its END line: it was cut off"),
            Self::Several { line } => write!(f, "line {line}: a second object where one belongs"),
            Self::TooLong => f.write_str("the object is longer than allowed"),
        }
    }
}

impl core::error::Error for ArmourError {}

/// The one object in `file`: `file` itself if it is raw, else what its armour holds, decoded into `out`.
///
/// Text around the armour is passed over (RFC 7468 §2), and so are line ends and spaces that a mailer changed.
///
/// # Errors
/// [`ArmourError`].
pub fn single<'a>(
    file: &'a [u8],
    expected: Label,
    out: &'a mut [u8],
) -> Result<&'a [u8], ArmourError> {
    let Some(text) = core::str::from_utf8(file).ok() else {
        return Ok(file);
    };
    let mut lines = text
        .lines()
        .zip(1..)
        .map(|(text, line)| (clean(text), line));
    let Some((label, line)) = lines.find_map(|(text, line)| Some((begin(text)?, line))) else {
        return Ok(file);
    };
    let found = Label::ALL.into_iter().find(|known| known.name() == label);
    if found != Some(expected) {
        return Err(ArmourError::WrongLabel {
            found,
            expected,
            line,
        });
    }
    let mut decoder = Decoder::new(out);
    loop {
        let (text, line) = lines.next().ok_or(ArmourError::NoEnd)?;
        match end(text) {
            Some(end) if end == label => break,
            Some(_) => return Err(ArmourError::BadText { line }),
            None => decoder.line(text, line)?,
        }
    }
    if let Some((_, line)) = lines.find(|(text, _)| begin(text).is_some()) {
        return Err(ArmourError::Several { line });
    }
    decoder.finish()
}

/// Shows an object in armour.
#[derive(Clone, Copy, Debug)]
pub struct Armoured<'a> {
    /// What it is.
    pub label: Label,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl fmt::Display for Armoured<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.label.name();
        writeln!(f, "-----BEGIN {name}-----")?;
        for line in self.bytes.chunks(LINE) {
            let mut text = [0; LINE / 3 * 4];
            let text = Base64::encode(line, &mut text).map_err(|_| fmt::Error)?;
            writeln!(f, "{text}")?;
        }
        writeln!(f, "-----END {name}-----")
    }
}

/// Byte order mark and blanks around a line are not ours.
pub(crate) fn clean(line: &str) -> &str {
    line.trim_start_matches('\u{FEFF}').trim()
}

/// The label of a BEGIN line.
pub(crate) fn begin(line: &str) -> Option<&str> {
    edge(line, "-----BEGIN ")
}

/// The label of an END line.
pub(crate) fn end(line: &str) -> Option<&str> {
    edge(line, "-----END ")
}

fn edge<'a>(line: &'a str, prefix: &str) -> Option<&'a str> {
    line.strip_prefix(prefix)?.strip_suffix("-----")
}
