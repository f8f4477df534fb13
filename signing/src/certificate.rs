//! Certificates of the profile in `tallykey_protocol::cert`, byte for byte the same for the same input:
//! serial numbers and dates come from the caller, nonces by RFC 6979.

mod adapter;
mod contents;
mod crl;

pub use crl::{Revocations, revoke, revoke_after};

use std::time::Duration;

use der::{
    Decode, Encode,
    asn1::{BitString, GeneralizedTime, UtcTime},
};
use p256::{
    ecdsa::{Signature, VerifyingKey},
    pkcs8::EncodePublicKey,
};
use sha2::{Digest, Sha256};
use spki::SubjectPublicKeyInfoOwned;
use tallykey_protocol::cert::{CertError, Certificate};
use x509_cert::{
    builder::{Builder, CertificateBuilder},
    name::Name,
    serial_number::SerialNumber,
    time::{Time, Validity},
};

use self::{adapter::Certifier, contents::Contents};
use crate::{SignError, Signer};

/// 99991231235959Z: no end (RFC 5280 §4.1.2.5).
pub const NO_END: u64 = tallykey_protocol::limits::TIME_MAX;

/// Whom a certificate is for. `organization` and `name` are 1 to 64 bytes of plain text.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the type's text tells the fields")]
pub enum Subject<'a> {
    /// Certifies dongles.
    Factory {
        organization: &'a str,
        name: &'a str,
    },
    /// Signs profiles, grants, licences.
    Issuer {
        organization: &'a str,
        name: &'a str,
    },
    /// Signs first grants.
    FactoryIssuer {
        organization: &'a str,
        name: &'a str,
    },
    /// One dongle: its serial and the id of the chip that made the key.
    Dongle { serial: &'a str, chip_id: &'a [u8] },
}

/// What a certificate says beside who it is for.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Number of the certificate, unique under its issuer; taken as a positive number, so its first
    /// bit is cleared (RFC 5280 §4.1.2.2).
    pub serial_number: [u8; 16],
    /// First second it is valid, since 1970.
    pub not_before: u64,
    /// Last second it is valid, since 1970; [`NO_END`] for none.
    pub not_after: u64,
}

/// Why no certificate was made.
#[derive(Debug, thiserror::Error)]
pub enum CertifyError {
    /// The names, dates or numbers cannot be written as X.509.
    #[error("the certificate cannot be encoded; check names, dates and serial number")]
    Encode {
        /// What the encoder said.
        #[source]
        source: x509_cert::builder::Error,
    },
    /// Our own reader would refuse it, so it is not handed out.
    #[error("the certificate would be refused: {source}")]
    Refused {
        /// The rule it would break.
        #[source]
        source: CertError,
    },
    /// A revocation list that is no newer than the one before it: nobody would take it.
    #[error("the list's number is {number}, and the one before it has {before}")]
    NotHigher {
        /// Its number.
        number: u64,
        /// The number before it.
        before: u64,
    },
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// A root: the certificate that `key` signs for itself.
///
/// # Errors
/// [`CertifyError`].
pub fn root(
    organization: &str,
    name: &str,
    key: &dyn Signer,
    terms: &Terms,
) -> Result<Vec<u8>, CertifyError> {
    let subject = contents::authority_name(organization, name)?;
    let contents = Contents::root(subject, &key.public_key())?;
    let der = build(contents, &key.public_key(), key, terms)?;
    Certificate::parse(&der)?.verify_root()?;
    Ok(der)
}

/// The certificate for `public_key` as `subject`, signed by `key`, whose own certificate is `issuer`.
///
/// # Errors
/// [`CertifyError`]; [`CertifyError::Refused`] too if the issuer may not certify such a subject.
pub fn certify(
    subject: &Subject<'_>,
    public_key: &[u8; 65],
    issuer: &[u8],
    key: &dyn Signer,
    terms: &Terms,
) -> Result<Vec<u8>, CertifyError> {
    let authority = Certificate::parse(issuer)?;
    let contents = Contents::of(
        subject,
        issuer_name(issuer)?,
        authority.public_key(),
        public_key,
    )?;
    let der = build(contents, public_key, key, terms)?;
    Certificate::parse(&der)?.verify_signed_by(&authority)?;
    Ok(der)
}

fn build(
    contents: Contents,
    public_key: &[u8; 65],
    key: &dyn Signer,
    terms: &Terms,
) -> Result<Vec<u8>, CertifyError> {
    let mut number = terms.serial_number;
    number[0] &= 0x7f;
    let validity = Validity::new(time(terms.not_before)?, time(terms.not_after)?);
    let certifier = Certifier::new(key)?;
    let mut builder = CertificateBuilder::new(
        contents,
        SerialNumber::new(&number)?,
        validity,
        spki(public_key)?,
    )?;
    let message = builder.finalize(&certifier)?;
    let signature = key.sign(&Sha256::digest(&message).into())?;
    let signature = Signature::from_slice(&signature)?.to_der();
    let signature = BitString::from_bytes(signature.as_bytes())?;
    Ok(builder.assemble(signature, &certifier)?.to_der()?)
}

/// The issuer's subject in its own encoding: names are compared by their bytes.
fn issuer_name(issuer: &[u8]) -> Result<Name, CertifyError> {
    let issuer = x509_cert::Certificate::from_der(issuer)?;
    Ok(issuer.tbs_certificate().subject().clone())
}

fn spki(public_key: &[u8; 65]) -> Result<SubjectPublicKeyInfoOwned, CertifyError> {
    let key = VerifyingKey::from_sec1_bytes(public_key)?;
    let document = key
        .to_public_key_der()
        .map_err(x509_cert::builder::Error::from)?;
    Ok(SubjectPublicKeyInfoOwned::from_der(document.as_bytes())?)
}

/// UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5).
fn time(seconds: u64) -> der::Result<Time> {
    let since_1970 = Duration::from_secs(seconds);
    UtcTime::from_unix_duration(since_1970)
        .map(Time::UtcTime)
        .or_else(|_| GeneralizedTime::from_unix_duration(since_1970).map(Time::GeneralTime))
}

impl From<x509_cert::builder::Error> for CertifyError {
    fn from(source: x509_cert::builder::Error) -> Self {
        Self::Encode { source }
    }
}

impl From<der::Error> for CertifyError {
    fn from(source: der::Error) -> Self {
        x509_cert::builder::Error::from(source).into()
    }
}

impl From<p256::ecdsa::Error> for CertifyError {
    fn from(source: p256::ecdsa::Error) -> Self {
        x509_cert::builder::Error::from(source).into()
    }
}

impl From<CertError> for CertifyError {
    fn from(source: CertError) -> Self {
        Self::Refused { source }
    }
}
