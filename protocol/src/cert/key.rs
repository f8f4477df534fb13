//! The one key type and the one signature algorithm, as X.509 and PKCS#10 write them.

use der::{
    Reader, SliceReader,
    asn1::{BitStringRef, ObjectIdentifier, UintRef},
};
use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier};

use super::{CertError, oid};

/// AlgorithmIdentifier of ecdsa-with-SHA256; RFC 5758 §3.2 forbids parameters, so these are all its bytes.
pub(super) const ECDSA_WITH_SHA256: [u8; 12] = [
    0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,
];

/// A SubjectPublicKeyInfo and the key in it, known to be a point of the curve.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a> {
    pub(super) point: &'a [u8; 65],
    verifying: VerifyingKey,
}

impl<'a> Key<'a> {
    pub(super) fn read(spki: &'a [u8]) -> Result<Self, CertError> {
        let mut reader = SliceReader::new(spki)?;
        let bits = reader.sequence(|r| {
            let named = r.sequence(|r| {
                let algorithm: ObjectIdentifier = r.decode()?;
                if algorithm != oid::EC_PUBLIC_KEY {
                    // Parameters of other algorithms have other shapes: leave before reading them.
                    return Err(CertError::PublicKey);
                }
                Ok(r.decode::<ObjectIdentifier>()? == oid::PRIME256V1)
            })?;
            if !named {
                return Err(CertError::PublicKey);
            }
            Ok(r.decode::<BitStringRef<'a>>()?)
        })?;
        reader.finish()?;
        let point: &[u8; 65] = bits
            .as_bytes()
            .and_then(|bytes| bytes.try_into().ok())
            .filter(|bytes: &&[u8; 65]| bytes[0] == 0x04)
            .ok_or(CertError::PublicKey)?;
        let verifying = VerifyingKey::from_sec1_bytes(point).map_err(|_| CertError::PublicKey)?;
        Ok(Self { point, verifying })
    }

    /// A high s is taken here, unlike in our records: X.509 does not forbid it, a root made apart with
    /// stock tools has it half the time, and nothing of ours is identified by a certificate's digest.
    pub(super) fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), CertError> {
        self.verifying
            .verify(message, signature)
            .map_err(|_| CertError::Signature)
    }
}

/// What X.509 and PKCS#10 share (RFC 5280 §4.1, RFC 2986 §4): bytes, algorithm, signature.
#[derive(Clone, Copy)]
pub(super) struct Signed<'a> {
    pub(super) body: &'a [u8],
    pub(super) algorithm: &'a [u8],
    pub(super) signature: Signature,
}

impl<'a> Signed<'a> {
    pub(super) fn read(der: &'a [u8]) -> Result<Self, CertError> {
        let mut reader = SliceReader::new(der)?;
        let (body, algorithm, bits) = reader.sequence(|r| {
            let body = r.tlv_bytes()?;
            let algorithm = r.tlv_bytes()?;
            let bits: BitStringRef<'a> = r.decode()?;
            Ok::<_, CertError>((body, algorithm, bits))
        })?;
        reader.finish()?;
        let signature = read_signature(bits.as_bytes().ok_or(CertError::Signature)?)?;
        Ok(Self {
            body,
            algorithm,
            signature,
        })
    }
}

/// ECDSA-Sig-Value (RFC 3279 §2.2.3).
fn read_signature(der: &[u8]) -> Result<Signature, CertError> {
    let mut reader = SliceReader::new(der)?;
    let (r, s) = reader.sequence(|reader| {
        let r: UintRef<'_> = reader.decode()?;
        let s: UintRef<'_> = reader.decode()?;
        Ok::<_, CertError>((scalar(r)?, scalar(s)?))
    })?;
    reader.finish()?;
    Signature::from_scalars(r, s).map_err(|_| CertError::Signature)
}

fn scalar(value: UintRef<'_>) -> Result<[u8; 32], CertError> {
    let bytes = value.as_bytes();
    let mut padded = [0; 32];
    let start = padded
        .len()
        .checked_sub(bytes.len())
        .ok_or(CertError::Signature)?;
    padded[start..].copy_from_slice(bytes);
    Ok(padded)
}

#[cfg(test)]
mod tests;
