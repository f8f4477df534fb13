//! Writing a COSE_Sign1, whoever holds the key.

use super::{ALG, ES256, KID, TAG, TYP, Typ, X5CHAIN};
use crate::cbor::{self, Full};
use crate::id::{self, PublicKey};
use crate::limits::{CERT_MAX, CHAIN_MAX};
use sha2::{Digest, Sha256};

/// Longest protected header: two certificates, their heads, the small parameters.
const HEADER_MAX: usize = CHAIN_MAX * CERT_MAX + 96;

/// What goes into the protected header.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// Kind of record.
    pub typ: Typ,
    /// The signer's key.
    pub key: &'a PublicKey,
    /// Certificates, signer first, without the root; empty where the reader has them.
    pub chain: &'a [&'a [u8]],
}

/// Writes the record of `payload` into `out` and returns its length. `sign` gets the record's digest
/// (SHA-256 of the Sig_structure) and returns r‖s with low s.
///
/// # Errors
/// What `sign` returned, or [`Full`] as its error type takes it.
pub fn assemble<E: From<Full>>(
    out: &mut [u8],
    header: &Header<'_>,
    payload: &[u8],
    sign: impl FnOnce(&[u8; 32]) -> Result<[u8; 64], E>,
) -> Result<usize, E> {
    let mut buffer = [0; HEADER_MAX];
    let length = write_header(&mut buffer, header)?;
    let protected = &buffer[..length];
    let signature = sign(&digest_of(protected, payload))?;
    Ok(cbor::write(out, |e| {
        e.tag(minicbor::data::Tag::new(TAG))?
            .array(4)?
            .bytes(protected)?
            .map(0)?;
        e.bytes(payload)?.bytes(&signature)?.ok()
    })?)
}

fn write_header(out: &mut [u8], header: &Header<'_>) -> Result<usize, Full> {
    cbor::write(out, |e| {
        e.map(3 + u64::from(!header.chain.is_empty()))?
            .i64(ALG)?
            .i64(ES256)?;
        e.i64(KID)?.bytes(&id::kid(header.key))?;
        e.i64(TYP)?.str(header.typ.media_type())?;
        match header.chain {
            [] => return Ok(()),
            [only] => return e.i64(X5CHAIN)?.bytes(only)?.ok(),
            several => e.i64(X5CHAIN)?.array(several.len() as u64)?,
        };
        for certificate in header.chain {
            e.bytes(certificate)?;
        }
        Ok(())
    })
}

/// SHA-256 of the Sig_structure (RFC 9052 §4.4) without external data.
#[must_use]
pub fn digest_of(protected: &[u8], payload: &[u8]) -> [u8; 32] {
    // ["Signature1", protected, h'', payload]
    let mut hash = Sha256::new();
    hash.update(b"\x84\x6ASignature1");
    cbor::bytes_head(protected.len(), |head| hash.update(head));
    hash.update(protected);
    hash.update([0x40]);
    cbor::bytes_head(payload.len(), |head| hash.update(head));
    hash.update(payload);
    hash.finalize().into()
}
