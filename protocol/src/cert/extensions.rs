//! The extensions of the profile (RFC 5280 §4.2).

use der::{
    Decode, Reader, SliceReader, TagMode, TagNumber,
    asn1::{ContextSpecific, ObjectIdentifier, OctetStringRef, SequenceRef},
};

use super::{CertError, HARDWARE_TYPE, Role, oid};

/// Identifier of a key: RFC 7093 §2 method 1 in what we write; read as 20 bytes of any method.
pub(super) type KeyId = [u8; 20];

/// The uses a key may have; each is compared as the whole value, so no other combination passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyUsage {
    DigitalSignature,
    KeyCertSign,
    KeyCertAndCrlSign,
}

/// `path_len` is only there for a CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BasicConstraints {
    pub(super) ca: bool,
    pub(super) path_len: Option<u8>,
}

/// What was found, each at most once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extensions<'a> {
    pub(super) basic_constraints: Option<BasicConstraints>,
    pub(super) key_usage: Option<KeyUsage>,
    pub(super) role: Option<Role>,
    pub(super) subject_key_id: Option<KeyId>,
    pub(super) authority_key_id: Option<KeyId>,
    pub(super) hardware_serial: Option<&'a [u8]>,
}

impl<'a> Extensions<'a> {
    pub(super) fn read(list: &'a SequenceRef) -> Result<Self, CertError> {
        let mut found = Self::default();
        each_extension(list, |id, critical, value| found.add(id, critical, value))?;
        Ok(found)
    }

    fn add(
        &mut self,
        id: ObjectIdentifier,
        critical: bool,
        value: &'a [u8],
    ) -> Result<(), CertError> {
        let bad = CertError::BadExtension { oid: id };
        match id {
            oid::BASIC_CONSTRAINTS => {
                let basic = basic_constraints(value)?;
                // §4.2.1.9: a CA's must not be passed over by a verifier that does not know it.
                if basic.ca && !critical {
                    return Err(bad);
                }
                once(&mut self.basic_constraints, id, basic)
            }
            // §4.2.1.3, §4.2.1.1, §4.2.1.2: the first is marked critical, the other two never are.
            oid::KEY_USAGE if !critical => Err(bad),
            oid::AUTHORITY_KEY_ID | oid::SUBJECT_KEY_ID if critical => Err(bad),
            oid::KEY_USAGE => once(&mut self.key_usage, id, key_usage(value).ok_or(bad)?),
            oid::EXTENDED_KEY_USAGE => once(&mut self.role, id, role(value)?),
            oid::SUBJECT_KEY_ID => once(
                &mut self.subject_key_id,
                id,
                subject_key_id(value).ok_or(bad)?,
            ),
            oid::AUTHORITY_KEY_ID => once(
                &mut self.authority_key_id,
                id,
                authority_key_id(value).ok_or(bad)?,
            ),
            oid::SUBJECT_ALT_NAME => once(&mut self.hardware_serial, id, hardware_module(value)?),
            _ if critical => Err(CertError::UnknownCriticalExtension { oid: id }),
            _ => Ok(()),
        }
    }
}

/// Hands every extension of `list` to `found`: its id, whether it is critical, its value (RFC 5280 §4.2).
pub(super) fn each_extension<'a>(
    list: &'a SequenceRef,
    mut found: impl FnMut(ObjectIdentifier, bool, &'a [u8]) -> Result<(), CertError>,
) -> Result<(), CertError> {
    let mut reader = SliceReader::new(list.as_bytes())?;
    while !reader.is_finished() {
        let (id, critical, value) = reader.sequence(|r| {
            let id: ObjectIdentifier = r.decode()?;
            let critical: Option<bool> = r.decode()?;
            let value: &'a OctetStringRef = r.decode()?;
            Ok::<_, CertError>((id, critical, value.as_bytes()))
        })?;
        if critical == Some(false) {
            // DEFAULT FALSE is never written in DER (X.690 §11.5).
            return Err(CertError::BadExtension { oid: id });
        }
        found(id, critical.is_some(), value)?;
    }
    Ok(())
}

fn once<T>(slot: &mut Option<T>, oid: ObjectIdentifier, value: T) -> Result<(), CertError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(CertError::DuplicateExtension { oid }),
    }
}

fn basic_constraints(value: &[u8]) -> Result<BasicConstraints, CertError> {
    let bad = CertError::BadExtension {
        oid: oid::BASIC_CONSTRAINTS,
    };
    let mut reader = SliceReader::new(value)?;
    let (ca, path_len) = reader.sequence(|r| {
        Ok::<_, CertError>((r.decode::<Option<bool>>()?, r.decode::<Option<u8>>()?))
    })?;
    reader.finish()?;
    match (ca, path_len) {
        (Some(true), path_len) => Ok(BasicConstraints { ca: true, path_len }),
        (None, None) => Ok(BasicConstraints {
            ca: false,
            path_len: None,
        }),
        // FALSE is the default and never written in DER; a path length without a CA means nothing.
        (Some(false), _) | (None, Some(_)) => Err(bad),
    }
}

/// BIT STRING with named bits, shortest form (X.690 §11.2.2).
fn key_usage(value: &[u8]) -> Option<KeyUsage> {
    match value {
        [0x03, 0x02, 0x07, 0x80] => Some(KeyUsage::DigitalSignature),
        [0x03, 0x02, 0x02, 0x04] => Some(KeyUsage::KeyCertSign),
        [0x03, 0x02, 0x01, 0x06] => Some(KeyUsage::KeyCertAndCrlSign),
        _ => None,
    }
}

fn role(value: &[u8]) -> Result<Role, CertError> {
    let mut reader = SliceReader::new(value)?;
    let oid = reader.sequence(|r| {
        let oid: ObjectIdentifier = r.decode()?;
        match r.is_finished() {
            true => Ok(oid),
            false => Err(CertError::ManyRoles),
        }
    })?;
    reader.finish()?;
    Role::from_oid(oid).ok_or(CertError::UnknownRole { oid })
}

fn subject_key_id(value: &[u8]) -> Option<KeyId> {
    let id = <&OctetStringRef>::from_der(value).ok()?;
    id.as_bytes().try_into().ok()
}

/// Only `keyIdentifier [0]`: an issuer's name and serial beside it would be a second answer.
pub(super) fn authority_key_id(value: &[u8]) -> Option<KeyId> {
    match value {
        [0x30, 0x16, 0x80, 0x14, id @ ..] => id.try_into().ok(),
        _ => None,
    }
}

/// RFC 4108 §5, as IEEE 802.1AR §8.10.4 asks: one otherName, our hardware type, its serial number.
fn hardware_module(value: &[u8]) -> Result<&[u8], CertError> {
    let bad = CertError::BadExtension {
        oid: oid::SUBJECT_ALT_NAME,
    };
    let mut reader = SliceReader::new(value)?;
    let other_name = reader.sequence(|r| {
        ContextSpecific::<&SequenceRef>::decode_implicit(r, TagNumber(0))?
            .ok_or(bad)
            .map(|name| name.value)
    })?;
    reader.finish()?;

    let mut reader = SliceReader::new(other_name.as_bytes())?;
    if reader.decode::<ObjectIdentifier>()? != oid::HARDWARE_MODULE_NAME {
        return Err(bad);
    }
    let module = reader
        .context_specific::<&SequenceRef>(TagNumber(0), TagMode::Explicit)?
        .ok_or(bad)?;
    reader.finish()?;

    let mut reader = SliceReader::new(module.as_bytes())?;
    let kind: ObjectIdentifier = reader.decode()?;
    let serial: &OctetStringRef = reader.decode()?;
    reader.finish()?;
    match kind == HARDWARE_TYPE && !serial.is_empty() {
        true => Ok(serial.as_bytes()),
        false => Err(bad),
    }
}
