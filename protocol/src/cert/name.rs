//! Distinguished names: few attributes, plain text, compared by their bytes.

use der::{
    Reader, SliceReader, Tag, Tagged,
    asn1::{AnyRef, ObjectIdentifier, PrintableStringRef, Utf8StringRef},
};

use super::{CertError, oid};
use crate::id;

/// Longest attribute in bytes: `ub-common-name` and `ub-organization-name` of RFC 5280 appendix A.1.
const ATTRIBUTE_MAX: usize = 64;

/// What the profile wants to know of a name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Name<'a> {
    pub(super) common_name: Option<&'a str>,
    pub(super) organization: Option<&'a str>,
    pub(super) serial_number: Option<&'a str>,
}

impl<'a> Name<'a> {
    /// Reads an RDNSequence, which may be empty.
    pub(super) fn read(raw: &'a [u8]) -> Result<Self, CertError> {
        let mut reader = SliceReader::new(raw)?;
        let name = reader.sequence(|r| {
            let mut name = Self::default();
            while !r.is_finished() {
                name.add(r.decode()?)?;
            }
            Ok::<_, CertError>(name)
        })?;
        reader.finish()?;
        Ok(name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.common_name.is_none() && self.organization.is_none() && self.serial_number.is_none()
    }

    fn add(&mut self, rdn: AnyRef<'a>) -> Result<(), CertError> {
        if rdn.tag() != Tag::Set {
            return Err(CertError::Name);
        }
        let mut reader = SliceReader::new(rdn.value())?;
        let (kind, value) = reader.sequence(|r| {
            Ok::<_, CertError>((r.decode::<ObjectIdentifier>()?, r.decode::<AnyRef<'a>>()?))
        })?;
        // One attribute per RDN: a multi-valued RDN has two readings, and we never write one.
        reader.finish().map_err(|_| CertError::Name)?;
        let text = text(value)?;
        let slot = match kind {
            oid::COMMON_NAME => &mut self.common_name,
            oid::ORGANIZATION => &mut self.organization,
            oid::SERIAL_NUMBER if value.tag() == Tag::PrintableString => &mut self.serial_number,
            _ => return Err(CertError::Name),
        };
        match slot.replace(text) {
            None => Ok(()),
            Some(_) => Err(CertError::Name),
        }
    }
}

/// RFC 5280 §4.1.2.4 wants one of these two encodings. Control characters would reach a terminal.
fn text(value: AnyRef<'_>) -> Result<&str, CertError> {
    let text = match value.tag() {
        Tag::PrintableString => value.decode_as::<PrintableStringRef<'_>>()?.as_str(),
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>()?.as_str(),
        _ => return Err(CertError::Name),
    };
    let plain = !text.is_empty() && text.len() <= ATTRIBUTE_MAX && id::is_plain(text);
    plain.then_some(text).ok_or(CertError::Name)
}
