//! Whose dongle it is: the pinned vendor, and a certificate chain judged by it.

use sha2::{Digest, Sha256};
use tallykey_protocol::cert::{CertError, Certificate, Role, SIMULATOR_ROOT_KEY_ID, verify_chain};
use tallykey_protocol::command::certificate;
use tallykey_protocol::command::hello;
use tallykey_protocol::id::{PublicKey, key_id};
use tallykey_protocol::trust::TrustBundle;

use super::error::{BadChain, Fault};

/// The one vendor whose dongles count here.
#[derive(Clone, Debug)]
pub struct Vendor {
    root: Vec<u8>,
    /// Simulated dongles of this vendor count, and everything is shown as simulated.
    test: bool,
}

/// A trust bundle that cannot be pinned.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum VendorError {
    /// Its certificate is not a root of our profile.
    #[error("the trust bundle's certificate is not a vendor root")]
    Root(#[from] CertError),
    /// It is the simulator's, whose key everyone knows.
    #[error("the trust bundle is the simulator's, whose key everyone knows; use --simulate")]
    Simulator,
}

impl Vendor {
    /// Pins the vendor of `bundle`. The simulator's own is taken only with `simulate`.
    ///
    /// # Errors
    /// [`VendorError`].
    pub fn pin(bundle: &TrustBundle<'_>, simulate: bool) -> Result<Self, VendorError> {
        let root = Certificate::parse(bundle.root)?;
        root.verify_root()?;
        if key_id(root.public_key()) == SIMULATOR_ROOT_KEY_ID && !simulate {
            return Err(VendorError::Simulator);
        }
        Ok(Self {
            root: bundle.root.to_vec(),
            test: bundle.test,
        })
    }

    /// Whether a simulated dongle may be believed.
    pub(super) fn allows_simulated(&self) -> bool {
        self.test
    }
}

/// A dongle whose certificate leads to the pinned root. That it has the key is still to be proved.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) serial: String,
    pub(super) key: PublicKey,
    /// SHA-256 of the leaf, for the transcript.
    pub(super) certificate: [u8; 32],
    /// Its certificate and the factory's, for whoever judges a record of it later.
    pub(super) chain: [Vec<u8>; 2],
}

impl Identity {
    /// Judges the chain that came for the dongle that said `hello`.
    pub(super) fn verify(
        vendor: &Vendor,
        hello: &hello::Reply<'_>,
        reply: &certificate::Reply<'_>,
    ) -> Result<Self, Fault> {
        let [leaf, authority] = reply.chain.ok_or(BadChain::Absent)?;
        let chain = [leaf.to_vec(), authority.to_vec()];
        let digest: [u8; 32] = Sha256::digest(leaf).into();
        if digest != reply.digest {
            return Err(BadChain::Digest.into());
        }
        let root = Certificate::parse(&vendor.root).map_err(BadChain::Certificate)?;
        // Without a clock: a dongle has no end (IEEE 802.1AR §8.7).
        let leaf = verify_chain(leaf, &[authority], &root, Role::Dongle, None)
            .map_err(|error| refused(error, hello.serial))?;
        match leaf.serial_number() {
            Some(serial) if Some(serial) == hello.serial => Ok(Self {
                serial: serial.to_owned(),
                key: *leaf.public_key(),
                certificate: digest,
                chain,
            }),
            Some(_) | None => Err(BadChain::Serial.into()),
        }
    }
}

fn refused(error: CertError, serial: Option<&str>) -> Fault {
    let serial = serial.map(str::to_owned);
    match error {
        CertError::OtherVendor { authority } if authority == SIMULATOR_ROOT_KEY_ID => {
            Fault::SimulatorRefused { serial }
        }
        CertError::OtherVendor { authority } => Fault::WrongVendor { serial, authority },
        error => BadChain::Certificate(error).into(),
    }
}

#[cfg(test)]
#[cfg(feature = "sim")]
mod tests {
    use tallykey_signing::simulator;

    use super::*;

    #[test]
    fn a21_the_simulators_root_is_known_and_pinned_only_to_simulate() {
        let vendor = simulator::vendor().expect("constant keys");
        let root = Certificate::parse(vendor.root_certificate()).expect("our own profile");
        assert_eq!(key_id(root.public_key()), SIMULATOR_ROOT_KEY_ID);

        let bytes = vendor.trust_bundle();
        let bundle = TrustBundle::decode(&bytes).expect("our own bundle");
        assert_eq!(
            Vendor::pin(&bundle, false).err(),
            Some(VendorError::Simulator)
        );
        assert!(Vendor::pin(&bundle, true).is_ok_and(|vendor| vendor.test));
    }

    #[test]
    fn a_bundle_without_a_root_is_not_pinned() {
        let vendor = simulator::vendor().expect("constant keys");
        let bundle = TrustBundle {
            vendor: "x",
            root: vendor.factory_certificate(),
            test: true,
        };
        assert!(matches!(
            Vendor::pin(&bundle, true),
            Err(VendorError::Root(CertError::NotRoot { .. }))
        ));
    }
}
