//! Records of an issuer, and the requests of a host: claims in, signed record out, read back before it leaves.

use tallykey_protocol::{
    cbor::Full,
    cert::{CertError, Certificate},
    cose::{self, Header, Typ},
    grant::Grant,
    instruction::Instruction,
    issued::IssuedError,
    licence::Licence,
    limits::{GRANT_MAX, INSTRUCTION_MAX, LICENCE_MAX, PROFILE_MAX, REQUEST_MAX, REVOCATION_MAX},
    profile::Profile,
    request::Request,
    revocation::RevocationList,
    time::TimeToken,
};

use crate::{SignError, Signer};

/// Who signs or certifies: a key, its certificate, and the root that certified it.
#[derive(Clone, Copy)]
pub struct Issuer<'a> {
    /// The key.
    pub key: &'a dyn Signer,
    /// Its certificate in DER: an issuer's, a factory issuer's or a factory CA's.
    pub certificate: &'a [u8],
    /// The vendor's root certificate in DER.
    pub root: &'a [u8],
}

/// Why no record was made.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The claims are longer than a record may be.
    #[error("the record would exceed {limit} bytes; leave something out or split it")]
    TooLong {
        /// Longest record of this kind, in bytes.
        limit: usize,
    },
    /// The issuer's or the root's certificate cannot be read.
    #[error("the signer's certificates are not usable: {source}")]
    Certificate {
        /// What is wrong with it.
        #[source]
        source: CertError,
    },
    /// A dongle or host would refuse it, so it is not handed out.
    #[error("the record would be refused: {source}")]
    Refused {
        /// The rule it would break.
        #[source]
        source: IssuedError,
    },
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Signs a grant.
///
/// # Errors
/// [`RecordError`]; [`RecordError::Refused`] also if the signer's role may not sign this revision.
pub fn sign_grant(grant: &Grant<'_>, issuer: &Issuer<'_>) -> Result<Vec<u8>, RecordError> {
    let record = sign(Typ::Grant, issuer, GRANT_MAX, |out| grant.encode(out))?;
    Grant::verify(&record, &root(issuer)?)?;
    Ok(record)
}

/// Signs a software licence.
///
/// # Errors
/// [`RecordError`]; [`RecordError::Refused`] also if the signer's role may not sign licences.
pub fn sign_licence(licence: &Licence<'_>, issuer: &Issuer<'_>) -> Result<Vec<u8>, RecordError> {
    let record = sign(Typ::Licence, issuer, LICENCE_MAX, |out| licence.encode(out))?;
    Licence::verify(&record, &root(issuer)?)?;
    Ok(record)
}

/// Signs an instruction to a dongle.
///
/// # Errors
/// [`RecordError`]; [`RecordError::Refused`] also if the signer's role may not give this instruction.
pub fn sign_instruction(
    instruction: &Instruction<'_>,
    issuer: &Issuer<'_>,
) -> Result<Vec<u8>, RecordError> {
    let record = sign(Typ::Instruction, issuer, INSTRUCTION_MAX, |out| {
        instruction.encode(out)
    })?;
    Instruction::verify(&record, &root(issuer)?)?;
    Ok(record)
}

/// Signs a time token.
///
/// # Errors
/// [`RecordError`]; [`RecordError::Refused`] also if the signer's role may not sign time tokens.
pub fn sign_time(token: &TimeToken<'_>, issuer: &Issuer<'_>) -> Result<Vec<u8>, RecordError> {
    let record = sign(Typ::Time, issuer, INSTRUCTION_MAX, |out| token.encode(out))?;
    TimeToken::verify(&record, &root(issuer)?)?;
    Ok(record)
}

/// Signs a revocation list of dongles.
///
/// # Errors
/// [`RecordError`]; [`RecordError::Refused`] also if the signer's role may not sign revocation lists.
pub fn sign_revocations(
    list: &RevocationList<'_>,
    issuer: &Issuer<'_>,
) -> Result<Vec<u8>, RecordError> {
    let record = sign(Typ::Revocation, issuer, REVOCATION_MAX, |out| {
        list.encode(out)
    })?;
    RevocationList::verify(&record, &root(issuer)?)?;
    Ok(record)
}

/// Signs a request as its host does, with the host key that is named in it.
///
/// # Errors
/// [`RecordError`]; [`RecordError::Refused`] also if `key` is another.
pub fn sign_request(request: &Request<'_>, key: &dyn Signer) -> Result<Vec<u8>, RecordError> {
    let header = Header {
        typ: Typ::Request,
        key: &key.public_key(),
        chain: &[],
    };
    let record = assemble(&header, key, REQUEST_MAX, |out| request.encode(out))?;
    Request::verify(&record).map_err(IssuedError::from)?;
    Ok(record)
}

/// Signs a product profile.
///
/// # Errors
/// [`RecordError`]; [`RecordError::Refused`] also if the signer's role may not sign profiles.
pub fn sign_profile(profile: &Profile<'_>, issuer: &Issuer<'_>) -> Result<Vec<u8>, RecordError> {
    let record = sign(Typ::Profile, issuer, PROFILE_MAX, |out| profile.encode(out))?;
    Profile::verify(&record, &root(issuer)?)?;
    Ok(record)
}

fn sign(
    typ: Typ,
    issuer: &Issuer<'_>,
    limit: usize,
    encode: impl FnOnce(&mut [u8]) -> Result<usize, Full>,
) -> Result<Vec<u8>, RecordError> {
    let header = Header {
        typ,
        key: &issuer.key.public_key(),
        chain: &[issuer.certificate],
    };
    assemble(&header, issuer.key, limit, encode)
}

fn assemble(
    header: &Header<'_>,
    key: &dyn Signer,
    limit: usize,
    encode: impl FnOnce(&mut [u8]) -> Result<usize, Full>,
) -> Result<Vec<u8>, RecordError> {
    let mut payload = vec![0; limit];
    let mut record = vec![0; limit];
    let length = encode(&mut payload).map_err(|Full| RecordError::TooLong { limit })?;
    let length = cose::assemble::<AssembleError>(&mut record, header, &payload[..length], |d| {
        Ok(key.sign(d)?)
    })
    .map_err(|error| match error {
        AssembleError::Full => RecordError::TooLong { limit },
        AssembleError::Sign(source) => RecordError::Sign(source),
    })?;
    record.truncate(length);
    Ok(record)
}

fn root<'a>(issuer: &Issuer<'a>) -> Result<Certificate<'a>, RecordError> {
    Certificate::parse(issuer.root).map_err(|source| RecordError::Certificate { source })
}

/// The writer knows that its buffer is full, not what the limit was.
enum AssembleError {
    Full,
    Sign(SignError),
}

impl From<Full> for AssembleError {
    fn from(_: Full) -> Self {
        Self::Full
    }
}

impl From<SignError> for AssembleError {
    fn from(source: SignError) -> Self {
        Self::Sign(source)
    }
}

impl From<IssuedError> for RecordError {
    fn from(source: IssuedError) -> Self {
        Self::Refused { source }
    }
}
