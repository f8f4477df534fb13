//! What the device says of itself.

use usb_device::UsbError;
use usb_device::bus::{UsbBus, UsbBusAllocator};
use usb_device::descriptor::lang_id::LangID;
use usb_device::device::{StringDescriptors, UsbDevice, UsbDeviceBuilder, UsbRev, UsbVidPid};

/// Ids and strings of one dongle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// USB vendor id.
    pub vendor: u16,
    /// USB product id.
    pub product: u16,
    /// Version of the device, binary coded decimal (`bcdDevice`).
    pub release: u16,
    /// Manufacturer string.
    pub manufacturer: &'a str,
    /// Product string.
    pub name: &'a str,
    /// What `Dongle::usb_serial` says.
    pub serial: &'a str,
}

impl<'a> Identity<'a> {
    /// A dongle under the test id of pid.codes, 1209:0001. A vendor sets its own ids and strings.
    #[must_use]
    pub const fn new(serial: &'a str) -> Self {
        Self {
            vendor: 0x1209,
            product: 0x0001,
            release: 0x0010,
            manufacturer: "Tallykey",
            name: "Tallykey dongle",
            serial,
        }
    }
}

/// Builds the device: one configuration, bus powered with 100 mA, USB 2.0 full speed. Classes are made of
/// `allocator` before.
///
/// # Errors
/// [`UsbError`] if the stack cannot hold this; never for these constants.
pub fn device<'a, B: UsbBus>(
    allocator: &'a UsbBusAllocator<B>,
    identity: &Identity<'a>,
) -> Result<UsbDevice<'a, B>, UsbError> {
    let strings = StringDescriptors::new(LangID::EN_US)
        .manufacturer(identity.manufacturer)
        .product(identity.name)
        .serial_number(identity.serial);
    let builder = UsbDeviceBuilder::new(allocator, UsbVidPid(identity.vendor, identity.product))
        .usb_rev(UsbRev::Usb200)
        .device_release(identity.release)
        .max_packet_size_0(64)
        .and_then(|builder| builder.max_power(100))
        .and_then(|builder| builder.strings(&[strings]))
        .map_err(|_| UsbError::Unsupported)?;
    Ok(builder.build())
}
