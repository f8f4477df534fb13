//! `tallykey-sim serve`.

use anyhow::Context;
use clap::Args;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use tallykey_protocol::id::is_serial;
use tallykey_signing::simulator;
use tallykey_sim::control::{self, Action, ControlServer, Dongles, parse_action};
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{NEW_CHANNELS, Order, OwnerCodeFile, chip_id, provision};
use tallykey_sim::socket::{self, Listener};
use tallykey_sim::usbip::Server;

/// Ways to a dongle that know neither frames nor a second one.
#[cfg(unix)]
const SOCKETS: [&str; 2] = ["socket", "listen"];
#[cfg(not(unix))]
const SOCKETS: [&str; 1] = ["listen"];

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,

    /// Dongles on the USB bus; serials count up from the first.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16), conflicts_with_all = SOCKETS)]
    count: u8,

    /// Keep to USB's frames: each endpoint moves at most one report in a millisecond, as on a cable.
    #[arg(long, conflicts_with_all = SOCKETS)]
    frame_pacing: bool,

    /// File that the dongle survives in; made if it is not there. Without it the dongle is gone when this stops.
    #[arg(long, value_name = "FILE", conflicts_with = "count")]
    flash: Option<PathBuf>,

    /// Serial of the (first) dongle: capital letters, digits, hyphens.
    #[arg(long, value_name = "SERIAL", default_value = "SIM-0001", value_parser = serial)]
    serial: String,

    /// What each dongle gives [new: camera=64,other-brand=32,vca=8]. Counts of one that has channels can only
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

    /// A fault that is there from the start, in the words of `ctl`; may be given several times.
    #[arg(long = "fault", value_name = "WORDS", value_parser = parse_action)]
    faults: Vec<Action>,

    /// Where `tallykey-sim ctl` finds this: a path, or a loopback address and port [default: a socket in the user's
    /// runtime folder, if that is free].
    #[arg(long, value_name = "PLACE", env = "TALLYKEY_SIM_CONTROL")]
    control: Option<control::Place>,

    /// Leave the dongles as they are: without a key, a serial and channels if they are new.
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

    /// Loopback address and port of a USB bus that Linux attaches with `usbip`; usually 127.0.0.1:3240.
    #[arg(long, value_name = "ADDRESS:PORT")]
    usbip: Option<SocketAddr>,
}

/// Where hosts find the dongle, before there is one: nobody needs a dongle that nobody can reach.
enum Bus {
    Socket(Listener),
    Usb(Server),
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
    let bus = arguments.bus()?;
    let control = knobs(arguments.control.as_ref())?;
    let mut dongles = Vec::new();
    for serial in serials(&arguments.serial, arguments.count)? {
        let dongle = arguments.plug(&serial)?;
        if !arguments.blank {
            arguments.provision(&dongle, &serial)?;
        }
        // The station was not made to wait nor to suffer, and is not counted.
        dongle.clear();
        dongle.set_sign_time(arguments.sign_time);
        for fault in &arguments.faults {
            fault
                .apply(&dongle)
                .map_err(|refusal| anyhow::anyhow!("{refusal}: {}", refusal.next()))?;
        }
        dongles.push((serial, dongle));
    }
    arguments.announce(&dongles)?;
    match control {
        Ok(control) => {
            say(&[("control", control.place().to_string())])?;
            control.serve(Dongles::new(dongles.clone()))?;
        }
        Err(why) => say(&[("control", format!("none: {why}"))])?,
    }
    match bus {
        Bus::Socket(listener) => {
            let (_, dongle) = dongles.first().context("at least one is counted")?;
            say(&[(
                "attach",
                format!(
                    "{} serve --simulate --attach {}",
                    host(),
                    listener.attach()?
                ),
            )])?;
            socket::serve(dongle, &listener).context("the socket failed")
        }
        Bus::Usb(mut server) => {
            say(&[("load", "sudo modprobe vhci-hcd".to_owned())])?;
            for (_, dongle) in dongles {
                let busid = server.plug(dongle)?;
                let port = server.address().port();
                let command =
                    format!("sudo usbip --tcp-port {port} attach -r 127.0.0.1 -b {busid}");
                say(&[("attach", command)])?;
            }
            say(&[("serve", format!("{} serve --simulate --usb", host()))])?;
            server.serve().context("the USB bus failed")
        }
    }
}

/// The control socket: where the user wants it, or in the usual place. That one may be taken or not be there, which
/// is no reason not to serve.
fn knobs(wanted: Option<&control::Place>) -> anyhow::Result<Result<ControlServer, String>> {
    match (wanted, control::Place::usual()) {
        (Some(place), _) => Ok(Ok(ControlServer::bind(place)?)),
        (None, Err(none)) => Ok(Err(none.to_string())),
        (None, Ok(place)) => Ok(ControlServer::bind(&place)
            .map_err(|why| format!("{why} (--control names another place)"))),
    }
}

/// `SIM-0001`, `SIM-0002` and so on: the number at the end counts up in its own width.
fn serials(first: &str, count: u8) -> anyhow::Result<Vec<String>> {
    let name = first.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &first[name.len()..];
    let one = || std::iter::once(first.to_owned());
    let rest = (1..u64::from(count)).map(|more| {
        let number = digits.parse::<u64>().ok().and_then(|n| n.checked_add(more));
        let number = number.with_context(|| {
            format!("{first} does not end in a number to count up from: give another --serial")
        })?;
        let serial = format!("{name}{number:0width$}", width = digits.len());
        self::serial(&serial).map_err(anyhow::Error::msg)
    });
    one().map(Ok).chain(rest).collect()
}

fn say(lines: &[(&str, String)]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (name, value) in lines {
        writeln!(out, "{name:<11} {value}")?;
    }
    out.flush()
}

impl Arguments {
    fn bus(&self) -> anyhow::Result<Bus> {
        #[cfg(unix)]
        if let Some(path) = &self.place.socket {
            return Ok(Bus::Socket(Listener::unix(path)?));
        }
        if let Some(address) = self.place.usbip {
            return Ok(Bus::Usb(Server::bind(address, self.frame_pacing)?));
        }
        let address = self
            .place
            .listen
            .context("say where to serve the dongle: --listen 127.0.0.1:PORT")?;
        Ok(Bus::Socket(Listener::tcp(address)?))
    }

    fn plug(&self, serial: &str) -> anyhow::Result<SimDongle> {
        let chip_id = chip_id(serial);
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

    fn provision(&self, dongle: &SimDongle, serial: &str) -> anyhow::Result<()> {
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
            serial,
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

    fn announce(&self, dongles: &[(String, SimDongle)]) -> anyhow::Result<()> {
        writeln!(
            io::stdout(),
            "SIMULATED DONGLE: worth nothing, for tests only"
        )?;
        if self.blank {
            let what = "not provisioned here (--blank)".to_owned();
            say(&[("dongle", what)])?;
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
            for (serial, _) in dongles {
                say(&[("dongle", format!("{serial}, {channels}"))])?;
            }
        }
        match &self.flash {
            Some(path) => {
                say(&[("flash", path.display().to_string())])?;
                if let Some(code) = OwnerCodeFile::beside(path).read()? {
                    say(&[("owner code", code)])?;
                }
            }
            None => say(&[("flash", "in memory: gone when this stops".to_owned())])?,
        }
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
