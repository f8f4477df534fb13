//! What each role's certificate must and must not have.

use super::{CertError, Certificate, Role, extensions::KeyUsage, oid};

use crate::id;

/// Checks a certificate against the profile of the role it claims.
pub(super) fn check(certificate: &Certificate<'_>) -> Result<(), CertError> {
    if certificate.subject_name.is_empty() {
        return Err(CertError::Name);
    }
    let role = certificate.role();
    basic_constraints(certificate, role)?;
    key_usage(certificate, role)?;
    key_ids(certificate, role)?;
    names(certificate, role)
}

fn basic_constraints(certificate: &Certificate<'_>, role: Option<Role>) -> Result<(), CertError> {
    let oid = oid::BASIC_CONSTRAINTS;
    let basic = certificate.extensions.basic_constraints;
    let right = match role {
        None => basic.is_some_and(|b| b.ca),
        Some(Role::Factory) => basic.is_some_and(|b| b.ca && b.path_len == Some(0)),
        // Absent means no CA (RFC 5280 §4.2.1.9).
        Some(_) => basic.is_none_or(|b| !b.ca),
    };
    match (right, basic, role) {
        (true, ..) => Ok(()),
        (false, None, _) => Err(CertError::MissingExtension { oid }),
        (false, Some(_), _) => Err(CertError::BadExtension { oid }),
    }
}

fn key_usage(certificate: &Certificate<'_>, role: Option<Role>) -> Result<(), CertError> {
    let oid = oid::KEY_USAGE;
    match (role, certificate.extensions.key_usage) {
        (_, None) => Err(CertError::MissingExtension { oid }),
        (None | Some(Role::Factory), Some(KeyUsage::KeyCertSign))
        | (None, Some(KeyUsage::KeyCertAndCrlSign))
        | (
            Some(Role::Issuer | Role::FactoryIssuer | Role::Dongle),
            Some(KeyUsage::DigitalSignature),
        ) => Ok(()),
        _ => Err(CertError::BadExtension { oid }),
    }
}

/// RFC 5280 §4.2.1.1 and §4.2.1.2 ask for both; ours tell two vendors of one name apart.
fn key_ids(certificate: &Certificate<'_>, role: Option<Role>) -> Result<(), CertError> {
    let found = &certificate.extensions;
    if certificate.is_ca() && found.subject_key_id.is_none() {
        return Err(CertError::MissingExtension {
            oid: oid::SUBJECT_KEY_ID,
        });
    }
    if role.is_some() && found.authority_key_id.is_none() {
        return Err(CertError::MissingExtension {
            oid: oid::AUTHORITY_KEY_ID,
        });
    }
    Ok(())
}

fn names(certificate: &Certificate<'_>, role: Option<Role>) -> Result<(), CertError> {
    let oid = oid::SUBJECT_ALT_NAME;
    let (serial, chip) = (certificate.serial_number(), certificate.chip_id());
    match role {
        None if certificate.issuer != certificate.subject => Err(CertError::UnrootedCa),
        Some(Role::Dongle) if !serial.is_some_and(id::is_serial) => Err(CertError::Name),
        Some(Role::Dongle) if chip.is_none() => Err(CertError::MissingExtension { oid }),
        Some(Role::Dongle) => Ok(()),
        _ if chip.is_some() => Err(CertError::BadExtension { oid }),
        _ => Ok(()),
    }
}
