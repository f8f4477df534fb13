//! Records that are wrong in one way and signed by the issuer all the same.

use coset::{CoseSign1Builder, HeaderBuilder, TaggedCborSerializable, cbor::Value, iana};
use p256::ecdsa::Signature;
use sha2::{Digest, Sha256};
use tallykey_protocol::{cose::Typ, id::kid};
use tallykey_signing::Signer;

use crate::{pki::Pki, records::grant};

/// Claims, to be bent.
pub(crate) type Claims = Vec<(Value, Value)>;

/// How they are bent.
pub(crate) type Bend = fn(&mut Claims);

/// Writes records with coset, which knows nothing of our rules, signed by the issuer.
pub(crate) struct Forger<'a> {
    pki: &'a Pki,
    typ: Typ,
    payload: Vec<u8>,
}

impl<'a> Forger<'a> {
    pub(crate) fn new(pki: &'a Pki) -> Self {
        let mut payload = vec![0; 4096];
        let length = grant(pki).encode(&mut payload).unwrap();
        payload.truncate(length);
        Self::of(pki, Typ::Grant, payload)
    }

    /// Records with these claims.
    pub(crate) fn of(pki: &'a Pki, typ: Typ, payload: Vec<u8>) -> Self {
        Self { pki, typ, payload }
    }

    /// With other claims, in deterministic encoding.
    pub(crate) fn claims(&self, bend: impl FnOnce(&mut Claims)) -> Vec<u8> {
        let mut claims: Value = coset::cbor::from_reader(&self.payload[..]).unwrap();
        bend(claims.as_map_mut().unwrap());
        let mut payload = Vec::new();
        coset::cbor::into_writer(&claims, &mut payload).unwrap();
        let header = self.headers(self.typ.media_type(), true);
        self.write(header, &payload, |b| b, |s| s)
    }

    pub(crate) fn good(&self) -> Vec<u8> {
        self.header(|header| header)
    }

    pub(crate) fn typ(&self, typ: &str) -> Vec<u8> {
        self.write(self.headers(typ, true), &self.payload, |b| b, |s| s)
    }

    pub(crate) fn bare(&self) -> Vec<u8> {
        let header = self.headers(self.typ.media_type(), false);
        self.write(header, &self.payload, |b| b, |s| s)
    }

    pub(crate) fn header(&self, bend: impl FnOnce(HeaderBuilder) -> HeaderBuilder) -> Vec<u8> {
        let header = bend(self.headers(self.typ.media_type(), true));
        self.write(header, &self.payload, |b| b, |s| s)
    }

    pub(crate) fn unprotected(&self) -> Vec<u8> {
        let header = self.headers(self.typ.media_type(), true);
        let extra = HeaderBuilder::new().key_id(vec![1]).build();
        self.write(header, &self.payload, |b| b.unprotected(extra), |s| s)
    }

    pub(crate) fn high_s(&self) -> Vec<u8> {
        let header = self.headers(self.typ.media_type(), true);
        self.write(
            header,
            &self.payload,
            |b| b,
            |low| {
                let (r, s) = low.split_scalars();
                Signature::from_scalars(r, -s).unwrap()
            },
        )
    }

    pub(crate) fn payload(&self, bend: fn(&mut Vec<u8>)) -> Vec<u8> {
        let mut payload = self.payload.clone();
        bend(&mut payload);
        let header = self.headers(self.typ.media_type(), true);
        self.write(header, &payload, |b| b, |s| s)
    }

    fn headers(&self, typ: &str, chain: bool) -> HeaderBuilder {
        let header = HeaderBuilder::new()
            .algorithm(iana::Algorithm::ES256)
            .key_id(kid(&self.pki.issuer_key.public_key()).to_vec())
            .value(16, Value::Text(typ.into()));
        match chain {
            true => header.value(33, Value::Bytes(self.pki.issuer.clone())),
            false => header,
        }
    }

    fn write(
        &self,
        header: HeaderBuilder,
        payload: &[u8],
        bend: impl FnOnce(CoseSign1Builder) -> CoseSign1Builder,
        bend_signature: impl FnOnce(Signature) -> Signature,
    ) -> Vec<u8> {
        let key = &self.pki.issuer_key;
        let builder = CoseSign1Builder::new()
            .protected(header.build())
            .payload(payload.to_vec())
            .create_signature(&[], |message| {
                let raw = key.sign(&Sha256::digest(message).into()).unwrap();
                let signature = bend_signature(Signature::from_slice(&raw).unwrap());
                signature.to_bytes().to_vec()
            });
        bend(builder).build().to_tagged_vec().unwrap()
    }
}

/// The last claim, an empty project label, once more.
pub(crate) fn claim_twice(payload: &mut Vec<u8>) {
    let last = payload[payload.len() - 6..].to_vec();
    assert_eq!(last, [0x3a, 0x00, 0x01, 0x00, 0x0a, 0x60]);
    payload[0] += 1;
    payload.extend(last);
}

pub(crate) fn indefinite(payload: &mut Vec<u8>) {
    payload[0] = 0xbf;
    payload.push(0xff);
}

/// The first key, 1, in two bytes.
pub(crate) fn not_shortest(payload: &mut Vec<u8>) {
    assert_eq!(payload[1], 1);
    payload.splice(1..2, [0x18, 1]);
}

/// The value of the claim `key`.
pub(crate) fn claim(claims: &mut Claims, key: i64) -> &mut Value {
    let found = claims.iter_mut().find(|(k, _)| *k == Value::from(key));
    &mut found.unwrap().1
}

/// Takes the claim `key` away.
pub(crate) fn drop_claim(claims: &mut Claims, key: i64) {
    claims.retain(|(k, _)| *k != Value::from(key));
}
