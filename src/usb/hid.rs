//! Hardware, through hidapi: hidraw on Linux, the system's HID service elsewhere.

mod nodes;

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::time::Duration;

use hidapi::{HidApi, HidDevice, HidError};
use tallykey_protocol::limits::REPORT_LEN;
use tallykey_protocol::report::Report;

use super::{Finder, Found, ReportPort, UsbError};

/// Which HID devices are dongles. A vendor sets its own vendor and product id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// USB vendor id.
    pub vendor: u16,
    /// USB product id.
    pub product: u16,
    /// HID usage page, of the vendor's range (HID Usage Tables §1.4).
    pub usage_page: u16,
    /// HID usage.
    pub usage: u16,
}

impl Default for Match {
    /// 1209:0001 is the test id of pid.codes. The page is not FIDO's, or browsers and udev would
    /// take the dongle for a security key.
    fn default() -> Self {
        Self {
            vendor: 0x1209,
            product: 0x0001,
            usage_page: 0xffa0,
            usage: 1,
        }
    }
}

/// Finds dongles by what they say of themselves, never by path.
pub struct HidFinder {
    wanted: Match,
    /// Made at the first look, so that a system without USB starts all the same.
    api: Option<HidApi>,
    /// What was found, and at which nodes.
    last: Option<(BTreeSet<String>, Vec<Found>)>,
}

impl HidFinder {
    /// Looks for devices that match.
    #[must_use]
    pub const fn new(wanted: Match) -> Self {
        Self {
            wanted,
            api: None,
            last: None,
        }
    }

    fn api(&mut self) -> Result<&mut HidApi, UsbError> {
        let api = match self.api.take() {
            Some(api) => api,
            None => HidApi::new().map_err(|source| failed("list", "HID devices", source))?,
        };
        Ok(self.api.insert(api))
    }

    fn look(&mut self) -> Result<Vec<Found>, UsbError> {
        let wanted = self.wanted;
        let api = self.api()?;
        api.reset_devices()
            .and_then(|()| api.add_devices(wanted.vendor, wanted.product))
            .map_err(|source| failed("list", "HID devices", source))?;
        let mut found: Vec<Found> = api
            .device_list()
            .filter(|device| {
                device.usage_page() == wanted.usage_page && device.usage() == wanted.usage
            })
            .map(|device| {
                let path = device.path().to_string_lossy().into_owned();
                Found::new(path, device.serial_number())
            })
            .collect();
        // hidapi lists a device once for each of its top-level collections.
        found.dedup_by(|a, b| a.key == b.key);
        Ok(found)
    }
}

impl Finder for HidFinder {
    fn find(&mut self) -> Result<Vec<Found>, UsbError> {
        let nodes = nodes::nodes(self.wanted);
        let found = match (&nodes, &self.last) {
            (Some(nodes), _) if nodes.is_empty() => Vec::new(),
            // Only where each of them was found: one that was not may have been too new.
            (Some(nodes), Some((before, found)))
                if nodes.is_subset(before) && before.len() == found.len() =>
            {
                nodes::that_stayed(nodes, found)
            }
            _ => self.look()?,
        };
        self.last = nodes.map(|nodes| (nodes, found.clone()));
        Ok(found)
    }

    fn open(&mut self, found: &Found) -> Result<Box<dyn ReportPort>, UsbError> {
        let place = &found.key;
        let path = std::ffi::CString::new(place.as_str())
            .map_err(|source| failed("open", place, source))?;
        match self.api()?.open_path(&path) {
            Ok(device) => Ok(Box::new(HidPort {
                device,
                place: place.clone(),
            })),
            Err(error) => Err(why_not_opened(place, error)),
        }
    }
}

/// hidapi says only in English why it could not open a device, so the node is asked again.
fn why_not_opened(place: &str, error: HidError) -> UsbError {
    let node = OpenOptions::new().read(true).write(true).open(place);
    match node.err().map(|source| (source.kind(), source)) {
        Some((ErrorKind::PermissionDenied, source)) => UsbError::NoPermission {
            place: place.to_owned(),
            source,
        },
        Some((ErrorKind::NotFound, _)) => UsbError::Gone {
            place: place.to_owned(),
        },
        Some(_) | None => failed("open", place, error),
    }
}

struct HidPort {
    device: HidDevice,
    place: String,
}

impl ReportPort for HidPort {
    fn write(&mut self, report: &Report) -> Result<(), UsbError> {
        // hidapi wants the report id first, 0 for a device that has none (hid_write).
        let mut numbered = [0; REPORT_LEN + 1];
        numbered[1..].copy_from_slice(report);
        match self.device.write(&numbered) {
            Ok(length) if length == numbered.len() => Ok(()),
            Ok(length) => Err(self.odd(length)),
            Err(error) => Err(failed("write to", &self.place, error)),
        }
    }

    fn read(&mut self, timeout: Duration) -> Result<Option<Report>, UsbError> {
        // Rounded up: 0 would not wait at all, and a negative number forever.
        let millis = timeout.as_micros().div_ceil(1000).min(i32::MAX as u128) as i32;
        let mut report = [0; REPORT_LEN];
        match self.device.read_timeout(&mut report, millis) {
            Ok(0) => Ok(None),
            Ok(REPORT_LEN) => Ok(Some(report)),
            Ok(length) => Err(self.odd(length)),
            Err(error) => Err(failed("read from", &self.place, error)),
        }
    }
}

impl HidPort {
    fn odd(&self, length: usize) -> UsbError {
        UsbError::ReportLength {
            place: self.place.clone(),
            length,
        }
    }
}

fn failed(
    action: &'static str,
    place: &str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> UsbError {
    UsbError::Failed {
        action,
        place: place.to_owned(),
        source: Box::new(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_without_dongles_is_empty_and_no_panic() {
        let mut finder = HidFinder::new(Match {
            vendor: 0x1209,
            product: 0xfffe,
            ..Match::default()
        });
        for _ in 0..2 {
            assert_eq!(finder.find().expect("no USB is no error"), []);
        }
    }

    #[test]
    fn an_absent_node_is_gone() {
        let mut finder = HidFinder::new(Match::default());
        let absent = Found::new("/nonexistent/hidraw0".into(), None);
        assert!(matches!(
            finder.open(&absent).err(),
            Some(UsbError::Gone { .. })
        ));
    }

    #[test]
    fn a_node_that_is_no_hid_device_is_neither_gone_nor_forbidden() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let path = file.path().to_string_lossy().into_owned();
        let mut finder = HidFinder::new(Match::default());
        assert!(matches!(
            finder.open(&Found::new(path, None)).err(),
            Some(UsbError::Failed { action: "open", .. })
        ));
    }
}
