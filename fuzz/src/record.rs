//! Signed records: container, claims, armour.

use super::vendor;
use p256::ecdsa::Signature;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use tallykey_protocol::armour::{self, Label};
use tallykey_protocol::cbor::Full;
use tallykey_protocol::cert::Certificate;
use tallykey_protocol::composite::Composite;
use tallykey_protocol::cose::{Header, Sign1, Typ, assemble};
use tallykey_protocol::file::Objects;
use tallykey_protocol::grant::Grant;
use tallykey_protocol::id::PublicKey;
use tallykey_protocol::instruction::Instruction;
use tallykey_protocol::licence::Licence;
use tallykey_protocol::limits::{PROFILE_MAX, PROOF_MAX, RECEIPT_MAX, REQUEST_MAX};
use tallykey_protocol::profile::Profile;
use tallykey_protocol::proof::{Kind, Proof};
use tallykey_protocol::receipt::{self, Receipt};
use tallykey_protocol::request::Request;
use tallykey_protocol::revocation::RevocationList;
use tallykey_protocol::time::TimeToken;
use tallykey_protocol::trust::TrustBundle;

/// The first byte says whether the rest is a whole record or file, or the claims of a record of one kind.
pub fn record(data: &[u8]) {
    let Some((mode, bytes)) = data.split_first() else {
        return;
    };
    match Typ::ALL.get(usize::from(*mode)) {
        Some(typ) => claims(*typ, bytes),
        None => file(bytes),
    }
}

fn file(bytes: &[u8]) {
    // Whatever it is: what can be read as a record is not longer than one may be, and no signature of ours.
    if let Ok(record) = Sign1::parse(bytes, PROFILE_MAX) {
        assert!(bytes.len() <= PROFILE_MAX && record.payload().len() < bytes.len());
        let (_, key) = dongle_key();
        for typ in Typ::ALL {
            assert!(
                record.verify(typ, &key).is_err(),
                "a signature without the key"
            );
        }
    }
    if let Ok(bundle) = TrustBundle::decode(bytes) {
        let mut out = vec![0; bytes.len()];
        let length = bundle.encode(&mut out).expect("as long as it was");
        assert_eq!(out[..length], *bytes);
    }
    for label in Label::ALL {
        let mut out = [0; PROFILE_MAX];
        if let Ok(inside) = armour::single(bytes, label, &mut out) {
            assert!(inside.len() <= bytes.len());
        }
    }
    let (mut objects, mut out, mut inside) = (Objects::new(bytes), [0; PROFILE_MAX], 0);
    while let Some(object) = objects.next(&mut out) {
        inside += object.map_or(1, |object| object.bytes.len());
        assert!(inside <= bytes.len(), "more comes out than went in");
    }
    let root = Certificate::parse(vendor().root_certificate()).expect("our own root");
    let _ = Grant::verify(bytes, &root);
    let _ = Profile::verify(bytes, &root);
    let _ = Instruction::verify(bytes, &root);
    let _ = TimeToken::verify(bytes, &root);
    let _ = Licence::verify(bytes, &root);
    let _ = RevocationList::verify(bytes, &root);
    if let Ok(composite) = Composite::decode(bytes) {
        let mut out = vec![0; bytes.len()];
        let length = composite.encode(&mut out).expect("as long as it was");
        assert_eq!(out[..length], *bytes);
        let _ = Composite::verify(bytes, &root);
    }
}

/// Claims that were signed, so that reading them is reached. A dongle's key may sign no grant and no profile.
fn claims(typ: Typ, bytes: &[u8]) {
    let (signing, key) = dongle_key();
    let header = Header {
        typ,
        key: &key,
        chain: &[],
    };
    let mut out = vec![0; bytes.len() + 256];
    let signed = assemble(&mut out, &header, bytes, |digest| {
        let signature: Signature = signing.sign_prehash(digest).map_err(|_| Full)?;
        Ok::<_, Full>(signature.normalize_s().to_bytes().into())
    });
    let Ok(length) = signed else {
        panic!("there is room for the container");
    };
    let record = &out[..length];
    let root = Certificate::parse(vendor().root_certificate()).expect("our own root");
    match typ {
        Typ::Grant => assert!(Grant::verify(record, &root).is_err()),
        Typ::Profile => assert!(Profile::verify(record, &root).is_err()),
        Typ::OpenProof => proof(record, Kind::Open, bytes, &key),
        Typ::AttestProof => proof(record, Kind::Attest, bytes, &key),
        Typ::RequestProof => proof(record, Kind::Request, bytes, &key),
        Typ::StateProof => proof(record, Kind::State, bytes, &key),
        Typ::OfflineReceipt => receipt(record, receipt::Kind::ConvertOffline, bytes, &key),
        Typ::DeskReceipt => receipt(record, receipt::Kind::ConvertDesk, bytes, &key),
        Typ::RetireReceipt => receipt(record, receipt::Kind::Retire, bytes, &key),
        Typ::Instruction => assert!(Instruction::verify(record, &root).is_err()),
        Typ::Time => assert!(TimeToken::verify(record, &root).is_err()),
        Typ::Revocation => assert!(RevocationList::verify(record, &root).is_err()),
        // Who holds the key may say whatever has the form.
        Typ::Request => request(record, bytes),
        Typ::Licence => assert!(Licence::verify(record, &root).is_err()),
    }
}

/// Claims have one form: what is read is written as it was.
fn receipt(record: &[u8], kind: receipt::Kind, claims: &[u8], key: &PublicKey) {
    let Ok((receipt, _)) = Receipt::verify(record, kind, key) else {
        return;
    };
    assert!(record.len() <= RECEIPT_MAX);
    let mut out = vec![0; claims.len()];
    let length = receipt.encode(&mut out).expect("as long as it was");
    assert_eq!(out[..length], *claims);
}

/// As [`receipt`]; whatever dongles it brings, none of them signed it.
fn request(record: &[u8], claims: &[u8]) {
    let Ok((request, _)) = Request::verify(record) else {
        return;
    };
    assert!(record.len() <= REQUEST_MAX);
    let mut out = vec![0; claims.len()];
    let length = request.encode(&mut out).expect("as long as it was");
    assert_eq!(out[..length], *claims);
    let root = Certificate::parse(vendor().root_certificate()).expect("our own root");
    for dongle in request.dongles {
        let _ = dongle.verify(&request, &root);
        for receipt in dongle.receipts {
            let _ = dongle.trace(receipt, &root);
        }
    }
}

/// As [`receipt`].
fn proof(record: &[u8], kind: Kind, claims: &[u8], key: &PublicKey) {
    let Ok(proof) = Proof::verify(record, kind, key) else {
        return;
    };
    assert!(record.len() <= PROOF_MAX);
    let mut out = vec![0; claims.len()];
    let length = proof.encode(&mut out).expect("as long as it was");
    assert_eq!(out[..length], *claims);
}

fn dongle_key() -> (SigningKey, PublicKey) {
    let secret = p256::SecretKey::from_slice(&[0x42; 32]).expect("a scalar");
    let public = tallykey_protocol::session::public_key(&secret);
    (SigningKey::from(secret), public)
}
