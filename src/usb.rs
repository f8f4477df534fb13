//! BYTES: 64-byte reports in and out, and which dongles are there. Nothing here knows what a report
//! means.
//!
//! [`Finder`] and [`ReportPort`] are the ports; [`hid`] is the adapter for hardware, [`hotplug`] says
//! when to look again, [`sim`] is the adapter for the simulator.

mod error;
pub mod hid;
pub mod hotplug;
mod port;
#[cfg(feature = "sim")]
pub mod sim;

pub use error::UsbError;
pub use port::{Finder, Found, ReportPort};
