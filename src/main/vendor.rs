//! Whom this host trusts, and for which product: from files, or the simulator's.

use std::path::Path;

use tallykey::{
    cli::{Exit, Failure},
    dongle::Vendor,
    licence::{Profile, Trust},
};
use tallykey_protocol::{
    armour::{self, Label},
    limits::PROFILE_MAX,
    trust::TrustBundle,
};

/// A vendor pinned, and one product of it.
pub(crate) struct Pinned {
    pub(crate) vendor: Vendor,
    pub(crate) trust: Trust,
    pub(crate) profile: Profile,
    /// The profile as it was signed: the simulated factory works by it.
    #[cfg(feature = "sim")]
    pub(crate) record: Vec<u8>,
}

/// Reads a trust bundle.
pub(crate) fn trust(file: &Path) -> Result<Trust, Failure> {
    let bundle = read(file, Label::TrustBundle, "bad-trust-bundle")?;
    decode(&bundle, file)
}

/// Reads a product profile of the vendor that is trusted.
pub(crate) fn profile(file: &Path, trust: &Trust) -> Result<Profile, Failure> {
    let record = read(file, Label::Profile, "bad-profile")?;
    verified(&record, file, trust)
}

/// Reads what the settings name.
pub(crate) fn from_files(trust: &Path, profile: &Path) -> Result<Pinned, Failure> {
    let bundle = read(trust, Label::TrustBundle, "bad-trust-bundle")?;
    let record = read(profile, Label::Profile, "bad-profile")?;
    pin((&bundle, trust), (&record, profile), false)
}

/// The simulator's vendor, with its own demonstration product or one from a file.
#[cfg(feature = "sim")]
pub(crate) fn simulated(profile: Option<&Path>) -> Result<Pinned, Failure> {
    let vendor = crate::simulator::maker()?;
    let built_in = Path::new("(built in)");
    let (record, file) = match profile {
        Some(file) => (read(file, Label::Profile, "bad-profile")?, file),
        None => (crate::simulator::profile(&vendor)?, built_in),
    };
    pin((&vendor.trust_bundle(), built_in), (&record, file), true)
}

fn pin(
    (bundle, bundle_file): (&[u8], &Path),
    (record, record_file): (&[u8], &Path),
    simulate: bool,
) -> Result<Pinned, Failure> {
    let trust = decode(bundle, bundle_file)?;
    let read = TrustBundle::decode(bundle).map_err(|why| bad_bundle(bundle_file, &why))?;
    let vendor = Vendor::pin(&read, simulate).map_err(|why| bad_bundle(bundle_file, &why))?;
    let profile = verified(record, record_file, &trust)?;
    Ok(Pinned {
        vendor,
        trust,
        profile,
        #[cfg(feature = "sim")]
        record: record.to_vec(),
    })
}

fn decode(bundle: &[u8], file: &Path) -> Result<Trust, Failure> {
    Trust::decode(bundle).map_err(|why| bad_bundle(file, &why))
}

fn verified(record: &[u8], file: &Path, trust: &Trust) -> Result<Profile, Failure> {
    Profile::verify(record, trust).map_err(|why| {
        Failure::start(
            Exit::Refused,
            "bad-profile",
            format!(
                "{} is not a product profile of {}: {why}",
                file.display(),
                trust.vendor()
            ),
            "give the product profile and the trust bundle of one vendor",
        )
    })
}

fn bad_bundle(file: &Path, why: &dyn std::error::Error) -> Failure {
    Failure::start(
        Exit::Refused,
        "bad-trust-bundle",
        format!("{}: {why}", file.display()),
        "give the trust bundle that the vendor of the product published",
    )
}

/// Reads a record from a file, in armour or raw.
fn read(file: &Path, label: Label, code: &'static str) -> Result<Vec<u8>, Failure> {
    let refused = |why: &dyn std::error::Error| {
        Failure::start(
            Exit::Refused,
            code,
            format!("{}: {why}", file.display()),
            "give the file as the vendor delivered it",
        )
    };
    let bytes = std::fs::read(file).map_err(|why| refused(&why))?;
    let mut decoded = vec![0; PROFILE_MAX];
    let record = armour::single(&bytes, label, &mut decoded).map_err(|why| refused(&why))?;
    Ok(record.to_vec())
}
