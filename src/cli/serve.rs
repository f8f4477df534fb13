//! Arguments of `tallykey serve`, and what it prints when it has started.

mod banner;

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use clap::ValueEnum;

use super::vendor::VendorArgs;

pub use banner::{Banner, OwnerCode};

/// Arguments of `serve`.
#[derive(Debug, Clone, clap::Args)]
pub struct ServeArgs {
    /// Whom to trust. With `--simulate` a simulated dongle is made on first use; its state is kept apart.
    #[command(flatten)]
    pub vendor: VendorArgs,
    /// Channels of a new simulated dongle [default: camera=64,other-brand=32,vca=8].
    #[cfg(feature = "sim")]
    #[arg(
        long,
        value_name = "FEATURE=COUNT,…",
        value_delimiter = ',',
        requires = "simulate"
    )]
    pub channels: Vec<Channels>,
    /// Look for a dongle at the socket of a tallykey-sim: unix:PATH or tcp:ADDRESS.
    #[cfg(feature = "sim")]
    #[arg(long, value_name = "PLACE")]
    pub attach: Vec<String>,
    /// Look for simulated dongles on USB, where `tallykey-sim serve --usbip` puts them.
    #[cfg(feature = "sim")]
    #[arg(long, requires = "simulate", conflicts_with_all = ["attach", "channels"])]
    pub usb: bool,
    /// Be the machine of this tree of /sys and /proc, recorded elsewhere. Only for trials, where this machine shows too
    /// little of itself for a licence: with --simulate, or with a test vendor.
    #[cfg(feature = "sim")]
    #[arg(long, value_name = "FOLDER")]
    pub machine_root: Option<PathBuf>,
    /// What becomes of a held source when the active one is gone for good: it waits for `resolve`, or takes over.
    #[arg(long, value_enum, value_name = "HOW", default_value = "ask")]
    pub takeover: Takeover,
    /// Folder of the state [default: tallykey in the XDG state folder].
    #[arg(long, value_name = "FOLDER")]
    pub state_dir: Option<PathBuf>,
    /// Folder whose files are imported by themselves, or none [default: inbox in the state folder].
    #[arg(
        long,
        value_name = "FOLDER",
        env = "TALLYKEY_INBOX",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub inbox: InboxFolder,
    /// Loopback address for callers with a bearer token, or none.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7787")]
    pub listen: Listen,
    /// Form of the log on stderr [default: text].
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub log: Option<LogFormat>,
}

/// What becomes of a held source when the active one is gone for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Takeover {
    /// It waits until somebody says so.
    Ask,
    /// It becomes active by itself.
    Automatic,
}

/// Which folder's files are imported by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxFolder {
    /// None.
    None,
    /// The one in the state folder.
    Default,
    /// This one.
    At(PathBuf),
}

impl From<&str> for InboxFolder {
    fn from(text: &str) -> Self {
        match text {
            "" => Self::Default,
            "none" => Self::None,
            path => Self::At(path.into()),
        }
    }
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Channels of one feature, written `camera=64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channels {
    /// Feature id.
    pub feature: String,
    /// How many.
    pub count: u64,
}

impl FromStr for Channels {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(feature, count)| {
            let feature = feature.trim();
            Some((feature, count.trim().parse().ok()?)).filter(|_| !feature.is_empty())
        });
        let (feature, count) = parts.ok_or("write it as camera=64,vca=8")?;
        Ok(Self {
            feature: feature.to_owned(),
            count,
        })
    }
}

/// Where to listen beside the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// Nowhere.
    None,
    /// At this address; port 0 is any free one.
    Address(SocketAddr),
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::None);
        }
        let text = text.replacen("localhost:", "127.0.0.1:", 1);
        text.parse()
            .map(Self::Address)
            .map_err(|_| "give an address and a port, as 127.0.0.1:7787, or none".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listen_is_an_address_or_none() {
        let loopback = |port| Listen::Address(([127, 0, 0, 1], port).into());
        assert_eq!("none".parse(), Ok(Listen::None));
        assert_eq!("127.0.0.1:0".parse(), Ok(loopback(0)));
        assert_eq!("localhost:7787".parse(), Ok(loopback(7787)));
        assert!("7787".parse::<Listen>().is_err());
    }

    #[test]
    fn channels_are_a_feature_and_a_number() {
        let vca = Channels {
            feature: "vca".to_owned(),
            count: 8,
        };
        assert_eq!("vca=8".parse(), Ok(vca));
        for wrong in ["vca", "vca=", "=8", "vca=-1", "vca=8x"] {
            assert!(wrong.parse::<Channels>().is_err(), "{wrong}");
        }
    }
}
