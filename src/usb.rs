//! BYTES: 64-byte reports in and out, and which dongles are there. Nothing here knows what a report
//! means.
//!
//! [`Finder`] and [`ReportPort`] are the ports; [`hid`] is the adapter for hardware, [`sim`] the one
//! for the simulator.

mod error;
pub mod hid;
mod port;
#[cfg(feature = "sim")]
pub mod sim;

pub use error::UsbError;
pub use port::{Finder, Found, ReportPort};
