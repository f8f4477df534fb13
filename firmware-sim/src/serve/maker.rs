//! Whose dongles these are.

use super::Arguments;
use anyhow::{Context, bail};
use std::path::Path;
use tallykey_signing::keys::{KeyError, Passphrase, Trust, bundle_file, files, read_pair};
use tallykey_signing::{Issuer, SoftwareKey, Station, Vendor, simulator};

/// A vendor whose dongles may be simulated, with the keys to make them.
pub(super) enum Maker {
    /// The simulator's own: its keys are known to everyone.
    Simulator(Vendor),
    /// A test vendor from a folder.
    Test(TestVendor),
}

/// The keys of a test vendor, each with its certificate.
pub(super) struct TestVendor {
    trust: Trust,
    factory: (SoftwareKey, Vec<u8>),
    factory_issuer: (SoftwareKey, Vec<u8>),
    issuer: Option<(SoftwareKey, Vec<u8>)>,
}

impl Maker {
    pub(super) fn chosen(arguments: &Arguments) -> anyhow::Result<Self> {
        match &arguments.vendor {
            None => Ok(Self::Simulator(simulator::vendor()?)),
            Some(folder) => {
                let vendor = TestVendor::open(folder, arguments.passphrase_file.as_deref())?;
                Ok(Self::Test(vendor))
            }
        }
    }

    /// The vendor as messages name it.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Simulator(_) => "the simulator's vendor",
            Self::Test(vendor) => &vendor.trust.vendor,
        }
    }

    /// Its root certificate in DER.
    pub(super) fn root(&self) -> &[u8] {
        match self {
            Self::Simulator(vendor) => vendor.root_certificate(),
            Self::Test(vendor) => vendor.trust.der(),
        }
    }

    pub(super) fn station(&self) -> Station<'_> {
        match self {
            Self::Simulator(vendor) => vendor.station(),
            Self::Test(vendor) => vendor.station(),
        }
    }
}

impl TestVendor {
    fn open(folder: &Path, passphrase_file: Option<&Path>) -> anyhow::Result<Self> {
        let trust = Trust::read(&bundle_file(folder)).map_err(|error| with_next(&error))?;
        if !trust.test {
            bail!(
                "{} is no test vendor, and its dongles are never simulated: make a vendor for trials with \
                 `tallykey-vendor keys init --test` in a folder of its own",
                trust.vendor
            );
        }
        let passphrase = match passphrase_file {
            Some(file) => Passphrase::from_file(file),
            None => Passphrase::ask("Passphrase of the vendor's keys"),
        };
        let passphrase = passphrase.map_err(|error| with_next(&error))?;
        let pair = |role| {
            let (key, certificate) =
                read_pair(folder, role, &passphrase).map_err(|error| with_next(&error))?;
            trust
                .certified(&certificate)
                .with_context(|| format!("{role}.crt is not of the vendor in vendor.bundle"))?;
            anyhow::Ok((key, certificate))
        };
        let [issuer_key, _] = files(folder, "issuer");
        Ok(Self {
            factory: pair("factory")?,
            factory_issuer: pair("factory-issuer")?,
            // A station has the factory's roles only.
            issuer: issuer_key.exists().then(|| pair("issuer")).transpose()?,
            trust,
        })
    }

    fn station(&self) -> Station<'_> {
        Station {
            factory: self.role(&self.factory),
            factory_issuer: self.role(&self.factory_issuer),
            issuer: self.issuer.as_ref().map(|pair| self.role(pair)),
        }
    }

    fn role<'a>(&'a self, (key, certificate): &'a (SoftwareKey, Vec<u8>)) -> Issuer<'a> {
        Issuer {
            key,
            certificate,
            root: self.trust.der(),
        }
    }
}

fn with_next(error: &KeyError) -> anyhow::Error {
    anyhow::anyhow!("{error}: {}", error.next())
}
