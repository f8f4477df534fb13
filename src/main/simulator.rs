//! The simulated dongle of `serve --simulate`.

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use tallykey::{
    cli::{Channels, Exit, Failure},
    usb::sim::LocalFinder,
};
use tallykey_protocol::profile::Profile;
use tallykey_signing::{Vendor, simulator};
use tallykey_sim::{
    dongle::SimDongle,
    flash::SimFlash,
    platform::{Clock, SimPlatform},
    provision::{self, Order, OwnerCodeFile},
};

/// Serial of the dongle in the state folder.
const SERIAL: &str = "SIM-0001";

/// Channels of a new dongle, unless others are asked for.
const CHANNELS: [(&str, u64); 3] = [("camera", 64), ("other-brand", 32), ("vca", 8)];

/// The simulator's vendor.
pub(crate) fn vendor() -> Result<Vendor, Failure> {
    simulator::vendor().map_err(|error| failed(&error))
}

/// The simulator's demonstration product, signed.
pub(crate) fn profile(vendor: &Vendor) -> Result<Vec<u8>, Failure> {
    vendor
        .sign_profile(&simulator::profile())
        .map_err(|error| failed(&error))
}

/// A bus with the dongle whose flash is in this file; made as a factory makes one if it is new.
pub(crate) fn bus(
    flash: &Path,
    vendor: &Vendor,
    profile: &Profile<'_>,
    channels: &[Channels],
) -> Result<LocalFinder, Failure> {
    let image = SimFlash::in_file(flash, provision::chip_id(SERIAL)).map_err(|e| failed(&e))?;
    let platform = SimPlatform::new(image, Clock::real());
    let dongle = SimDongle::plug(platform).map_err(|error| failed(&error))?;
    let asked: Vec<_> = channels
        .iter()
        .map(|c| (c.feature.as_str(), c.count))
        .collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let order = Order {
        serial: SERIAL,
        profile,
        channels: if asked.is_empty() { &CHANNELS } else { &asked },
        now: now.map_or(0, |since| since.as_secs()),
    };
    let code = OwnerCodeFile::beside(flash);
    provision::provision(&dongle, vendor, &order, |text| code.keep(text))
        .map_err(|error| failed(&error))?;
    Ok(LocalFinder::new(vec![dongle]))
}

fn failed(error: &dyn std::error::Error) -> Failure {
    let mut detail = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        detail.push_str(&format!(": {error}"));
        cause = error.source();
    }
    Failure::start(
        Exit::Refused,
        "simulator-failed",
        detail,
        "give other --channels, or another --state-dir to start with a new simulated dongle",
    )
}
