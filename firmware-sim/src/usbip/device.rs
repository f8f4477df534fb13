//! The thread of one device: the firmware's USB loop.

use super::bus::Port;
use crate::dongle::{Gone, SimDongle, TURN};
use std::sync::Arc;
use std::time::Duration;
use tallykey_protocol::limits::SERIAL_MAX;
use tallykey_usb::{Identity, ReportClass, carry};
use usb_device::bus::UsbBusAllocator;

/// Longest time without a look at time-outs and at whether the dongle was pulled out.
const TICK: Duration = Duration::from_millis(50);

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
    let mut serial = [0; SERIAL_MAX];
    let serial = dongle.with_core(|core, _| core.usb_serial(&mut serial).to_owned())?;
    let allocator = UsbBusAllocator::new(port.power_on());
    let mut class = ReportClass::new(&allocator);
    let mut device = tallykey_usb::device(&allocator, &Identity::new(&serial))
        .expect("the stack holds three strings");
    let mut tick = TICK;
    while port.wait(tick) {
        device.poll(&mut [&mut class]);
        let working = dongle.with_core(|core, pace| {
            carry(&mut class, core, |core| pace.work(core));
            pace.is_working()
        })?;
        tick = if working { TURN } else { TICK };
    }
    dongle.with_core(|core, _| core.bus_reset())
}
