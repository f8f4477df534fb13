//! The bytes that tell a host what this is. HID 1.11 §6.2; usage page 0xFFA0 is of the vendors' range (HID Usage
//! Tables §1.4): on FIDO's page, browsers and udev would take the dongle for a security key.

use tallykey_protocol::limits::REPORT_LEN;

/// Descriptor types of HID 1.11 §7.1.
pub(crate) const TYPE_HID: u8 = 0x21;
pub(crate) const TYPE_REPORT: u8 = 0x22;

const COUNT: u8 = REPORT_LEN as u8;

/// One 64-byte report each way, without report ids.
pub(crate) const REPORT: [u8; 27] = [
    0x06, 0xA0, 0xFF, // usage page: vendor 0xFFA0
    0x09, 0x01, // usage 1
    0xA1, 0x01, // collection: application
    0x15, 0x00, //   logical minimum 0
    0x26, 0xFF, 0x00, //   logical maximum 255
    0x75, 0x08, //   report size: 8 bits
    0x95, COUNT, //   report count
    0x09, 0x02, //   usage 2
    0x81, 0x02, //   input: data, variable, absolute
    0x95, COUNT, //   report count
    0x09, 0x03, //   usage 3
    0x91, 0x02, //   output: data, variable, absolute
    0xC0, // end of collection
];

/// The HID descriptor without its length and type: HID 1.11, no country, one report descriptor.
pub(crate) const HID: [u8; 7] = [0x11, 0x01, 0, 1, TYPE_REPORT, REPORT.len() as u8, 0];

/// The HID descriptor whole, as GET_DESCRIPTOR of the interface answers it (HID 1.11 §7.1.1).
pub(crate) const HID_WHOLE: [u8; 9] = {
    let [a, b, c, d, e, f, g] = HID;
    [9, TYPE_HID, a, b, c, d, e, f, g]
};
