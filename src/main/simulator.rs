//! The simulated dongle of `serve --simulate`.

use std::time::{SystemTime, UNIX_EPOCH};

use tallykey::{
    cli::{Exit, Failure, OwnerCode, ServeArgs},
    store::StateFolder,
    usb::sim::LocalFinder,
};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::profile::Profile;
use tallykey_signing::{Vendor, simulator};

use crate::{run::of_folder, vendor::Pinned};
use tallykey_sim::{
    dongle::SimDongle,
    flash::SimFlash,
    platform::{Clock, SimPlatform},
    provision::{self, NEW_CHANNELS, Order, OwnerCodeFile},
};

/// What the dongle remembers, in the state folder.
const FLASH: &str = "dongle.flash";

/// Serial of the dongle in the state folder.
const SERIAL: &str = "SIM-0001";

/// The simulator's vendor, with its keys.
pub(crate) fn maker() -> Result<Vendor, Failure> {
    simulator::vendor().map_err(|error| failed(&error))
}

/// The simulator's demonstration product, signed.
pub(crate) fn profile(vendor: &Vendor) -> Result<Vec<u8>, Failure> {
    vendor
        .sign_profile(&simulator::profile())
        .map_err(|error| failed(&error))
}

/// A bus with the dongle of this state folder, made as a factory makes one if it is new, and where its owner code is.
pub(crate) fn bus(
    args: &ServeArgs,
    pinned: &Pinned,
    folder: &StateFolder,
) -> Result<(LocalFinder, OwnerCode), Failure> {
    let root = pinned.trust.root();
    let profile = Profile::verify(&pinned.record, &root).map_err(|error| failed(&error))?;

    let flash = folder.file(FLASH).map_err(|error| of_folder(&error))?;
    let image = SimFlash::in_file(&flash, provision::chip_id(SERIAL));
    let image = image.map_err(|error| failed(&error))?;
    let platform = SimPlatform::new(image, Clock::real());
    let dongle = SimDongle::plug(platform).map_err(|error| failed(&error))?;

    let asked = args.channels.iter();
    let asked: Vec<_> = asked.map(|c| (c.feature.as_str(), c.count)).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let order = Order {
        serial: SERIAL,
        profile: &profile,
        channels: if asked.is_empty() {
            &NEW_CHANNELS
        } else {
            &asked
        },
        raise: !asked.is_empty(),
        convert: Convert::Offline,
        now: now.map_or(0, |since| since.as_secs()),
    };
    let kept = OwnerCodeFile::beside(&flash);
    provision::provision(&dongle, &maker()?, &order, |text| kept.keep(text))
        .map_err(|error| failed(&error))?;
    let owner_code = OwnerCode {
        code: kept.read().map_err(|error| failed(&error))?,
        file: kept.path().to_owned(),
    };
    Ok((LocalFinder::new(vec![dongle]), owner_code))
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
