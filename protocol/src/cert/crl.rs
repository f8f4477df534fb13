//! The revocation list of CAs and issuers (RFC 5280 §5), read without a heap.
//!
//! Signed by the root, which alone certifies them. A certificate in it is void, whatever time a record claims:
//! who has stolen a key writes any date. What the key signed before and is known to be honest stays good by its
//! digest, in an extension of ours that is not critical: a reader that does not know it refuses more, not less.

use core::{fmt, iter};

use der::{Reader, SliceReader, TagMode, TagNumber, asn1::SequenceRef};

use super::{
    CertError, Certificate,
    extensions::{KeyId, KeyUsage, authority_key_id, each_extension},
    key::{ECDSA_WITH_SHA256, Signed},
    oid, read_serial_number, read_time,
};
use crate::limits::CRL_MAX;

/// A revocation list, read but not yet verified.
#[derive(Clone)]
pub struct Crl<'a> {
    signed: Signed<'a>,
    issuer: &'a [u8],
    issued_at: u64,
    /// The entries one after the other, each checked for its form.
    entries: &'a [u8],
    authority_key_id: KeyId,
    number: u64,
    /// OCTET STRINGs of 32 bytes one after the other.
    good: &'a [u8],
}

impl<'a> Crl<'a> {
    /// Reads a CertificateList that fills `der` exactly.
    ///
    /// # Errors
    /// [`CertError`]: the first rule that it breaks.
    pub fn parse(der: &'a [u8]) -> Result<Self, CertError> {
        if der.len() > CRL_MAX {
            return Err(CertError::TooLong {
                length: der.len(),
                limit: CRL_MAX,
            });
        }
        let signed = Signed::read(der)?;
        let mut reader = SliceReader::new(signed.body)?;
        let list = reader.sequence(|r| Self::read_body(r, signed))?;
        reader.finish()?;
        Ok(list)
    }

    /// TBSCertList (§5.1.2).
    fn read_body(r: &mut SliceReader<'a>, signed: Signed<'a>) -> Result<Self, CertError> {
        if r.decode::<u8>()? != 1 {
            return Err(CertError::Version);
        }
        if r.tlv_bytes()? != signed.algorithm {
            return Err(CertError::AlgorithmMismatch);
        }
        if signed.algorithm != ECDSA_WITH_SHA256 {
            return Err(CertError::Algorithm);
        }
        let issuer = r.tlv_bytes()?;
        // §5.1.2.5: nextUpdate is always there. A dongle has no clock to hold it against.
        let issued_at = read_time(r)?;
        if issued_at > read_time(r)? {
            return Err(CertError::Validity);
        }
        let entries = read_entries(r)?;
        let list = r
            .context_specific::<&SequenceRef>(TagNumber(0), TagMode::Explicit)?
            .ok_or(CertError::MissingExtension {
                oid: oid::CRL_NUMBER,
            })?;
        let Extensions {
            authority_key_id,
            number,
            good,
        } = Extensions::read(list)?;
        Ok(Self {
            signed,
            issuer,
            issued_at,
            entries,
            authority_key_id: authority_key_id.ok_or(CertError::MissingExtension {
                oid: oid::AUTHORITY_KEY_ID,
            })?,
            number: number.ok_or(CertError::MissingExtension {
                oid: oid::CRL_NUMBER,
            })?,
            good,
        })
    }

    /// Verifies that `root` signed this list and may.
    ///
    /// # Errors
    /// [`CertError::OtherVendor`], [`CertError::NotCrlSigner`], [`CertError::Signature`].
    pub fn verify(&self, root: &Certificate<'_>) -> Result<(), CertError> {
        let ours = self.issuer == root.subject
            && Some(self.authority_key_id) == root.extensions.subject_key_id;
        if !ours {
            return Err(CertError::OtherVendor {
                authority: self.authority_key_id,
            });
        }
        if root.extensions.key_usage != Some(KeyUsage::KeyCertAndCrlSign) {
            return Err(CertError::NotCrlSigner);
        }
        root.key.verify(self.signed.body, &self.signed.signature)
    }

    /// cRLNumber: only a higher one is newer (§5.2.3).
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When it was issued, seconds since 1970.
    #[must_use]
    pub fn issued_at(&self) -> u64 {
        self.issued_at
    }

    /// Whether it names `certificate`, which the same root certified.
    #[must_use]
    pub fn names(&self, certificate: &Certificate<'_>) -> bool {
        self.revokes(certificate.serial)
    }

    /// What it names: the number of each certificate, and since when it is revoked, in seconds since 1970.
    pub fn revoked(&self) -> impl Iterator<Item = (&'a [u8], u64)> {
        let mut reader = SliceReader::new(self.entries).ok();
        iter::from_fn(move || {
            let reader = reader.as_mut().filter(|reader| !reader.is_finished())?;
            let (serial, since) = read_entry(reader).ok()?;
            // Tag and length are one byte each at this size; a zero keeps a number from reading as negative.
            let number = &serial[2..];
            Some((number.strip_prefix(&[0]).unwrap_or(number), since))
        })
    }

    /// Digests of what stays good although its signer was revoked.
    pub fn good(&self) -> impl Iterator<Item = &'a [u8; 32]> {
        let (digests, _) = self.good.as_chunks::<34>();
        // Each is 04 20 and 32 bytes: checked when it was read.
        digests.iter().filter_map(|digest| digest.last_chunk())
    }

    /// Whether `certificate`, which the same root certified, is void for what has this digest: a record's digest, or
    /// SHA-256 of a certificate.
    pub(super) fn refuses(&self, certificate: &Certificate<'_>, digest: &[u8; 32]) -> bool {
        self.revokes(certificate.serial) && !self.stays_good(digest)
    }

    fn revokes(&self, serial: &[u8]) -> bool {
        let mut reader = match SliceReader::new(self.entries) {
            Ok(reader) => reader,
            // Cannot happen, the bytes came out of a reader; who cannot look must not let pass.
            Err(_) => return true,
        };
        while !reader.is_finished() {
            match read_entry(&mut reader) {
                Ok((revoked, _)) if revoked == serial => return true,
                Ok(_) => {}
                Err(_) => return true,
            }
        }
        false
    }

    fn stays_good(&self, digest: &[u8; 32]) -> bool {
        self.good().any(|good| good == digest)
    }
}

impl fmt::Debug for Crl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crl")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// revokedCertificates; absent if there is none (§5.1.2.6).
fn read_entries<'a>(r: &mut SliceReader<'a>) -> Result<&'a [u8], CertError> {
    if r.peek_byte() != Some(0x30) {
        return Ok(&[]);
    }
    let entries = r.decode::<&'a SequenceRef>()?.as_bytes();
    let mut reader = SliceReader::new(entries)?;
    while !reader.is_finished() {
        read_entry(&mut reader)?;
    }
    Ok(entries)
}

/// One entry: the certificate's number as it is encoded, and since when. No entry extension of §5.3 changes what is revoked, but a
/// critical one that is not known might.
fn read_entry<'a>(reader: &mut SliceReader<'a>) -> Result<(&'a [u8], u64), CertError> {
    reader.sequence(|r| {
        let serial = read_serial_number(r)?;
        let since = read_time(r)?;
        if !r.is_finished() {
            each_extension(r.decode()?, |id, critical, _| match critical {
                true => Err(CertError::UnknownCriticalExtension { oid: id }),
                false => Ok(()),
            })?;
        }
        Ok((serial, since))
    })
}

/// What crlExtensions say (§5.2), each at most once.
#[derive(Default)]
struct Extensions<'a> {
    authority_key_id: Option<KeyId>,
    number: Option<u64>,
    good: &'a [u8],
}

impl<'a> Extensions<'a> {
    fn read(list: &'a SequenceRef) -> Result<Self, CertError> {
        let mut found = Self::default();
        each_extension(list, |id, critical, value| {
            let bad = CertError::BadExtension { oid: id };
            let twice = match id {
                oid::AUTHORITY_KEY_ID | oid::CRL_NUMBER | oid::STAYS_GOOD if critical => {
                    return Err(bad);
                }
                oid::AUTHORITY_KEY_ID => found
                    .authority_key_id
                    .replace(authority_key_id(value).ok_or(bad)?)
                    .is_some(),
                oid::CRL_NUMBER => found.number.replace(read_number(value)?).is_some(),
                oid::STAYS_GOOD => {
                    let before = found.good;
                    found.good = read_digests(value)?;
                    !before.is_empty()
                }
                _ if critical => return Err(CertError::UnknownCriticalExtension { oid: id }),
                _ => false,
            };
            match twice {
                true => Err(CertError::DuplicateExtension { oid: id }),
                false => Ok(()),
            }
        })?;
        Ok(found)
    }
}

fn read_number(value: &[u8]) -> Result<u64, CertError> {
    let mut reader = SliceReader::new(value)?;
    let number = reader.decode()?;
    reader.finish()?;
    Ok(number)
}

/// SEQUENCE OF OCTET STRING (SIZE (32)), not empty.
fn read_digests(value: &[u8]) -> Result<&[u8], CertError> {
    let bad = CertError::BadExtension {
        oid: oid::STAYS_GOOD,
    };
    let mut reader = SliceReader::new(value)?;
    let digests = reader.decode::<&SequenceRef>()?.as_bytes();
    reader.finish()?;
    let (whole, rest) = digests.as_chunks::<34>();
    let right = !whole.is_empty() && rest.is_empty();
    let heads = whole.iter().all(|digest| digest[..2] == [0x04, 0x20]);
    if right && heads {
        Ok(digests)
    } else {
        Err(bad)
    }
}
