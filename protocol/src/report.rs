//! The 64-byte HID report: the only unit that crosses the USB bus.

use crate::limits::REPORT_LEN;

/// One input or output report, without a report id.
pub type Report = [u8; REPORT_LEN];
