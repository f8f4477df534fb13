//! What the host needs of a bus.

use std::time::Duration;

use tallykey_protocol::report::Report;

use super::UsbError;

/// Longest USB serial that is kept, in characters. USB allows 126; ours have at most 24.
const USB_SERIAL_MAX: usize = 64;

/// Looks for dongles.
pub trait Finder: Send {
    /// The dongles that are plugged in now. An absent USB subsystem is no dongle, not an error.
    ///
    /// # Errors
    /// The bus could not be asked.
    fn find(&mut self) -> Result<Vec<Found>, UsbError>;

    /// Opens one of them.
    ///
    /// # Errors
    /// [`UsbError::NoPermission`] and [`UsbError::Gone`] are told apart from anything else.
    fn open(&mut self, found: &Found) -> Result<Box<dyn ReportPort>, UsbError>;
}

/// An open way to one dongle. Dropping it closes it.
pub trait ReportPort: Send {
    /// Sends one output report.
    ///
    /// # Errors
    /// The dongle is gone or the bus failed.
    fn write(&mut self, report: &Report) -> Result<(), UsbError>;

    /// Waits for one input report, for at most `timeout`; `None` when that has passed.
    ///
    /// # Errors
    /// The dongle is gone or the bus failed.
    fn read(&mut self, timeout: Duration) -> Result<Option<Report>, UsbError>;
}

/// A dongle as the bus shows it: not yet asked anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Names it on this host, stable while it is plugged in.
    pub key: String,
    /// The USB serial string, unproven, with everything but visible ASCII escaped.
    pub usb_serial: Option<String>,
}

impl Found {
    /// Takes a USB serial as the device sent it.
    #[must_use]
    pub fn new(key: String, usb_serial: Option<&str>) -> Self {
        Self {
            key,
            usb_serial: usb_serial.map(printable).filter(|text| !text.is_empty()),
        }
    }
}

/// A hostile device may send line feeds, terminal escapes or a novel.
fn printable(text: &str) -> String {
    let mut printable = String::new();
    for c in text.chars() {
        if c.is_ascii_graphic() {
            printable.push(c);
        } else {
            printable.extend(c.escape_default());
        }
        if printable.len() >= USB_SERIAL_MAX {
            printable.truncate(USB_SERIAL_MAX);
            break;
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a20_control_characters_in_a_usb_serial_are_escaped_and_bounded() {
        let serial = |text: &str| Found::new("k".into(), Some(text)).usb_serial;
        assert_eq!(serial("TK-0001").as_deref(), Some("TK-0001"));
        assert_eq!(
            serial("a\u{1b}[2J\n\u{202e}b").as_deref(),
            Some("a\\u{1b}[2J\\n\\u{202e}b")
        );
        assert_eq!(serial(&"\u{7}".repeat(5_000)).map(|s| s.len()), Some(64));
        assert_eq!(serial(""), None);
    }
}
