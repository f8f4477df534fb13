//! A dongle that has not been asked anything yet.

use sha2::{Digest, Sha256};
use tallykey_protocol::command::{Command, certificate, hello};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::status::Status;

use super::ask::ask;
use super::identified::{Greeting, Identified};
use crate::dongle::error::Fault;
use crate::dongle::identity::{Identity, Vendor};
use crate::dongle::link::{Link, Timing};
use crate::usb::ReportPort;

/// What this host speaks.
const HOST: hello::Request = hello::Request {
    min: hello::VERSION_MIN,
    current: hello::VERSION,
};

/// A device that answers on a channel.
pub struct Found {
    link: Link,
}

impl Found {
    /// Gets a channel on the device behind `port`.
    ///
    /// # Errors
    /// [`Fault::Io`], [`Fault::NotFound`], [`Fault::NoPermission`].
    pub fn new(port: Box<dyn ReportPort>, timing: Timing) -> Result<Self, Fault> {
        Ok(Self {
            link: Link::new(port, timing)?,
        })
    }

    /// Makes it blink, so that a person finds it.
    ///
    /// # Errors
    /// As [`Found::new`].
    pub fn wink(&mut self) -> Result<(), Fault> {
        Ok(self.link.wink()?)
    }

    /// Says hello and follows its certificates to the pinned root.
    ///
    /// # Errors
    /// [`Fault::FirmwareTooOld`], [`Fault::HostTooOld`], [`Fault::SimulatorRefused`],
    /// [`Fault::NotProvisioned`], [`Fault::WrongVendor`], [`Fault::ChainInvalid`], or the link's.
    pub fn identify(mut self, vendor: &Vendor) -> Result<Identified, Fault> {
        let greeted = ask(&mut self.link, Command::Hello, &HOST)?;
        if let (Status::VersionUnsupported, _) = greeted.split()? {
            // A dongle older than the oldest version would not know this status.
            return Err(Fault::HostTooOld {
                needed: HOST.current.saturating_add(1),
                speaks: HOST.current,
            });
        }
        let hello: hello::Reply<'_> = greeted.body()?;
        agree(&hello)?;
        if hello.simulated && !vendor.allows_simulated() {
            return Err(Fault::SimulatorRefused {
                serial: hello.serial.map(str::to_owned),
            });
        }
        match hello.lifecycle {
            lifecycle @ (Lifecycle::Blank | Lifecycle::Personalised) => {
                return Err(Fault::NotProvisioned { lifecycle });
            }
            Lifecycle::Sealed | Lifecycle::Retired => {}
        }
        let request = certificate::Request { known: None };
        let shown = ask(&mut self.link, Command::Certificate, &request)?;
        let identity = Identity::verify(vendor, &hello, &shown.body()?)?;
        let greeting = Greeting {
            digests: [
                Sha256::digest(&greeted.request).into(),
                Sha256::digest(&greeted.reply).into(),
            ],
            simulated: hello.simulated,
            lifecycle: hello.lifecycle,
            firmware: hello.firmware.to_owned(),
        };
        let test = vendor.allows_simulated();
        Ok(Identified::new(self.link, identity, greeting, test))
    }
}

fn agree(hello: &hello::Reply<'_>) -> Result<(), Fault> {
    if hello::negotiate(HOST, hello.min, hello.current).is_some() {
        return Ok(());
    }
    Err(if hello.current < HOST.min {
        Fault::FirmwareTooOld {
            speaks: hello.current,
            needed: HOST.min,
        }
    } else {
        Fault::HostTooOld {
            needed: hello.min,
            speaks: HOST.current,
        }
    })
}
