//! COSE_Sign1 (RFC 9052 §4.2) with ES256: the container of every signed record, and its only verifier.
//!
//! [`Sign1::parse`] believes nothing but the form. [`Sign1::verify`] is the step after which the payload
//! may be read.

mod write;

pub use write::{Header, assemble, digest_of};

use crate::cbor::{self, Malformed};
use crate::id::{self, PublicKey};
use crate::limits::{CERT_MAX, CHAIN_MAX};
use core::fmt;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};

/// COSE tag of a COSE_Sign1.
const TAG: u64 = 18;
/// Header parameter `alg`.
const ALG: i64 = 1;
/// Header parameter `crit`.
const CRIT: i64 = 2;
/// Header parameter `kid`.
const KID: i64 = 4;
/// Header parameter `typ` (RFC 9596).
const TYP: i64 = 16;
/// Header parameter `x5chain` (RFC 9360).
pub(crate) const X5CHAIN: i64 = 33;
/// ES256 (RFC 9053 §2.1).
const ES256: i64 = -7;

/// Kind of a record: its media type in the protected header, so that none can pass for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Typ {
    /// Product profile.
    Profile,
    /// Grant.
    Grant,
    /// Proof over the transcript of `open`.
    OpenProof,
    /// Proof over an application's nonce and statement.
    AttestProof,
    /// Proof inside a request file.
    RequestProof,
    /// Periodic proof.
    StateProof,
    /// Receipt: converted to a software licence, on the dongle's own authority.
    OfflineReceipt,
    /// Receipt: to be converted by the vendor's desk.
    DeskReceipt,
    /// Receipt: returned to the vendor.
    RetireReceipt,
    /// Instruction to a dongle.
    Instruction,
    /// Time token.
    Time,
    /// Software licence.
    Licence,
    /// Request of a host.
    Request,
    /// Revocation list of dongles.
    Revocation,
}

impl Typ {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Profile,
        Self::Grant,
        Self::OpenProof,
        Self::AttestProof,
        Self::RequestProof,
        Self::StateProof,
        Self::OfflineReceipt,
        Self::DeskReceipt,
        Self::RetireReceipt,
        Self::Instruction,
        Self::Time,
        Self::Licence,
        Self::Request,
        Self::Revocation,
    ];

    /// Media type in the header.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Profile => "application/vnd.tallykey.profile+cose",
            Self::Grant => "application/vnd.tallykey.grant+cose",
            Self::OpenProof => "application/vnd.tallykey.proof.open+cose",
            Self::AttestProof => "application/vnd.tallykey.proof.attest+cose",
            Self::RequestProof => "application/vnd.tallykey.proof.request+cose",
            Self::StateProof => "application/vnd.tallykey.proof.state+cose",
            Self::OfflineReceipt => "application/vnd.tallykey.receipt.convert-offline+cose",
            Self::DeskReceipt => "application/vnd.tallykey.receipt.convert-desk+cose",
            Self::RetireReceipt => "application/vnd.tallykey.receipt.retire+cose",
            Self::Instruction => "application/vnd.tallykey.instruction+cose",
            Self::Time => "application/vnd.tallykey.time+cose",
            Self::Licence => "application/vnd.tallykey.licence+cose",
            Self::Request => "application/vnd.tallykey.request+cose",
            Self::Revocation => "application/vnd.tallykey.revocation+cose",
        }
    }

    fn from_media_type(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|typ| typ.media_type() == text)
    }
}

/// Why a record was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoseError {
    /// The bytes are no COSE_Sign1 as we write them.
    Malformed(Malformed),
    /// The algorithm is not ES256.
    WrongAlgorithm,
    /// A header that must be understood is not.
    CriticalHeader,
    /// A header that we never write.
    UnknownHeader(i64),
    /// The kind of record is unknown.
    UnknownTyp,
    /// It is another kind of record.
    WrongTyp {
        /// What it is.
        found: Typ,
        /// What belongs here.
        expected: Typ,
    },
    /// The key id names another key.
    WrongKey,
    /// The signature's s is in the upper half of its range.
    HighS,
    /// The signature is not what the key would make over these bytes.
    BadSignature,
}

impl fmt::Display for CoseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(malformed) => write!(f, "not a signed record: {malformed}"),
            Self::WrongAlgorithm => f.write_str("the record is not signed with ES256"),
            Self::CriticalHeader => {
                f.write_str("the record has a critical header that is not known here")
            }
            Self::UnknownHeader(label) => write!(f, "the record has an unknown header {label}"),
            Self::UnknownTyp => f.write_str("the kind of record is not known here"),
            Self::WrongTyp { found, expected } => {
                write!(
                    f,
                    "the record is {} where {} belongs",
                    found.media_type(),
                    expected.media_type()
                )
            }
            Self::WrongKey => f.write_str("the record names another signing key"),
            Self::HighS => f.write_str("the signature is not in its only allowed form (low s)"),
            Self::BadSignature => f.write_str("the signature does not match the record"),
        }
    }
}

impl core::error::Error for CoseError {}

impl From<Malformed> for CoseError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

/// A record whose form has been checked and whose signature has not.
#[derive(Clone, Copy, Debug)]
pub struct Sign1<'b> {
    typ: Typ,
    kid: [u8; 8],
    chain: [&'b [u8]; CHAIN_MAX],
    chain_length: usize,
    protected: &'b [u8],
    payload: &'b [u8],
    signature: [u8; 64],
}

impl<'b> Sign1<'b> {
    /// Reads the container: at most `max` bytes, exactly our headers, deterministic payload.
    ///
    /// # Errors
    /// What is wrong with it, before any field is believed.
    pub fn parse(bytes: &'b [u8], max: usize) -> Result<Self, CoseError> {
        if bytes.len() > max {
            return Err(Malformed::TooLong.into());
        }
        cbor::check(bytes)?;
        let mut d = cbor::Decoder::new(bytes);
        let tagged = d.tag().is_ok_and(|tag| tag.as_u64() == TAG);
        if !tagged || cbor::array(&mut d, 4, "COSE_Sign1")? != 4 {
            return Err(Malformed::Field("COSE_Sign1").into());
        }
        let protected = cbor::slice(&mut d, max, "protected header")?;
        cbor::fields(&mut d, |key, _| Err(Malformed::UnknownKey(key)))?;
        let payload = cbor::slice(&mut d, max, "payload")?;
        let signature = cbor::bytes(&mut d, "signature")?;
        cbor::check(payload)?;
        let mut record = Self {
            typ: Typ::Grant,
            kid: [0; 8],
            chain: [&[]; CHAIN_MAX],
            chain_length: 0,
            protected,
            payload,
            signature,
        };
        record.read_header()?;
        Ok(record)
    }

    fn read_header(&mut self) -> Result<(), CoseError> {
        let (mut algorithm, mut typ, mut kid, mut sin) = (None, None, None, None);
        cbor::read_map(self.protected, |label, d| {
            match label {
                ALG => algorithm = Some(d.i64().map_err(|_| Malformed::Field("alg"))?),
                KID => kid = Some(cbor::bytes(d, "kid")?),
                TYP => typ = Some(d.str().map_err(|_| Malformed::Field("typ"))?),
                X5CHAIN => self.chain_length = read_chain(d, &mut self.chain)?,
                label => {
                    sin = Some(if label == CRIT {
                        CoseError::CriticalHeader
                    } else {
                        CoseError::UnknownHeader(label)
                    });
                    d.skip().map_err(|_| Malformed::Truncated)?;
                }
            }
            Ok(())
        })?;
        if let Some(sin) = sin {
            return Err(sin);
        }
        if algorithm != Some(ES256) {
            return Err(CoseError::WrongAlgorithm);
        }
        self.typ = Typ::from_media_type(cbor::need(typ, "typ")?).ok_or(CoseError::UnknownTyp)?;
        self.kid = cbor::need(kid, "kid")?;
        Ok(())
    }

    /// Checks that this is an `expected` record signed by `key`, over exactly the bytes received.
    ///
    /// # Errors
    /// Which of kind, key and signature is wrong.
    pub fn verify(&self, expected: Typ, key: &PublicKey) -> Result<(), CoseError> {
        if self.typ != expected {
            return Err(CoseError::WrongTyp {
                found: self.typ,
                expected,
            });
        }
        if self.kid != id::kid(key) {
            return Err(CoseError::WrongKey);
        }
        verify_digest(key, &self.digest(), &self.signature)
    }

    /// Kind of record; not believed before [`Self::verify`].
    #[must_use]
    pub fn typ(&self) -> Typ {
        self.typ
    }

    /// Certificates in the header, signer first, without the root.
    #[must_use]
    pub fn chain(&self) -> &[&'b [u8]] {
        &self.chain[..self.chain_length]
    }

    /// The claims, deterministic CBOR; not believed before [`Self::verify`].
    #[must_use]
    pub fn payload(&self) -> &'b [u8] {
        self.payload
    }

    /// The record's digest: SHA-256 of its Sig_structure.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        digest_of(self.protected, self.payload)
    }
}

/// Reads `x5chain`: one certificate as a byte string, or several as an array (RFC 9360 §2).
fn read_chain<'b>(
    d: &mut cbor::Decoder<'b>,
    chain: &mut [&'b [u8]; CHAIN_MAX],
) -> Result<usize, Malformed> {
    if d.datatype()
        .is_ok_and(|kind| kind == minicbor::data::Type::Bytes)
    {
        chain[0] = cbor::slice(d, CERT_MAX, "x5chain")?;
        return Ok(1);
    }
    let length = cbor::array(d, CHAIN_MAX, "x5chain")?;
    if length < 2 {
        return Err(Malformed::Field("x5chain"));
    }
    for place in &mut chain[..length] {
        *place = cbor::slice(d, CERT_MAX, "x5chain")?;
    }
    Ok(length)
}

/// The one place where a record's ECDSA signature is checked: raw r‖s, low s only.
///
/// # Errors
/// [`CoseError::WrongKey`] if `key` is no point, [`CoseError::HighS`], [`CoseError::BadSignature`].
pub fn verify_digest(
    key: &PublicKey,
    digest: &[u8; 32],
    signature: &[u8; 64],
) -> Result<(), CoseError> {
    let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| CoseError::WrongKey)?;
    let signature = Signature::from_slice(signature).map_err(|_| CoseError::BadSignature)?;
    if signature.normalize_s() != signature {
        return Err(CoseError::HighS);
    }
    key.verify_prehash(digest, &signature)
        .map_err(|_| CoseError::BadSignature)
}
