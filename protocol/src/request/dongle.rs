//! A dongle in a request: what it signed itself, so that nobody takes the host's word for it.

use super::Request;
use crate::array::{Array, Item};
use crate::cbor::{self, Decoder, Encoder, Malformed, Written};
use crate::cert::{self, Anchor, CertError, Role, read_pair};
use crate::cose::{CoseError, Sign1, Typ};
use crate::id::{PublicKey, thumbprint};
use crate::limits::{DONGLE_GRANTS_MAX, GRANT_MAX, PROOF_MAX, RECEIPT_MAX, RECEIPTS_MAX};
use crate::proof::{self, Proof};
use crate::receipt::{self, Evidence, Receipt, TraceError, Traced};
use core::fmt;

/// One dongle. Nothing in it is believed before [`Self::verify`] and [`Self::trace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dongle<'b> {
    /// The certificates of the dongle and of the factory CA, in DER.
    pub chain: [&'b [u8]; 2],
    /// A `request` proof ([`Proof`]) over [`Request::proof_nonce`], if it is plugged in.
    pub proof: Option<&'b [u8]>,
    /// Grants that it holds or that a receipt names: COSE_Sign1 each ([`crate::grant`]).
    pub grants: Array<'b, &'b [u8]>,
    /// Receipts that the host holds of it and that are not settled: COSE_Sign1 each ([`Receipt`]). One of an offline
    /// conversion shows what the composite licence made from it gives; it is never to be redeemed.
    pub receipts: Array<'b, &'b [u8]>,
}

/// What is certain of a dongle. Only [`Dongle::verify`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attested<'b> {
    /// Its serial.
    pub serial: &'b str,
    /// Its key.
    pub key: PublicKey,
    /// Thumbprint of the key.
    pub thumbprint: [u8; 32],
    /// Its state when the request was made, if it was plugged in.
    pub proof: Option<Proof<'b>>,
}

/// Why a dongle in a request was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DongleError {
    /// Its certificates.
    Chain(CertError),
    /// Its proof.
    Proof(CoseError),
    /// The proof is another dongle's than the certificate.
    OtherSerial,
    /// The proof was made for another request, or another host's.
    OtherRequest,
}

impl fmt::Display for DongleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(error) => write!(f, "the dongle's certificate: {error}"),
            Self::Proof(error) => write!(f, "the dongle's proof: {error}"),
            Self::OtherSerial => f.write_str("the proof names another dongle than its certificate"),
            Self::OtherRequest => f.write_str("the dongle's proof was made for another request"),
        }
    }
}

impl core::error::Error for DongleError {}

impl<'b> Dongle<'b> {
    /// Verifies chain and proof up to `anchor`, and that the proof was made for `request`.
    ///
    /// # Errors
    /// [`DongleError`]; nothing inside may be believed then.
    pub fn verify<'a>(
        &self,
        request: &Request<'_>,
        anchor: impl Into<Anchor<'a>>,
    ) -> Result<Attested<'b>, DongleError> {
        let [leaf, factory] = self.chain;
        let dongle = cert::verify_chain(leaf, &[factory], anchor, Role::Dongle, None)
            .map_err(DongleError::Chain)?;
        let (key, serial) = (dongle.public_key(), dongle.serial_number());
        let serial = serial.ok_or(DongleError::Chain(CertError::Name))?;
        let verify = |record| Proof::verify(record, proof::Kind::Request, key);
        let proof = self.proof.map(verify).transpose();
        let proof = proof.map_err(DongleError::Proof)?;
        if proof.is_some_and(|proof| proof.serial != serial) {
            return Err(DongleError::OtherSerial);
        }
        if proof.is_some_and(|proof| proof.nonce != request.proof_nonce()) {
            return Err(DongleError::OtherRequest);
        }
        Ok(Attested {
            serial,
            key: *key,
            thumbprint: thumbprint(key),
            proof,
        })
    }

    /// The grant among [`Self::grants`] that has this digest, as a proof or a receipt says it.
    #[must_use]
    pub fn grant(&self, digest: &[u8; 32]) -> Option<&'b [u8]> {
        self.grants.iter().find(|grant| {
            Sign1::parse(grant, GRANT_MAX).is_ok_and(|grant| grant.digest() == *digest)
        })
    }

    /// Traces one of [`Self::receipts`], of whatever kind, up to `anchor` ([`Evidence::verify`]). The kind is in what
    /// comes back with it; only the desk's own two are to be redeemed.
    ///
    /// # Errors
    /// [`TraceError`]; nothing inside may be believed then.
    pub fn trace<'a>(
        &self,
        receipt: &'b [u8],
        anchor: impl Into<Anchor<'a>>,
    ) -> Result<(receipt::Kind, Traced<'b>), TraceError> {
        let sign1 = Sign1::parse(receipt, RECEIPT_MAX).map_err(TraceError::Receipt)?;
        let kind = receipt::Kind::from_typ(sign1.typ()).ok_or({
            TraceError::Receipt(CoseError::WrongTyp {
                found: sign1.typ(),
                expected: Typ::DeskReceipt,
            })
        })?;
        let named = Receipt::grant_named(&sign1).map_err(TraceError::Receipt)?;
        let evidence = Evidence {
            receipt,
            grant: self.grant(&named).ok_or(TraceError::NoGrant)?,
            chain: self.chain,
        };
        Ok((kind, evidence.verify(kind, anchor)?))
    }
}

impl<'b> Item<'b> for Dongle<'b> {
    fn encode(&self, e: &mut Encoder<'_>) -> Written {
        let [leaf, factory] = self.chain;
        e.array(4)?.array(2)?.bytes(leaf)?.bytes(factory)?;
        match self.proof {
            Some(proof) => e.bytes(proof)?,
            None => e.null()?,
        };
        self.grants.encode(e)?;
        self.receipts.encode(e)
    }

    fn decode(d: &mut Decoder<'b>) -> Result<Self, Malformed> {
        cbor::tuple(d, 4, "dongle")?;
        let any = |_: &&[u8], _: &&[u8]| true;
        Ok(Self {
            chain: read_pair(d)?,
            proof: cbor::maybe(d, |d| cbor::slice(d, PROOF_MAX, "proof"))?,
            grants: Array::decode(d, DONGLE_GRANTS_MAX, "grants", any)?,
            receipts: Array::decode(d, RECEIPTS_MAX, "receipts", any)?,
        })
    }
}
