//! What an object in a file is.

use super::Sin;
use crate::armour::Label;
use crate::cbor;
use crate::cert::Crl;
use crate::composite::Composite;
use crate::cose::{Sign1, Typ};
use crate::limits::OBJECT_MAX;
use crate::trust::TrustBundle;
use crate::{proof, receipt};

/// Kind of an object, as its content says; nothing in it has been believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A product profile ([`crate::profile`]).
    Profile,
    /// A grant ([`crate::grant`]).
    Grant,
    /// A software licence from the desk ([`crate::licence`]).
    Licence,
    /// A software licence from a dongle ([`crate::composite`]).
    Composite,
    /// A host's request ([`crate::request`]).
    Request,
    /// A receipt ([`crate::receipt`]).
    Receipt(receipt::Kind),
    /// A proof ([`crate::proof`]).
    Proof(proof::Kind),
    /// An instruction to a dongle ([`crate::instruction`]).
    Instruction,
    /// A time token ([`crate::time`]).
    Time,
    /// A revocation list of dongles ([`crate::revocation`]).
    Revocation,
    /// A trust bundle ([`crate::trust`]).
    TrustBundle,
    /// The root's revocation list of CAs and issuers ([`crate::cert::Crl`]).
    Crl,
}

impl Kind {
    /// Word for people and for the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Grant => "grant",
            Self::Licence => "licence",
            Self::Composite => "composite-licence",
            Self::Request => "request",
            Self::Receipt(receipt::Kind::ConvertOffline) => "convert-offline-receipt",
            Self::Receipt(receipt::Kind::ConvertDesk) => "convert-desk-receipt",
            Self::Receipt(receipt::Kind::Retire) => "retire-receipt",
            Self::Proof(proof::Kind::Open) => "open-proof",
            Self::Proof(proof::Kind::Attest) => "attest-proof",
            Self::Proof(proof::Kind::Request) => "request-proof",
            Self::Proof(proof::Kind::State) => "state-proof",
            Self::Instruction => "instruction",
            Self::Time => "time-token",
            Self::Revocation => "revocation-list",
            Self::TrustBundle => "trust-bundle",
            Self::Crl => "certificate-revocation-list",
        }
    }

    /// The label of its armour.
    #[must_use]
    pub const fn label(self) -> Label {
        match self {
            Self::Profile => Label::Profile,
            Self::Grant => Label::Grant,
            Self::Licence | Self::Composite => Label::Licence,
            Self::Request => Label::Request,
            Self::Receipt(_) => Label::Receipt,
            Self::Proof(_) => Label::Proof,
            Self::Instruction => Label::Instruction,
            Self::Time => Label::Time,
            Self::Revocation => Label::Revocation,
            Self::TrustBundle => Label::TrustBundle,
            Self::Crl => Label::Crl,
        }
    }

    const fn of(typ: Typ) -> Self {
        match typ {
            Typ::Profile => Self::Profile,
            Typ::Grant => Self::Grant,
            Typ::Licence => Self::Licence,
            Typ::Request => Self::Request,
            Typ::OfflineReceipt => Self::Receipt(receipt::Kind::ConvertOffline),
            Typ::DeskReceipt => Self::Receipt(receipt::Kind::ConvertDesk),
            Typ::RetireReceipt => Self::Receipt(receipt::Kind::Retire),
            Typ::OpenProof => Self::Proof(proof::Kind::Open),
            Typ::AttestProof => Self::Proof(proof::Kind::Attest),
            Typ::RequestProof => Self::Proof(proof::Kind::Request),
            Typ::StateProof => Self::Proof(proof::Kind::State),
            Typ::Instruction => Self::Instruction,
            Typ::Time => Self::Time,
            Typ::Revocation => Self::Revocation,
        }
    }

    /// What `bytes` are: a record by its media type, an envelope by its fields, a list of certificates by its form.
    pub(super) fn sniff(bytes: &[u8]) -> Result<Self, Sin> {
        if bytes.first() == Some(&DER) {
            return Crl::parse(bytes)
                .map(|_| Self::Crl)
                .map_err(|_| Sin::Unknown);
        }
        match bytes.first().map(|initial| initial >> 5) {
            Some(MAP) if Composite::decode(bytes).is_ok() => Ok(Self::Composite),
            Some(MAP) if TrustBundle::decode(bytes).is_ok() => Ok(Self::TrustBundle),
            Some(TAG) => match Sign1::parse(bytes, OBJECT_MAX) {
                Ok(record) => Ok(Self::of(record.typ())),
                Err(error) => Err(Sin::Record(error)),
            },
            _ => match cbor::check(bytes) {
                Ok(()) => Err(Sin::Unknown),
                Err(malformed) => Err(Sin::Malformed(malformed)),
            },
        }
    }
}

/// First byte of a SEQUENCE in DER; in CBOR a lone negative number, which no object of ours is.
pub(super) const DER: u8 = 0x30;

/// Major types of CBOR (RFC 8949 §3.1).
const MAP: u8 = 5;
const TAG: u8 = 6;
