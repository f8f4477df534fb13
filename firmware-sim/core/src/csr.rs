//! The certification request of `make-key`: PKCS#10 (RFC 2986), signed by the new key.

use crate::key::DongleKey;
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, PrintableStringRef, UintRef};
use der::{Encode, ErrorKind, SliceWriter, Tag, TagNumber};
use sha2::{Digest, Sha256};

/// id-ecPublicKey (RFC 5480 §2.1.1).
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// secp256r1.
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// ecdsa-with-SHA256 (RFC 5758 §3.2).
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
/// serialNumber of a name (X.520).
const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");
/// challengePassword (RFC 2985 §5.4.1).
const CHALLENGE_PASSWORD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.7");

/// Room for the largest part of a request; a whole one is about 270 bytes.
const PART_MAX: usize = 320;

/// Writes the request for `key` into `out` and returns its length. The subject is the chip id: the serial
/// is the factory's to give. The station's `nonce` is the challengePassword.
pub(crate) fn write(key: &DongleKey, chip_id: [u8; 8], nonce: [u8; 16], out: &mut [u8]) -> der::Result<usize> {
    let chip_id: [u8; 16] = hex(&chip_id);
    let nonce: [u8; 32] = hex(&nonce);

    let name = Part::of(&SERIAL_NUMBER)?.and(&PrintableStringRef::new(&chip_id)?)?;
    let name = name.wrap(Tag::Sequence)?.wrap(Tag::Set)?.wrap(Tag::Sequence)?;
    let algorithm = Part::of(&EC_PUBLIC_KEY)?.and(&P256)?.wrap(Tag::Sequence)?;
    let spki = algorithm.and(&BitStringRef::from_bytes(key.public())?)?.wrap(Tag::Sequence)?;
    let value = Part::of(&PrintableStringRef::new(&nonce)?)?.wrap(Tag::Set)?;
    let attribute = Part::of(&CHALLENGE_PASSWORD)?.and(&value)?.wrap(Tag::Sequence)?;
    let attributes = attribute.wrap(Tag::ContextSpecific { constructed: true, number: TagNumber(0) })?;
    let info = Part::of(&UintRef::new(&[0])?)?.and(&name)?.and(&spki)?.and(&attributes)?.wrap(Tag::Sequence)?;

    let raw = key.sign(&Sha256::digest(info.as_bytes()).into()).ok_or(ErrorKind::Failed)?;
    let signature = signature(&raw)?;
    let algorithm = Part::of(&ECDSA_SHA256)?.wrap(Tag::Sequence)?;
    let request = info.and(&algorithm)?.and(&BitStringRef::from_bytes(signature.as_bytes())?)?;
    let request = request.wrap(Tag::Sequence)?;
    request.encode_to_slice(out).map(<[u8]>::len)
}

/// Ecdsa-Sig-Value (RFC 5480 Appendix A) of a raw signature.
fn signature(raw: &[u8; 64]) -> der::Result<Part> {
    let (r, s) = raw.split_at(32);
    Part::of(&UintRef::new(r)?)?.and(&UintRef::new(s)?)?.wrap(Tag::Sequence)
}

/// DER built from the inside outwards, because every length stands before what it counts.
struct Part {
    bytes: [u8; PART_MAX],
    len: usize,
}

impl Part {
    fn of(value: &impl Encode) -> der::Result<Self> {
        Self { bytes: [0; PART_MAX], len: 0 }.and(value)
    }

    fn and(mut self, value: &impl Encode) -> der::Result<Self> {
        let mut writer = SliceWriter::new(&mut self.bytes[self.len..]);
        value.encode(&mut writer)?;
        self.len += writer.finish()?.len();
        Ok(self)
    }

    fn wrap(self, tag: Tag) -> der::Result<Self> {
        Self::of(&AnyRef::new(tag, self.as_bytes())?)
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// A part is DER already.
impl Encode for Part {
    fn encoded_len(&self) -> der::Result<der::Length> {
        self.len.try_into()
    }

    fn encode(&self, writer: &mut impl der::Writer) -> der::Result<()> {
        writer.write(self.as_bytes())
    }
}

fn hex<const N: usize>(bytes: &[u8]) -> [u8; N] {
    core::array::from_fn(|n| {
        let nibble = bytes.get(n / 2).copied().unwrap_or(0) >> (4 - 4 * (n % 2)) & 15;
        b"0123456789abcdef"[usize::from(nibble)]
    })
}
