//! Which bus to look for dongles on, and whose: as the arguments say.

use tallykey::{
    cli::{Exit, Failure, ServeArgs},
    service::watch::Intervals,
    store::StateFolder,
    usb::{
        Finder,
        hid::{HidFinder, Match},
    },
};

#[cfg(feature = "sim")]
use tallykey::usb::sim::{Address, BadAddress, SocketFinder};

use crate::vendor::{self, Pinned};

/// A bus, and the vendor whose dongles count on it.
pub(crate) struct Bus {
    pub(crate) pinned: Pinned,
    pub(crate) finder: Box<dyn Finder>,
    pub(crate) intervals: Intervals,
}

/// A bus without hardware, if the arguments ask for one.
#[cfg(feature = "sim")]
pub(crate) fn choose(args: &ServeArgs, folder: &StateFolder) -> Result<Bus, Failure> {
    let attached = || addresses(args).map(|places| Box::new(SocketFinder::new(places)));
    let intervals = Intervals::simulated();
    match (args.simulate, args.attach.is_empty()) {
        (true, true) => {
            let (pinned, bus) = crate::simulator::bus(args, folder)?;
            Ok(Bus {
                pinned,
                finder: Box::new(bus),
                intervals,
            })
        }
        (true, false) => Ok(Bus {
            pinned: vendor::simulated(args.profile.as_deref())?.0,
            finder: attached()?,
            intervals,
        }),
        (false, false) => Ok(Bus {
            pinned: from_files(args)?,
            finder: attached()?,
            intervals,
        }),
        (false, true) => hardware(args),
    }
}

/// The real bus: a packaged build knows no other.
#[cfg(not(feature = "sim"))]
pub(crate) fn choose(args: &ServeArgs, _: &StateFolder) -> Result<Bus, Failure> {
    hardware(args)
}

#[cfg(feature = "sim")]
pub(crate) fn is_simulated(args: &ServeArgs) -> bool {
    args.simulate
}

#[cfg(not(feature = "sim"))]
pub(crate) fn is_simulated(_: &ServeArgs) -> bool {
    false
}

#[cfg(feature = "sim")]
fn addresses(args: &ServeArgs) -> Result<Vec<Address>, Failure> {
    let parsed = args.attach.iter().map(|text| {
        text.parse().map_err(|error: BadAddress| {
            let next = "name the place that tallykey-sim printed when it started";
            Failure::start(Exit::Usage, "bad-address", error.to_string(), next)
        })
    });
    parsed.collect()
}

fn hardware(args: &ServeArgs) -> Result<Bus, Failure> {
    Ok(Bus {
        pinned: from_files(args)?,
        finder: Box::new(HidFinder::new(Match::default())),
        intervals: Intervals::default(),
    })
}

fn from_files(args: &ServeArgs) -> Result<Pinned, Failure> {
    let next = if cfg!(feature = "sim") {
        "give both as the vendor delivered them, or try it with --simulate"
    } else {
        "give both as the vendor delivered them"
    };
    match (&args.trust, &args.profile) {
        (Some(trust), Some(profile)) => vendor::from_files(trust, profile),
        _ => Err(Failure::start(
            Exit::Usage,
            "no-vendor",
            "the service needs --trust and --profile to know whose dongles count for what",
            next,
        )),
    }
}
