//! A USB bus that a real kernel attaches to, over the USB/IP protocol: `usbip attach` makes simulated dongles
//! appear as if they had been plugged in, with /dev/hidraw, udev events and all.
//!
//! ```text
//! usbip, vhci_hcd ── wire ── connection ── Port (controller) ── UsbBus ── ReportClass ── core
//! ```
//!
//! The device class is the one that a microcontroller runs ([`tallykey_usb`]). Loopback only: whoever reaches the
//! port has the dongles. What a host may ask for is bounded, in bytes, in transfers under way and in time.

mod bus;
mod connection;
mod control;
mod controller;
mod device;
mod wire;

use crate::dongle::SimDongle;
use crate::socket::BindError;
use bus::Port;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use tallykey_usb::Identity;
use wire::Record;

/// Connections at a time; others are closed at once. A host has one for each dongle.
const CONNECTIONS_MAX: usize = 32;

/// A bus with its dongles, and the port that hosts attach them from.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    exported: Vec<Exported>,
    paced: bool,
}

/// A dongle, and how hosts call it.
struct Exported {
    record: Record,
    port: Arc<Port>,
}

impl Server {
    /// Listens on a TCP port of the loopback; port 0 takes a free one. With `paced`, each endpoint moves at most
    /// one report in a frame of 1 ms, as on a cable.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind(address: SocketAddr, paced: bool) -> Result<Self, BindError> {
        if !address.ip().is_loopback() {
            return Err(BindError::NotLoopback { address });
        }
        let listening = TcpListener::bind(address)
            .and_then(|listener| Ok((listener.local_addr()?, listener)))
            .map_err(|source| BindError::Io {
                address: address.to_string(),
                source,
            });
        let (address, listener) = listening?;
        Ok(Self {
            listener,
            address,
            exported: Vec::new(),
            paced,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Plugs a dongle into the bus; returns its bus id, as `usbip attach -b` takes it.
    ///
    /// # Errors
    /// The system gave no thread.
    pub fn plug(&mut self, dongle: SimDongle) -> io::Result<String> {
        let number = self.exported.len() + 1;
        let identity = Identity::new("");
        let record = Record {
            busid: format!("1-{number}"),
            device: number as u32 + 1,
            vendor: identity.vendor,
            product: identity.product,
            release: identity.release,
        };
        let port = Arc::new(Port::new(self.paced));
        let busid = record.busid.clone();
        self.exported.push(Exported {
            record,
            port: Arc::clone(&port),
        });
        thread::Builder::new()
            .name(format!("dongle {busid}"))
            .spawn(move || device::run(&dongle, &port))?;
        Ok(busid)
    }

    /// Serves hosts until listening fails.
    ///
    /// # Errors
    /// What the system said.
    pub fn serve(self) -> io::Result<()> {
        let exported = Arc::new(self.exported);
        let connections = Arc::new(AtomicUsize::new(0));
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if crate::socket::is_the_hosts(&error) => continue,
                Err(error) => return Err(error),
            };
            let counted = Counted::new(&connections);
            if counted.before >= CONNECTIONS_MAX {
                continue;
            }
            let exported = Arc::clone(&exported);
            thread::Builder::new()
                .name("usbip host".into())
                .spawn(move || {
                    let _counted = counted;
                    // A host that went away or spoke nonsense is let go; there is nobody to tell.
                    let _ = connection::serve(stream, &exported);
                })?;
        }
    }
}

/// One connection among those that are open.
struct Counted {
    open: Arc<AtomicUsize>,
    before: usize,
}

impl Counted {
    fn new(open: &Arc<AtomicUsize>) -> Self {
        Self {
            before: open.fetch_add(1, Ordering::SeqCst),
            open: Arc::clone(open),
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}
