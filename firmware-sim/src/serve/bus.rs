//! Where hosts find the dongles.

use super::{Arguments, host, say};
use anyhow::Context;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::socket::{self, Listener};
use tallykey_sim::usbip::Server;

/// Where hosts find the dongle, before there is one: nobody needs a dongle that nobody can reach.
pub(super) enum Bus {
    Socket(Listener),
    Usb(Server),
}

impl Bus {
    pub(super) fn bind(arguments: &Arguments) -> anyhow::Result<Self> {
        let place = &arguments.place;
        #[cfg(unix)]
        if let Some(path) = &place.socket {
            return Ok(Self::Socket(Listener::unix(path)?));
        }
        if let Some(address) = place.usbip {
            return Ok(Self::Usb(Server::bind(address, arguments.frame_pacing)?));
        }
        let address = place
            .listen
            .context("say where to serve the dongle: --listen 127.0.0.1:PORT")?;
        Ok(Self::Socket(Listener::tcp(address)?))
    }

    pub(super) fn serve(
        self,
        dongles: Vec<(String, SimDongle)>,
        arguments: &Arguments,
    ) -> anyhow::Result<()> {
        match self {
            Self::Socket(listener) => {
                let (_, dongle) = dongles.first().context("at least one is counted")?;
                say(&[(
                    "attach",
                    format!("{} --attach {}", host(arguments), listener.attach()?),
                )])?;
                socket::serve(dongle, &listener).context("the socket failed")
            }
            Self::Usb(mut server) => {
                say(&[("load", "sudo modprobe vhci-hcd".to_owned())])?;
                for (_, dongle) in dongles {
                    let busid = server.plug(dongle)?;
                    let port = server.address().port();
                    let command =
                        format!("sudo usbip --tcp-port {port} attach -r 127.0.0.1 -b {busid}");
                    say(&[("attach", command)])?;
                }
                // A vendor's dongles are looked for on USB anyway.
                let usb = match arguments.vendor {
                    Some(_) => "",
                    None => " --usb",
                };
                say(&[("serve", format!("{}{usb}", host(arguments)))])?;
                server.serve().context("the USB bus failed")
            }
        }
    }
}
