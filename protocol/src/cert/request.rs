//! PKCS#10 (RFC 2986): how a dongle asks the station to certify the key it has just made.
//!
//! The station's nonce stands in it as challengePassword (RFC 2985 §5.4.1), in hexadecimal, so that a
//! request kept from an earlier run is refused.

use der::{
    Encode, Reader, SliceReader, Tag, TagMode, TagNumber, Tagged,
    asn1::{AnyRef, BitStringRef, ObjectIdentifier, PrintableStringRef, SequenceRef, UintRef},
};

use sha2::{Digest, Sha256};

use super::{
    CertError,
    encode::{Raw, sequence, tlv},
    key::{ECDSA_WITH_SHA256, Key, Signed},
    name::Name,
    oid,
};
use crate::{
    id::SPKI_HEAD,
    limits::{CERT_MAX, NONCE_MAX},
};

/// Why no request was made.
#[derive(Debug)]
pub enum RequestError<E> {
    /// Chip id or nonce too long or not plain text, or the buffer too small.
    Encode(CertError),
    /// The key did not sign.
    Sign(E),
}

/// Writes a CertificationRequest for `public_key` into `out` and returns its length.
///
/// `chip_id` becomes the subject's CN (empty: an empty subject). `sign` gets the
/// SHA-256 of the CertificationRequestInfo and answers with its ECDSA P-256 signature, raw r‖s.
///
/// # Errors
/// [`RequestError`].
pub fn write_request<E>(
    out: &mut [u8],
    chip_id: &str,
    public_key: &[u8; 65],
    nonce: &[u8],
    sign: impl FnOnce(&[u8; 32]) -> Result<[u8; 64], E>,
) -> Result<usize, RequestError<E>> {
    let mut hex = [0; 2 * NONCE_MAX];
    let challenge = to_hex(nonce, &mut hex).map_err(RequestError::Encode)?;
    let info = info(chip_id, public_key, challenge).map_err(RequestError::Encode)?;
    let signature = {
        let message = info.encode_to_slice(out).map_err(full)?;
        sign(&Sha256::digest(message).into()).map_err(RequestError::Sign)?
    };
    // The message is written once more inside its wrapper: shorter than moving bytes about in `out`.
    let length = wrap(info, &signature, out).map_err(full)?;
    Ok(length)
}

/// A verified request: whoever made it holds the key, and made it for this nonce.
#[derive(Clone, Copy, Debug)]
pub struct CertificationRequest<'a> {
    public_key: &'a [u8; 65],
    chip_id: Option<&'a str>,
}

impl<'a> CertificationRequest<'a> {
    /// Reads a request that fills `der` exactly, and verifies its signature and that it answers `nonce`.
    ///
    /// # Errors
    /// [`CertError`]; [`CertError::Challenge`] for another nonce or an attribute that we do not ask for.
    pub fn verify(der: &'a [u8], nonce: &[u8]) -> Result<Self, CertError> {
        if der.len() > CERT_MAX {
            return Err(CertError::TooLong {
                length: der.len(),
                limit: CERT_MAX,
            });
        }
        let signed = Signed::read(der)?;
        if signed.algorithm != ECDSA_WITH_SHA256 {
            return Err(CertError::Algorithm);
        }
        let mut reader = SliceReader::new(signed.body)?;
        let (name, key, challenge) = reader.sequence(|r| {
            if r.decode::<u8>()? != 0 {
                return Err(CertError::Version);
            }
            let name = Name::read(r.tlv_bytes()?)?;
            let key = Key::read(r.tlv_bytes()?)?;
            let attribute = attributes(r)?.ok_or(CertError::Challenge)?;
            Ok((name, key, attribute))
        })?;
        reader.finish()?;
        key.verify(signed.body, &signed.signature)?;

        let mut hex = [0; 2 * NONCE_MAX];
        if challenge != to_hex(nonce, &mut hex)? {
            return Err(CertError::Challenge);
        }
        Ok(Self {
            public_key: key.point,
            chip_id: name.common_name,
        })
    }

    /// The key to certify, as an uncompressed point.
    pub fn public_key(&self) -> &'a [u8; 65] {
        self.public_key
    }

    /// The chip that made the key, if it names itself.
    pub fn chip_id(&self) -> Option<&'a str> {
        self.chip_id
    }
}

fn full<E>(source: der::Error) -> RequestError<E> {
    RequestError::Encode(match source.kind() {
        der::ErrorKind::Overlength | der::ErrorKind::Incomplete { .. } => CertError::Full,
        _ => CertError::Malformed { source },
    })
}

/// CertificationRequestInfo (RFC 2986 §4.1).
fn info<'a>(
    chip_id: &'a str,
    public_key: &'a [u8; 65],
    challenge: &'a str,
) -> Result<impl Encode + use<'a>, CertError> {
    let common_name = match chip_id {
        "" => None,
        text => {
            let text = PrintableStringRef::new(text).map_err(|_| CertError::Name)?;
            Some(tlv(Tag::Set, (sequence((oid::COMMON_NAME, text)),)))
        }
    };
    let challenge = PrintableStringRef::new(challenge)?;
    let attribute = sequence((oid::CHALLENGE_PASSWORD, tlv(Tag::Set, (challenge,))));
    Ok(sequence((
        0u8,
        sequence((common_name,)),
        Spki(public_key),
        tlv(ATTRIBUTES, (attribute,)),
    )))
}

/// CertificationRequest (RFC 2986 §4.2).
fn wrap(info: impl Encode, signature: &[u8; 64], out: &mut [u8]) -> der::Result<usize> {
    let (r, s) = signature.split_at(32);
    let value = sequence((UintRef::new(r)?, UintRef::new(s)?));
    // Two integers of at most 33 bytes with their headers.
    let mut buffer = [0; 72];
    let bits = BitStringRef::from_bytes(value.encode_to_slice(&mut buffer)?)?;
    let request = sequence((info, Raw(&ECDSA_WITH_SHA256), bits));
    Ok(request.encode_to_slice(out)?.len())
}

/// `attributes [0] IMPLICIT SET OF Attribute`.
const ATTRIBUTES: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(0),
};

/// The one attribute we ask for; anything beside it is a request for something else.
fn attributes<'a>(r: &mut SliceReader<'a>) -> Result<Option<&'a str>, CertError> {
    // A SET OF one element has a SEQUENCE's shape under the implicit tag.
    let Some(set) = r.context_specific::<&SequenceRef>(TagNumber(0), TagMode::Implicit)? else {
        return Ok(None);
    };
    let mut reader = SliceReader::new(set.as_bytes())?;
    let challenge = reader.sequence(|r| {
        if r.decode::<ObjectIdentifier>()? != oid::CHALLENGE_PASSWORD {
            return Err(CertError::Challenge);
        }
        let values: AnyRef<'a> = r.decode()?;
        if values.tag() != Tag::Set {
            return Err(CertError::Challenge);
        }
        let mut reader = SliceReader::new(values.value())?;
        let challenge: PrintableStringRef<'a> = reader.decode()?;
        reader.finish()?;
        Ok(challenge.as_str())
    })?;
    reader.finish()?;
    Ok(Some(challenge))
}

struct Spki<'a>(&'a [u8; 65]);

impl Encode for Spki<'_> {
    fn encoded_len(&self) -> der::Result<der::Length> {
        (SPKI_HEAD.len() + self.0.len()).try_into()
    }

    fn encode(&self, writer: &mut impl der::Writer) -> der::Result<()> {
        writer.write(&SPKI_HEAD)?;
        writer.write(self.0)
    }
}

fn to_hex<'o>(bytes: &[u8], out: &'o mut [u8; 2 * NONCE_MAX]) -> Result<&'o str, CertError> {
    let out = out.get_mut(..2 * bytes.len()).ok_or(CertError::Challenge)?;
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair[0] = HEX[usize::from(byte >> 4)];
        pair[1] = HEX[usize::from(byte & 15)];
    }
    core::str::from_utf8(out).map_err(|_| CertError::Challenge)
}

const HEX: &[u8; 16] = b"0123456789abcdef";
