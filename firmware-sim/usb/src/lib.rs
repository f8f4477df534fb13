//! The USB side of a dongle, generic over [`usb_device`]'s `UsbBus`: a microcontroller's controller, or the
//! simulator's USB/IP bus.
//!
//! It is a crate of its own and not a module of the core, so that a part with another USB stack takes the core
//! without [`usb_device`], and so that the core stays a function from reports to reports.
//!
//! ```text
//! UsbBus ── UsbDevice::poll ── ReportClass ── carry ── Dongle
//! ```
//!
//! A board runs this loop, in its main loop or on its USB interrupt:
//!
//! ```text
//! let mut class = ReportClass::new(&allocator);
//! let mut device = tallykey_usb::device(&allocator, &identity).expect("strings fit");
//! loop {
//!     device.poll(&mut [&mut class]);
//!     carry(&mut class, &mut dongle);
//! }
//! ```

#![no_std]
#![forbid(unsafe_code)]

mod class;
mod descriptor;
mod identity;

pub use class::{ReportClass, ReportDevice, carry};
pub use identity::{Identity, device};
