//! The thread of one device: the firmware's USB loop.

use super::bus::Port;
use crate::dongle::{Gone, SimDongle, TURN};
use std::sync::Arc;
use std::time::Duration;
use tallykey_usb::{Identity, ReportClass, ReportDevice, carry};
use usb_device::bus::UsbBusAllocator;

/// Longest time without a look at time-outs and at whether the dongle was pulled out.
const TICK: Duration = Duration::from_millis(50);

/// USB product id of a device that has no business here.
const FOREIGN_PRODUCT: u16 = 0x0002;

/// Runs the dongle on its port for ever: each round from power-on until the host or the dongle is gone.
pub(super) fn run(dongle: &SimDongle, port: &Arc<Port>) {
    loop {
        if let Err(Gone) = plugged(dongle, port) {
            port.power_off();
            dongle.wait_plugged();
        }
    }
}

fn plugged(dongle: &SimDongle, port: &Arc<Port>) -> Result<(), Gone> {
    let (serial, foreign) = dongle.with_wire(|wire| wire.enumerate())?;
    let allocator = UsbBusAllocator::new(port.power_on());
    let mut class = ReportClass::new(&allocator);
    let mut identity = Identity::new(&serial);
    if foreign {
        identity.product = FOREIGN_PRODUCT;
    }
    let mut device =
        tallykey_usb::device(&allocator, &identity).expect("the stack holds three strings");
    let mut tick = TICK;
    while port.wait(tick) {
        device.poll(&mut [&mut class]);
        let (working, suspended) = dongle.with_wire(|wire| {
            carry(&mut class, wire);
            (wire.is_working(), wire.is_suspended())
        })?;
        port.set_suspended(suspended);
        tick = if working { TURN } else { TICK };
    }
    dongle.with_wire(|wire| wire.bus_reset())
}
