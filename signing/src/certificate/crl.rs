//! Revocation lists of CAs and issuers, as `tallykey_protocol::cert::Crl` reads them.

use der::{
    Decode, Encode,
    asn1::{BitString, OctetString, Uint},
};
use p256::ecdsa::Signature;
use sha2::{Digest, Sha256};
use tallykey_protocol::{
    cert::{Certificate, Crl, STAYS_GOOD},
    id::key_id,
};
use x509_cert::{
    Version,
    crl::{CertificateList, RevokedCert, TbsCertList},
    ext::{
        Extension, ToExtension,
        pkix::{AuthorityKeyIdentifier, CrlNumber},
    },
};

use super::{CertifyError, NO_END, adapter, issuer_name, time};
use crate::Signer;

/// What a revocation list says.
#[derive(Clone, Copy, Debug)]
pub struct Revocations<'a> {
    /// cRLNumber: must rise from list to list.
    pub number: u64,
    /// When it is issued, seconds since 1970.
    pub issued_at: u64,
    /// Certificates in DER that are revoked from now on.
    pub certificates: &'a [&'a [u8]],
    /// Digests of records, and SHA-256 of dongle certificates, that stay good although their signer was revoked.
    pub stays_good: &'a [[u8; 32]],
}

/// The list of `revocations`, signed by the `key` of `root`.
///
/// # Errors
/// [`CertifyError`]; [`CertifyError::Refused`] if the list is too long for a dongle, or the root may not sign one.
pub fn revoke(
    revocations: &Revocations<'_>,
    root: &[u8],
    key: &dyn Signer,
) -> Result<Vec<u8>, CertifyError> {
    let entries = entries(revocations)?;
    sign(revocations, entries, revocations.stays_good, root, key)
}

/// The list that takes the place of `before`, in DER: what that one revokes stays revoked, what stays good by it
/// stays good, and `revocations` are added.
///
/// # Errors
/// [`CertifyError`] as for [`revoke`]; [`CertifyError::Refused`] too if `before` is not of this root, and
/// [`CertifyError::NotHigher`] if the number does not rise.
pub fn revoke_after(
    before: &[u8],
    revocations: &Revocations<'_>,
    root: &[u8],
    key: &dyn Signer,
) -> Result<Vec<u8>, CertifyError> {
    let read = Crl::parse(before)?;
    read.verify(&Certificate::parse(root)?)?;
    if revocations.number <= read.number() {
        return Err(CertifyError::NotHigher {
            number: revocations.number,
            before: read.number(),
        });
    }
    let list: CertificateList = CertificateList::from_der(before)?;
    let mut entries_after = list.tbs_cert_list.revoked_certificates.unwrap_or_default();
    entries_after.extend(entries(revocations)?);
    let good: Vec<[u8; 32]> = read.good().chain(revocations.stays_good).copied().collect();
    sign(revocations, entries_after, &good, root, key)
}

fn entries(revocations: &Revocations<'_>) -> Result<Vec<RevokedCert>, CertifyError> {
    let revocation_date = time(revocations.issued_at)?;
    let entry = |der: &&[u8]| {
        let certificate = x509_cert::Certificate::from_der(der)?;
        Ok(RevokedCert {
            serial_number: certificate.tbs_certificate().serial_number().clone(),
            revocation_date,
            crl_entry_extensions: None,
        })
    };
    let entries = revocations.certificates.iter().map(entry);
    Ok(entries.collect::<der::Result<_>>()?)
}

fn sign(
    revocations: &Revocations<'_>,
    entries: Vec<RevokedCert>,
    stays_good: &[[u8; 32]],
    root: &[u8],
    key: &dyn Signer,
) -> Result<Vec<u8>, CertifyError> {
    let algorithm = adapter::algorithm();
    let body = TbsCertList {
        version: Version::V2,
        signature: algorithm.clone(),
        issuer: issuer_name(root)?,
        this_update: time(revocations.issued_at)?,
        next_update: Some(time(NO_END)?),
        // RFC 5280 §5.1.2.6: absent, not empty.
        revoked_certificates: (!entries.is_empty()).then_some(entries),
        crl_extensions: Some(extensions(revocations.number, stays_good, root)?),
    };
    let signature = key.sign(&Sha256::digest(body.to_der()?).into())?;
    let signature = Signature::from_slice(&signature)?.to_der();
    let list: CertificateList = CertificateList {
        tbs_cert_list: body,
        signature_algorithm: algorithm,
        signature: BitString::from_bytes(signature.as_bytes())?,
    };
    let der = list.to_der()?;
    Crl::parse(&der)?.verify(&Certificate::parse(root)?)?;
    Ok(der)
}

fn extensions(
    number: u64,
    stays_good: &[[u8; 32]],
    root: &[u8],
) -> Result<Vec<Extension>, CertifyError> {
    let name = issuer_name(root)?;
    let root = Certificate::parse(root)?;
    let authority = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(key_id(root.public_key()))?),
        ..Default::default()
    };
    let number = CrlNumber(Uint::try_from(number)?);
    let mut extensions = vec![
        authority.to_extension(&name, &[])?,
        number.to_extension(&name, &[])?,
    ];
    if !stays_good.is_empty() {
        let digests = stays_good
            .iter()
            .map(|digest| OctetString::new(digest.as_slice()))
            .collect::<der::Result<Vec<_>>>()?;
        extensions.push(Extension {
            extn_id: STAYS_GOOD,
            critical: false,
            extn_value: OctetString::new(digests.to_der()?)?,
        });
    }
    Ok(extensions)
}
