//! The X.509 v3 profile (RFC 5280; IEEE 802.1AR for dongles) and the request that asks for it (PKCS#10).
//!
//! Strict on purpose: one key type, one algorithm, few extensions, names compared by their bytes.
//! What is not in the profile is refused by its own [`CertError`], so that a reader can tell a
//! damaged file from another vendor's dongle.
//!
//! | role | certified by | CA | keyUsage | also |
//! | --- | --- | --- | --- | --- |
//! | root | itself | yes | keyCertSign, maybe cRLSign | subjectKeyIdentifier |
//! | factory CA | root | yes, pathLen 0 | keyCertSign | |
//! | issuer, factory issuer | root | no | digitalSignature | |
//! | dongle | factory CA | no | digitalSignature | subject serialNumber, HardwareModuleName |
//!
//! CAs and issuers are revoked by the root's [`Crl`], and by nothing else.

mod anchor;
mod chain;
mod crl;
mod encode;
mod error;
mod extensions;
mod key;
mod name;
mod oid;
mod profile;
mod request;
mod role;

use core::fmt;

use der::{
    AnyRef, Decode, FixedTag, Reader, SliceReader, TagMode, TagNumber, Tagged,
    asn1::{GeneralizedTime, SequenceRef, UintRef, UtcTime},
};

pub(crate) use self::chain::{read_pair, verify};
pub use self::{
    anchor::Anchor,
    chain::verify_chain,
    crl::Crl,
    error::CertError,
    oid::{HARDWARE_TYPE, STAYS_GOOD},
    request::{CertificationRequest, RequestError, write_request},
    role::Role,
};
use self::{
    extensions::Extensions,
    key::{ECDSA_WITH_SHA256, Key, Signed},
    name::Name,
};
use crate::limits::CERT_MAX;

/// A certificate of the profile, read but not yet verified.
#[derive(Clone)]
pub struct Certificate<'a> {
    signed: Signed<'a>,
    /// The number as it is encoded.
    serial: &'a [u8],
    issuer: &'a [u8],
    subject: &'a [u8],
    subject_name: Name<'a>,
    not_before: u64,
    not_after: u64,
    key: Key<'a>,
    extensions: Extensions<'a>,
}

impl<'a> Certificate<'a> {
    /// Reads one certificate that fills `der` exactly and obeys the profile of its role.
    ///
    /// # Errors
    /// [`CertError`]: the first rule that it breaks.
    pub fn parse(der: &'a [u8]) -> Result<Self, CertError> {
        if der.len() > CERT_MAX {
            return Err(CertError::TooLong {
                length: der.len(),
                limit: CERT_MAX,
            });
        }
        let signed = Signed::read(der)?;
        let mut reader = SliceReader::new(signed.body)?;
        let certificate = reader.sequence(|r| Self::read_body(r, signed))?;
        reader.finish()?;
        profile::check(&certificate)?;
        Ok(certificate)
    }

    /// TBSCertificate (RFC 5280 §4.1).
    fn read_body(r: &mut SliceReader<'a>, signed: Signed<'a>) -> Result<Self, CertError> {
        if r.context_specific::<u8>(TagNumber(0), TagMode::Explicit)? != Some(2) {
            return Err(CertError::Version);
        }
        let serial = read_serial_number(r)?;
        if r.tlv_bytes()? != signed.algorithm {
            return Err(CertError::AlgorithmMismatch);
        }
        if signed.algorithm != ECDSA_WITH_SHA256 {
            return Err(CertError::Algorithm);
        }
        let issuer = r.tlv_bytes()?;
        let (not_before, not_after) =
            r.sequence(|r| Ok::<_, CertError>((read_time(r)?, read_time(r)?)))?;
        if not_before > not_after {
            return Err(CertError::Validity);
        }
        let subject = r.tlv_bytes()?;
        let key = Key::read(r.tlv_bytes()?)?;
        let extensions = r
            .context_specific::<&SequenceRef>(TagNumber(3), TagMode::Explicit)?
            .map(Extensions::read)
            .transpose()?
            .unwrap_or_default();
        if Name::read(issuer)?.is_empty() {
            return Err(CertError::Name);
        }
        Ok(Self {
            signed,
            serial,
            issuer,
            subject,
            subject_name: Name::read(subject)?,
            not_before,
            not_after,
            key,
            extensions,
        })
    }

    /// The key as an uncompressed point (SEC 1 §2.3.3).
    pub fn public_key(&self) -> &'a [u8; 65] {
        self.key.point
    }

    /// What the key may be used for; `None` for a root.
    pub fn role(&self) -> Option<Role> {
        self.extensions.role
    }

    /// May this key certify others?
    fn is_ca(&self) -> bool {
        self.extensions
            .basic_constraints
            .is_some_and(|basic| basic.ca)
    }

    /// A dongle's serial (subject serialNumber, IEEE 802.1AR §8.6): [`crate::id::is_serial`].
    pub fn serial_number(&self) -> Option<&'a str> {
        self.subject_name.serial_number
    }

    /// The chip a dongle's certificate was made for (`hwSerialNum` of RFC 4108 §5).
    pub fn chip_id(&self) -> Option<&'a [u8]> {
        self.extensions.hardware_serial
    }

    fn path_len(&self) -> Option<u8> {
        self.extensions
            .basic_constraints
            .and_then(|basic| basic.path_len)
    }
}

/// Identifier of the simulator's root key, as [`CertError::OtherVendor`] reports it. A build that cannot
/// trust the simulator knows it by this alone, to say so by name.
pub const SIMULATOR_ROOT_KEY_ID: [u8; 20] = [
    0x10, 0x09, 0xdc, 0x25, 0x9c, 0x83, 0xa0, 0x6a, 0x22, 0x48, 0x6d, 0x98, 0xd2, 0xf6, 0x5e, 0xa2,
    0x1e, 0x74, 0x12, 0xeb,
];

impl fmt::Debug for Certificate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("role", &self.role())
            .field("serial_number", &self.serial_number())
            .finish_non_exhaustive()
    }
}

/// Positive and at most 20 bytes as encoded (RFC 5280 §4.1.2.2). Returned as it is: DER has one encoding for a number.
fn read_serial_number<'a>(r: &mut SliceReader<'a>) -> Result<&'a [u8], CertError> {
    let raw = r.tlv_bytes()?;
    let number = UintRef::from_der(raw).map_err(|_| CertError::SerialNumber)?;
    let positive = number.as_bytes().iter().any(|byte| *byte != 0);
    // Tag and length are one byte each at this size.
    match positive && raw.len() <= 2 + 20 {
        true => Ok(raw),
        false => Err(CertError::SerialNumber),
    }
}

/// UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5); seconds since 1970.
fn read_time(r: &mut SliceReader<'_>) -> Result<u64, CertError> {
    let value: AnyRef<'_> = r.decode()?;
    let seconds = match value.tag() {
        UtcTime::TAG => value.decode_as::<UtcTime>().map(|t| t.to_unix_duration()),
        GeneralizedTime::TAG => value
            .decode_as::<GeneralizedTime>()
            .map(|t| t.to_unix_duration())
            .and_then(|d| match d.as_secs() > LAST_UTC_TIME {
                true => Ok(d),
                false => Err(der::ErrorKind::DateTime.into()),
            }),
        _ => return Err(CertError::Validity),
    };
    seconds
        .map(|d| d.as_secs())
        .map_err(|_| CertError::Validity)
}

/// 491231235959Z.
const LAST_UTC_TIME: u64 = 2_524_607_999;
