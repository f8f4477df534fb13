//! What can go wrong on the bus.

use std::error::Error;
use std::io;

/// A bus operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum UsbError {
    /// The operating system does not let this user open the device.
    #[error("no permission to open {place}: {source}")]
    NoPermission {
        /// The device node.
        place: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// There is no such device, or no longer.
    #[error("{place} is gone")]
    Gone {
        /// Where it was.
        place: String,
    },
    /// Something else failed; the same may be tried again.
    #[error("could not {action} {place}: {source}")]
    Failed {
        /// What was being done.
        action: &'static str,
        /// Where.
        place: String,
        /// What the layer below said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A report of another length than 64 bytes: not a dongle.
    #[error("{place} moved a report of {length} bytes instead of 64")]
    ReportLength {
        /// Where.
        place: String,
        /// How many bytes.
        length: usize,
    },
}
