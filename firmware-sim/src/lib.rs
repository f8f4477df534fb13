//! A simulated Tallykey dongle: the real firmware core ([`tallykey_core`]) on pretended hardware.
//!
//! | room | pretends or does |
//! | --- | --- |
//! | [`flash`] | NOR flash, in memory or in a file, with power cuts |
//! | [`platform`] | the part around it: clock, random source, button and LED |
//! | [`dongle`] | the USB port: plug, unplug, handles of several hosts |
//! | [`fault`] | what can go wrong between the core and its host, and counters of it |
//! | [`socket`] | the port on a Unix or TCP socket |
//! | [`usbip`] | the port on a USB bus that a real kernel attaches |
//! | [`control`] | knobs and faults of a dongle that is being served |
//! | [`host`] | the least host that speaks the protocol |
//! | [`mod@provision`] | the factory's station, over that host |

#![forbid(unsafe_code)]

pub mod control;
pub mod dongle;
pub mod fault;
pub mod flash;
pub mod host;
pub mod platform;
pub mod provision;
pub mod socket;
pub mod usbip;
