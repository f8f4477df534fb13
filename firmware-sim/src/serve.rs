//! `tallykey-sim serve`.

use anyhow::Context;
use clap::Args;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use tallykey_protocol::id::is_serial;
use tallykey_signing::simulator;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{NEW_CHANNELS, Order, OwnerCodeFile, chip_id, provision};
use tallykey_sim::socket::{self, Listener};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,

    /// File that the dongle survives in; made if it is not there. Without it the dongle is gone when this stops.
    #[arg(long, value_name = "FILE")]
    flash: Option<PathBuf>,

    /// Serial of the dongle: capital letters, digits, hyphens.
    #[arg(long, value_name = "SERIAL", default_value = "SIM-0001", value_parser = serial)]
    serial: String,

    /// What the dongle gives [new: camera=64,other-brand=32,vca=8]. Counts of one that has channels can only
    /// be raised; without this they stay.
    #[arg(
        long,
        value_name = "FEATURE=COUNT,…",
        value_delimiter = ',',
        value_parser = channels,
        conflicts_with = "blank"
    )]
    channels: Vec<(String, u64)>,

    /// What a signature takes on this part, in milliseconds: real ones take 2.6 to 600.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    sign_time: u64,

    /// Leave the dongle as it is: without a key, a serial and channels if it is new.
    #[arg(long)]
    blank: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Place {
    /// Unix socket to serve it on.
    #[cfg(unix)]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,

    /// Loopback address and port to serve it on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
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

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    // Before anything is written: a dongle that nobody can reach is of no use.
    let listener = arguments.place.listen()?;
    let dongle = arguments.plug()?;
    if !arguments.blank {
        arguments.provision(&dongle)?;
    }
    // The station was not made to wait.
    dongle.set_sign_time(arguments.sign_time);
    arguments.announce(&listener)?;
    socket::serve(&dongle, &listener).context("the socket failed")
}

impl Place {
    fn listen(&self) -> anyhow::Result<Listener> {
        #[cfg(unix)]
        if let Some(path) = &self.socket {
            return Ok(Listener::unix(path)?);
        }
        let address = self
            .listen
            .context("say where to serve the dongle: --listen 127.0.0.1:PORT")?;
        Ok(Listener::tcp(address)?)
    }
}

impl Arguments {
    fn plug(&self) -> anyhow::Result<SimDongle> {
        let chip_id = chip_id(&self.serial);
        let flash = match &self.flash {
            Some(path) => SimFlash::in_file(path, chip_id)?,
            None => SimFlash::blank(chip_id),
        };
        SimDongle::plug(SimPlatform::new(flash, Clock::real())).with_context(|| match &self.flash {
            Some(path) => format!(
                "the dongle in {} cannot start; restore a copy of the file, or move it aside and a new \
                 dongle is made",
                path.display()
            ),
            None => "the dongle cannot start".to_owned(),
        })
    }

    fn provision(&self, dongle: &SimDongle) -> anyhow::Result<()> {
        let vendor = simulator::vendor()?;
        let profile = simulator::profile();
        let channels: Vec<(&str, u64)> = self
            .channels
            .iter()
            .map(|(name, count)| (name.as_str(), *count))
            .collect();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .context("the clock is before 1970")?
            .as_secs();
        let order = Order {
            serial: &self.serial,
            profile: &profile,
            channels: if channels.is_empty() {
                &NEW_CHANNELS
            } else {
                &channels
            },
            raise: !channels.is_empty(),
            now,
        };
        provision(dongle, &vendor, &order, |code| match &self.flash {
            Some(path) => OwnerCodeFile::beside(path).keep(code),
            None => writeln!(io::stdout(), "owner code  {code}"),
        })?;
        Ok(())
    }

    fn announce(&self, listener: &Listener) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "SIMULATED DONGLE: worth nothing, for tests only")?;
        if self.blank {
            writeln!(out, "dongle      not provisioned here (--blank)")?;
        } else {
            let channels: Vec<String> = self
                .channels
                .iter()
                .map(|(name, count)| format!("{name}={count}"))
                .collect();
            let channels = match &channels[..] {
                [] => "as it was, or new".to_owned(),
                given => format!("at least {}", given.join(", ")),
            };
            writeln!(out, "dongle      {}, {channels}", self.serial)?;
        }
        match &self.flash {
            Some(path) => {
                writeln!(out, "flash       {}", path.display())?;
                if let Some(code) = OwnerCodeFile::beside(path).read()? {
                    writeln!(out, "owner code  {code}")?;
                }
            }
            None => writeln!(out, "flash       in memory: gone when this stops")?,
        }
        writeln!(
            out,
            "attach      {} serve --simulate --attach {}",
            host(),
            listener.attach()?
        )?;
        out.flush()?;
        Ok(())
    }
}

/// The host program, as it is called if it lies beside this one.
fn host() -> String {
    let own = std::env::args_os()
        .next()
        .map(PathBuf::from)
        .unwrap_or_default();
    own.with_file_name("tallykey").display().to_string()
}
