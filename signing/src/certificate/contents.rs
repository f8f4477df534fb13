//! Names and extensions of each role.

use der::{
    Any, Decode, Encode, Tag,
    asn1::{ObjectIdentifier, OctetString, SetOfVec},
};
use spki::SubjectPublicKeyInfoRef;
use tallykey_protocol::{
    cert::{HARDWARE_TYPE, Role},
    id::key_id,
};
use x509_cert::{
    TbsCertificate,
    attr::AttributeTypeAndValue,
    builder::{self, profile::BuilderProfile},
    ext::{
        Extension, ToExtension,
        pkix::{
            AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
            SubjectAltName, SubjectKeyIdentifier,
            name::{GeneralName, HardwareModuleName, OtherName},
        },
    },
    name::{Name, RdnSequence, RelativeDistinguishedName},
};

use super::Subject;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

/// Everything of a certificate that its role decides.
pub(super) struct Contents {
    issuer: Name,
    subject: Name,
    extensions: Vec<Extension>,
}

impl Contents {
    pub(super) fn root(subject: Name, key: &[u8; 65]) -> der::Result<Self> {
        let mut contents = Self {
            issuer: subject.clone(),
            subject,
            extensions: Vec::new(),
        };
        // No path length: what may follow is decided by the roles.
        contents.add_constraints(true, None)?;
        // The root also signs the revocation list of CAs and issuers.
        contents.add(&KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign))?;
        contents.add(&SubjectKeyIdentifier(OctetString::new(key_id(key))?))?;
        Ok(contents)
    }

    pub(super) fn of(
        subject: &Subject<'_>,
        issuer: Name,
        issuer_key: &[u8; 65],
        key: &[u8; 65],
    ) -> der::Result<Self> {
        let (role, name) = match *subject {
            Subject::Factory { organization, name } => {
                (Role::Factory, authority_name(organization, name)?)
            }
            Subject::Issuer { organization, name } => {
                (Role::Issuer, authority_name(organization, name)?)
            }
            Subject::FactoryIssuer { organization, name } => {
                (Role::FactoryIssuer, authority_name(organization, name)?)
            }
            Subject::Dongle { serial, .. } => (Role::Dongle, dongle_name(serial)?),
        };
        let mut contents = Self {
            issuer,
            subject: name,
            extensions: Vec::new(),
        };
        let (ca, usage) = match role {
            Role::Factory => (true, KeyUsages::KeyCertSign),
            Role::Issuer | Role::FactoryIssuer | Role::Dongle => {
                (false, KeyUsages::DigitalSignature)
            }
        };
        contents.add_constraints(ca, ca.then_some(0))?;
        contents.add(&KeyUsage(usage.into()))?;
        // Critical: a verifier that does not know our roles must not take the key for anything else.
        contents.add((true, &ExtendedKeyUsage(vec![role.oid()])))?;
        contents.add(&SubjectKeyIdentifier(OctetString::new(key_id(key))?))?;
        contents.add(&AuthorityKeyIdentifier {
            key_identifier: Some(OctetString::new(key_id(issuer_key))?),
            ..Default::default()
        })?;
        if let Subject::Dongle { chip_id, .. } = subject {
            contents.add(&hardware_name(chip_id)?)?;
        }
        Ok(contents)
    }

    fn add_constraints(&mut self, ca: bool, path_len_constraint: Option<u8>) -> der::Result<()> {
        self.add((
            true,
            &BasicConstraints {
                ca,
                path_len_constraint,
            },
        ))
    }

    fn add<E: ToExtension<Error = der::Error>>(&mut self, extension: E) -> der::Result<()> {
        let extension = extension.to_extension(&self.subject, &self.extensions)?;
        self.extensions.push(extension);
        Ok(())
    }
}

impl BuilderProfile for Contents {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        _spk: SubjectPublicKeyInfoRef<'_>,
        _issuer_spk: SubjectPublicKeyInfoRef<'_>,
        _tbs: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        Ok(self.extensions.clone())
    }
}

/// O, CN. Built by attribute: a comma in a vendor's name is a comma.
pub(super) fn authority_name(organization: &str, name: &str) -> der::Result<Name> {
    distinguished([
        (ORGANIZATION, Tag::Utf8String, organization),
        (COMMON_NAME, Tag::Utf8String, name),
    ])
}

/// IEEE 802.1AR §8.6: the serial as `serialNumber`, which is a PrintableString (RFC 5280 appendix A.1).
fn dongle_name(serial: &str) -> der::Result<Name> {
    distinguished([(SERIAL_NUMBER, Tag::PrintableString, serial)])
}

fn distinguished<const N: usize>(
    attributes: [(ObjectIdentifier, Tag, &str); N],
) -> der::Result<Name> {
    let mut names = RdnSequence::default();
    for (oid, tag, text) in attributes {
        let value = Any::new(tag, text.as_bytes())?;
        let attribute = SetOfVec::try_from([AttributeTypeAndValue { oid, value }])?;
        names.push(RelativeDistinguishedName::from(attribute));
    }
    Name::from_der(&names.to_der()?)
}

fn hardware_name(chip_id: &[u8]) -> der::Result<SubjectAltName> {
    let module = HardwareModuleName {
        hw_type: HARDWARE_TYPE,
        hw_serial_num: OctetString::new(chip_id)?,
    };
    let name = OtherName::try_from(&module)?;
    Ok(SubjectAltName(vec![GeneralName::OtherName(name)]))
}
