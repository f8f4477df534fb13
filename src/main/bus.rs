//! Which bus to look for dongles on, and whose: as the arguments say.

use tallykey::{
    cli::{Exit, Failure, OwnerCode, ServeArgs, VendorArgs},
    licence::{Profile, Trust},
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
    if args.vendor.simulate {
        vendor::simulated(args.vendor.profile.as_deref())
    } else {
        from_files(&args.vendor)
    }
}

/// Whom to trust: a packaged build knows no vendor of its own.
#[cfg(not(feature = "sim"))]
pub(crate) fn vendor(args: &ServeArgs) -> Result<Pinned, Failure> {
    from_files(&args.vendor)
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
    } else if args.vendor.simulate && !args.usb {
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
    args.vendor.simulate
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

/// Whom to judge files by, and for which product if that is said.
#[cfg(feature = "sim")]
pub(crate) fn judge(args: &VendorArgs) -> Result<(Trust, Option<Profile>), Failure> {
    if args.simulate {
        let Pinned { trust, profile, .. } = vendor::simulated(args.profile.as_deref())?;
        Ok((trust, Some(profile)))
    } else {
        judge_by_files(args)
    }
}

/// Whom to judge files by: a packaged build knows no vendor of its own.
#[cfg(not(feature = "sim"))]
pub(crate) fn judge(args: &VendorArgs) -> Result<(Trust, Option<Profile>), Failure> {
    judge_by_files(args)
}

fn judge_by_files(args: &VendorArgs) -> Result<(Trust, Option<Profile>), Failure> {
    let Some(trust) = &args.trust else {
        let what = "without --trust nobody can say whose records these are";
        return Err(no_vendor(what));
    };
    let trust = vendor::trust(trust)?;
    let profile = args.profile.as_deref();
    let profile = profile.map(|file| vendor::profile(file, &trust));
    Ok((trust.clone(), profile.transpose()?))
}

fn from_files(args: &VendorArgs) -> Result<Pinned, Failure> {
    match (&args.trust, &args.profile) {
        (Some(trust), Some(profile)) => vendor::from_files(trust, profile),
        _ => Err(no_vendor(
            "the service needs --trust and --profile to know whose dongles count for what",
        )),
    }
}

fn no_vendor(what: &str) -> Failure {
    let next = if cfg!(feature = "sim") {
        "give them as the vendor delivered them, or try it with --simulate"
    } else {
        "give them as the vendor delivered them"
    };
    Failure::start(Exit::Usage, "no-vendor", what, next)
}
