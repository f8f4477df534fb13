//! A whole vendor in software: root, factory CA, issuer, factory issuer. What `keys init` makes, what the
//! simulator has, and what a test sets against another.

use sha2::{Digest, Sha256};
use tallykey_protocol::{
    cbor::Full,
    grant::Grant,
    id::PublicKey,
    instruction::Instruction,
    licence::Licence,
    limits::{BUNDLE_MAX, CERT_MAX},
    profile::Profile,
    revocation::RevocationList,
    time::TimeToken,
    trust::TrustBundle,
};

use crate::{
    RecordError, Signer, SoftwareKey, Station,
    certificate::{self, CertifyError, NO_END, Revocations, Subject, Terms},
    record::{self, Issuer},
};

/// Keys and certificates of one vendor.
#[derive(Debug)]
pub struct Vendor {
    name: String,
    test: bool,
    root: Authority,
    factory: Authority,
    issuer: Authority,
    factory_issuer: Authority,
}

/// A key and its certificate in DER.
#[derive(Debug)]
struct Authority {
    key: SoftwareKey,
    certificate: Vec<u8>,
}

/// The four keys of a vendor.
pub(crate) struct Keys {
    pub(crate) root: SoftwareKey,
    pub(crate) factory: SoftwareKey,
    pub(crate) issuer: SoftwareKey,
    pub(crate) factory_issuer: SoftwareKey,
}

/// Why no vendor was made.
#[derive(Debug, thiserror::Error)]
pub enum VendorError<E: std::error::Error + 'static> {
    /// No random bytes.
    #[error("no random bytes for new keys; try again")]
    Random {
        /// What the random source said.
        #[source]
        source: E,
    },
    /// A certificate could not be made.
    #[error(transparent)]
    Certify(#[from] CertifyError),
}

impl Vendor {
    /// A vendor with new keys from `fill`, which fills a buffer with secret random bytes. `name` is 1 to
    /// 64 bytes of plain text; a `test` vendor's dongles may be simulated; `now` in seconds since 1970.
    ///
    /// # Errors
    /// [`VendorError`].
    pub fn generate<E: std::error::Error + 'static>(
        name: &str,
        test: bool,
        now: u64,
        mut fill: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, VendorError<E>> {
        let mut key =
            || SoftwareKey::generate(&mut fill).map_err(|source| VendorError::Random { source });
        let keys = Keys {
            root: key()?,
            factory: key()?,
            issuer: key()?,
            factory_issuer: key()?,
        };
        Ok(Self::with_keys(name, test, now, keys)?)
    }

    /// The vendor of these keys. The same input gives the same certificates: numbers come from the keys.
    pub(crate) fn with_keys(
        name: &str,
        test: bool,
        not_before: u64,
        keys: Keys,
    ) -> Result<Self, CertifyError> {
        let organization = name;
        let terms = |key: &SoftwareKey| Terms {
            serial_number: number_of(key),
            not_before,
            not_after: NO_END,
        };
        let root = {
            let key = keys.root;
            let certificate = certificate::root(organization, "Root", &key, &terms(&key))?;
            Authority { key, certificate }
        };
        let certified = |subject: &Subject<'_>, key: SoftwareKey| {
            let public_key = key.public_key();
            let (issuer, signer) = (&root.certificate, &root.key);
            certificate::certify(subject, &public_key, issuer, signer, &terms(&key))
                .map(|certificate| Authority { key, certificate })
        };
        let factory = Subject::Factory {
            organization,
            name: "Factory",
        };
        let issuer = Subject::Issuer {
            organization,
            name: "Issuer",
        };
        let factory_issuer = Subject::FactoryIssuer {
            organization,
            name: "Factory issuer",
        };
        Ok(Self {
            name: name.to_owned(),
            test,
            factory: certified(&factory, keys.factory)?,
            issuer: certified(&issuer, keys.issuer)?,
            factory_issuer: certified(&factory_issuer, keys.factory_issuer)?,
            root,
        })
    }

    /// The root certificate in DER.
    #[must_use]
    pub fn root_certificate(&self) -> &[u8] {
        &self.root.certificate
    }

    /// The factory CA's certificate in DER: the second of every dongle's chain.
    #[must_use]
    pub fn factory_certificate(&self) -> &[u8] {
        &self.factory.certificate
    }

    /// What a host pins: name and root.
    #[must_use]
    pub fn trust_bundle(&self) -> Vec<u8> {
        let bundle = TrustBundle {
            vendor: &self.name,
            root: &self.root.certificate,
            test: self.test,
        };
        let mut out = vec![0; BUNDLE_MAX];
        // Name and root were bounded when the root was made.
        let length = bundle.encode(&mut out).unwrap_or_else(|Full| {
            unreachable!("a root of at most {CERT_MAX} bytes and a name of at most 64 fit")
        });
        out.truncate(length);
        out
    }

    /// The roles that make dongles, and the desk's, which raises their counts.
    #[must_use]
    pub fn station(&self) -> Station<'_> {
        Station {
            factory: self.issuing(&self.factory),
            factory_issuer: self.issuing(&self.factory_issuer),
            issuer: Some(self.issuing(&self.issuer)),
        }
    }

    /// The factory CA's certificate for a dongle's key: [`Station::certify_dongle`].
    ///
    /// # Errors
    /// [`CertifyError`].
    pub fn certify_dongle(
        &self,
        serial: &str,
        chip_id: &[u8],
        key: &PublicKey,
        number: [u8; 16],
        now: u64,
    ) -> Result<Vec<u8>, CertifyError> {
        self.station()
            .certify_dongle(serial, chip_id, key, number, now)
    }

    /// Signs a grant as the desk does.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn sign_grant(&self, grant: &Grant<'_>) -> Result<Vec<u8>, RecordError> {
        record::sign_grant(grant, &self.issuing(&self.issuer))
    }

    /// Signs a software licence.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn sign_licence(&self, licence: &Licence<'_>) -> Result<Vec<u8>, RecordError> {
        record::sign_licence(licence, &self.issuing(&self.issuer))
    }

    /// Signs a product profile.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn sign_profile(&self, profile: &Profile<'_>) -> Result<Vec<u8>, RecordError> {
        record::sign_profile(profile, &self.issuing(&self.issuer))
    }

    /// Signs an instruction as the desk does.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn sign_instruction(&self, instruction: &Instruction<'_>) -> Result<Vec<u8>, RecordError> {
        record::sign_instruction(instruction, &self.issuing(&self.issuer))
    }

    /// Signs an instruction as the factory does.
    ///
    /// # Errors
    /// [`RecordError`]; it is refused if it is not to recycle.
    pub fn sign_factory_instruction(
        &self,
        instruction: &Instruction<'_>,
    ) -> Result<Vec<u8>, RecordError> {
        record::sign_instruction(instruction, &self.issuing(&self.factory_issuer))
    }

    /// Signs a time token.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn sign_time(&self, token: &TimeToken<'_>) -> Result<Vec<u8>, RecordError> {
        record::sign_time(token, &self.issuing(&self.issuer))
    }

    /// Signs a revocation list of dongles.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn sign_revocations(&self, list: &RevocationList<'_>) -> Result<Vec<u8>, RecordError> {
        record::sign_revocations(list, &self.issuing(&self.issuer))
    }

    /// The root's revocation list of CAs and issuers.
    ///
    /// # Errors
    /// [`CertifyError`].
    pub fn revoke(&self, revocations: &Revocations<'_>) -> Result<Vec<u8>, CertifyError> {
        certificate::revoke(revocations, &self.root.certificate, &self.root.key)
    }

    /// The issuer's certificate in DER.
    #[must_use]
    pub fn issuer_certificate(&self) -> &[u8] {
        &self.issuer.certificate
    }

    fn issuing<'a>(&'a self, authority: &'a Authority) -> Issuer<'a> {
        Issuer {
            key: &authority.key,
            certificate: &authority.certificate,
            root: &self.root.certificate,
        }
    }
}

/// A certificate number that needs no counter: each of these keys is certified once.
fn number_of(key: &SoftwareKey) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(b"tallykey certificate number")
        .chain_update(key.public_key())
        .finalize()
        .into();
    let mut number = [0; 16];
    number.copy_from_slice(&digest[..16]);
    number
}
