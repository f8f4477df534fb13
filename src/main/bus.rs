//! Which bus to look for dongles on, and whose: as the arguments say.

use tallykey::{
    cli::{Exit, Failure, OwnerCode, ServeArgs},
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

/// Where dongles are looked for, and how often.
pub(crate) struct Bus {
    pub(crate) finder: Box<dyn Finder>,
    pub(crate) intervals: Intervals,
    /// What USB is to tell of, if it is USB.
    pub(crate) usb: Option<Match>,
    /// Of the dongle that was plugged in here, if it was made here.
    pub(crate) owner_code: Option<OwnerCode>,
}

/// Whom to trust, and for which product.
#[cfg(feature = "sim")]
pub(crate) fn vendor(args: &ServeArgs) -> Result<Pinned, Failure> {
    if args.simulate {
        vendor::simulated(args.profile.as_deref())
    } else {
        from_files(args)
    }
}

/// Whom to trust: a packaged build knows no vendor of its own.
#[cfg(not(feature = "sim"))]
pub(crate) fn vendor(args: &ServeArgs) -> Result<Pinned, Failure> {
    from_files(args)
}

/// A bus without hardware, if the arguments ask for one.
#[cfg(feature = "sim")]
pub(crate) fn open(
    args: &ServeArgs,
    pinned: &Pinned,
    folder: &StateFolder,
) -> Result<Bus, Failure> {
    let (finder, owner_code): (Box<dyn Finder>, _) = if !args.attach.is_empty() {
        (Box::new(SocketFinder::new(addresses(args)?)), None)
    } else if args.simulate && !args.usb {
        let (finder, code) = crate::simulator::bus(args, pinned, folder)?;
        (Box::new(finder), Some(code))
    } else {
        return Ok(hardware());
    };
    Ok(Bus {
        finder,
        intervals: Intervals::simulated(),
        usb: None,
        owner_code,
    })
}

/// The real bus: a packaged build knows no other.
#[cfg(not(feature = "sim"))]
pub(crate) fn open(_: &ServeArgs, _: &Pinned, _: &StateFolder) -> Result<Bus, Failure> {
    Ok(hardware())
}

fn hardware() -> Bus {
    let wanted = Match::default();
    Bus {
        finder: Box::new(HidFinder::new(wanted)),
        intervals: Intervals::default(),
        usb: Some(wanted),
        owner_code: None,
    }
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
