//! `tallykey-sim serve`.

mod arguments;
mod bus;
mod maker;
mod product;

pub(crate) use arguments::Arguments;

use anyhow::Context;
use bus::Bus;
use maker::Maker;
use product::Product;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use tallykey_protocol::id::is_serial;
use tallykey_signing::keys::bundle_file;
use tallykey_sim::control::{ControlServer, Dongles, Place};
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{NEW_CHANNELS, Order, OwnerCodeFile, chip_id, provision_at};

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let bus = Bus::bind(arguments)?;
    let product = Product::chosen(arguments)?;
    let maker = Maker::chosen(arguments)?;
    let control = knobs(arguments.control.as_ref())?;
    let mut dongles = Vec::new();
    for serial in serials(&arguments.serial, arguments.count)? {
        let dongle = arguments.plug(&serial)?;
        if !arguments.blank {
            arguments.provision(&dongle, &serial, &product, &maker)?;
        }
        // The station was not made to wait nor to suffer, and is not counted.
        dongle.clear();
        dongle.set_sign_time(arguments.sign_time);
        dongle.set_erase_time(arguments.erase_time);
        dongle.set_button(arguments.button);
        for fault in &arguments.faults {
            fault
                .apply(&dongle)
                .map_err(|refusal| anyhow::anyhow!("{refusal}: {}", refusal.next()))?;
        }
        dongles.push((serial, dongle));
    }
    arguments.announce(&dongles, &maker)?;
    match control {
        Ok(control) => {
            say(&[("control", control.place().to_string())])?;
            control.serve(Dongles::new(dongles.clone()))?;
        }
        Err(why) => say(&[("control", format!("none: {why}"))])?,
    }
    bus.serve(dongles, arguments)
}

/// The control socket: where the user wants it, or in the usual place. That one may be taken or not be there, which
/// is no reason not to serve.
fn knobs(wanted: Option<&Place>) -> anyhow::Result<Result<ControlServer, String>> {
    match (wanted, Place::usual()) {
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
        anyhow::ensure!(is_serial(&serial), "{serial} is too long for a serial");
        Ok(serial)
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

    fn provision(
        &self,
        dongle: &SimDongle,
        serial: &str,
        product: &Product,
        maker: &Maker,
    ) -> anyhow::Result<()> {
        let profile = product.profile(maker)?;
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
            convert: self.convert.into(),
            now,
        };
        provision_at(&maker.station(), dongle, &order, |code| match &self.flash {
            Some(path) => OwnerCodeFile::beside(path).keep(code),
            None => writeln!(io::stdout(), "owner code  {code}"),
        })?;
        Ok(())
    }

    fn announce(&self, dongles: &[(String, SimDongle)], maker: &Maker) -> anyhow::Result<()> {
        writeln!(
            io::stdout(),
            "SIMULATED DONGLE: worth nothing, for tests only"
        )?;
        if let Maker::Test(_) = maker {
            say(&[("vendor", format!("{}, a test vendor", maker.name()))])?;
        }
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
                let file = OwnerCodeFile::beside(path);
                let kept = file.path().display();
                match file.read()? {
                    Some(code) => say(&[("owner code", format!("{code}, kept in {kept}"))])?,
                    None if self.blank => {}
                    None => say(&[("owner code", format!("not known: {kept} is not there"))])?,
                }
            }
            None => say(&[("flash", "in memory: gone when this stops".to_owned())])?,
        }
        Ok(())
    }
}

/// The command that starts a host for these dongles, if its program lies beside this one.
fn host(arguments: &Arguments) -> String {
    let own = std::env::args_os()
        .next()
        .map(PathBuf::from)
        .unwrap_or_default();
    let program = own.with_file_name("tallykey");
    match (&arguments.vendor, &arguments.profile) {
        (Some(folder), Some(profile)) => format!(
            "{} serve --trust {} --profile {}",
            program.display(),
            bundle_file(folder).display(),
            profile.display()
        ),
        _ => format!("{} serve --simulate", program.display()),
    }
}
