//! What `serve` is told.

use clap::{Args, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use tallykey_protocol::grant::Convert;
use tallykey_protocol::id::{is_name, is_serial};
use tallykey_sim::control::{self, Action, parse_action};
use tallykey_sim::platform::Button;

/// Ways to a dongle that know neither frames nor a second one.
#[cfg(unix)]
const SOCKETS: [&str; 2] = ["socket", "listen"];
#[cfg(not(unix))]
const SOCKETS: [&str; 1] = ["listen"];

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) place: Place,

    /// Dongles on the USB bus; serials count up from the first.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16), conflicts_with_all = SOCKETS)]
    pub(super) count: u8,

    /// Keep to USB's frames: each endpoint moves at most one report in a millisecond, as on a cable.
    #[arg(long, conflicts_with_all = SOCKETS)]
    pub(super) frame_pacing: bool,

    /// File that the dongle survives in; made if it is not there. Without it the dongle is gone when this stops.
    #[arg(long, value_name = "FILE", conflicts_with = "count")]
    pub(super) flash: Option<PathBuf>,

    /// Serial of the (first) dongle: capital letters, digits, hyphens.
    #[arg(long, value_name = "SERIAL", default_value = "SIM-0001", value_parser = serial)]
    pub(super) serial: String,

    /// What each dongle gives [new: camera=64,other-brand=32,vca=8]. Counts of one that has channels can only
    /// be raised; without this they stay.
    #[arg(
        long,
        value_name = "FEATURE=COUNT,…",
        value_delimiter = ',',
        value_parser = channels,
        conflicts_with = "blank"
    )]
    pub(super) channels: Vec<(String, u64)>,

    /// Which way the channels of a new dongle may be made a software licence; with --channels also those of an old one.
    #[arg(long, value_enum, value_name = "WAY", default_value_t = Way::Offline, conflicts_with = "blank")]
    pub(super) convert: Way,

    /// Id of the product that the channels are for [default: tallykey-vms]. A service for another product shows the
    /// dongle as `empty`.
    #[arg(long, value_name = "NAME", value_parser = product, conflicts_with_all = ["profile", "blank"])]
    pub(super) product: Option<String>,

    /// The product that the channels are for, as a profile that the dongles' vendor signed.
    #[arg(long, value_name = "FILE", conflicts_with = "blank")]
    pub(super) profile: Option<PathBuf>,

    /// Folder with the keys of a test vendor, as `tallykey-vendor keys init --test` wrote it: the dongles are that
    /// vendor's, and hosts that pin it take them. The factory's roles are enough for new ones [default: the
    /// simulator's own vendor].
    #[arg(
        long,
        value_name = "FOLDER",
        requires = "profile",
        conflicts_with = "blank"
    )]
    pub(super) vendor: Option<PathBuf>,

    /// File whose first line is the passphrase of the vendor's keys; without it you are asked.
    #[arg(long, value_name = "FILE", requires = "vendor")]
    pub(super) passphrase_file: Option<PathBuf>,

    /// What a signature takes on this part, in milliseconds: real ones take 2.6 to 600.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(super) sign_time: u64,

    /// What it takes to erase a sector of this part's flash, in milliseconds: real ones take 22 to 400.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(super) erase_time: u64,

    /// What becomes of the button that the dongle asks for before it gives channels away.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Button::Accept)]
    pub(super) button: Button,

    /// A fault that is there from the start, in the words of `ctl`; may be given several times.
    #[arg(long = "fault", value_name = "WORDS", value_parser = parse_action)]
    pub(super) faults: Vec<Action>,

    /// Where `tallykey-sim ctl` finds this: a path, or a loopback address and port [default: a socket in the user's
    /// runtime folder, if that is free].
    #[arg(long, value_name = "PLACE", env = "TALLYKEY_SIM_CONTROL")]
    pub(super) control: Option<control::Place>,

    /// Leave the dongles as they are: without a key, a serial and channels if they are new.
    #[arg(long)]
    pub(super) blank: bool,
}

/// Which way channels may be made a software licence.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Way {
    /// Not at all.
    None,
    /// Through the vendor's desk.
    Desk,
    /// On the dongle's own authority.
    Offline,
}

impl From<Way> for Convert {
    fn from(way: Way) -> Self {
        match way {
            Way::None => Self::None,
            Way::Desk => Self::Desk,
            Way::Offline => Self::Offline,
        }
    }
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct Place {
    /// Unix socket to serve it on.
    #[cfg(unix)]
    #[arg(long, value_name = "PATH")]
    pub(super) socket: Option<PathBuf>,

    /// Loopback address and port to serve it on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<SocketAddr>,

    /// Loopback address and port of a USB bus that Linux attaches with `usbip`; usually 127.0.0.1:3240.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) usbip: Option<SocketAddr>,
}

fn serial(text: &str) -> Result<String, String> {
    if is_serial(text) {
        Ok(text.to_owned())
    } else {
        Err("a serial has capital letters, digits and hyphens only, 24 at most".to_owned())
    }
}

fn channels(text: &str) -> Result<(String, u64), String> {
    let (feature, count) = text
        .split_once('=')
        .ok_or("say FEATURE=COUNT, for example camera=64")?;
    let count = count
        .parse()
        .map_err(|_| format!("`{count}` is no number of channels"))?;
    Ok((feature.to_owned(), count))
}

fn product(text: &str) -> Result<String, String> {
    if is_name(text) {
        Ok(text.to_owned())
    } else {
        Err("a product's id has small letters, digits and hyphens only, 48 at most".to_owned())
    }
}
