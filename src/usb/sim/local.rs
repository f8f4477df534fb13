//! Simulated dongles in this process.

use std::time::Duration;

use tallykey_protocol::report::Report;
use tallykey_sim::dongle::{Connection, Gone, SimDongle};

use crate::usb::{Finder, Found, ReportPort, UsbError};

/// Finds those of its dongles that are plugged in.
pub struct LocalFinder {
    dongles: Vec<(String, SimDongle)>,
}

impl LocalFinder {
    /// A bus with these dongles.
    #[must_use]
    pub fn new(dongles: Vec<SimDongle>) -> Self {
        let named = dongles.into_iter().enumerate();
        Self {
            dongles: named.map(|(n, d)| (format!("sim:{n}"), d)).collect(),
        }
    }
}

impl Finder for LocalFinder {
    fn find(&mut self) -> Result<Vec<Found>, UsbError> {
        let plugged = self.dongles.iter().filter(|(_, d)| d.is_plugged());
        Ok(plugged
            .map(|(key, _)| Found::new(key.clone(), None))
            .collect())
    }

    fn open(&mut self, found: &Found) -> Result<Box<dyn ReportPort>, UsbError> {
        let place = found.key.clone();
        let dongle = self.dongles.iter().find(|(key, _)| *key == place);
        match dongle.map(|(_, dongle)| dongle.connect()) {
            Some(Ok(connection)) => Ok(Box::new(LocalPort { connection, place })),
            Some(Err(Gone)) | None => Err(UsbError::Gone { place }),
        }
    }
}

struct LocalPort {
    connection: Connection,
    place: String,
}

impl ReportPort for LocalPort {
    fn write(&mut self, report: &Report) -> Result<(), UsbError> {
        self.connection.write(report).map_err(|Gone| self.gone())
    }

    fn read(&mut self, timeout: Duration) -> Result<Option<Report>, UsbError> {
        self.connection.read(timeout).map_err(|Gone| self.gone())
    }
}

impl LocalPort {
    fn gone(&self) -> UsbError {
        UsbError::Gone {
            place: self.place.clone(),
        }
    }
}
