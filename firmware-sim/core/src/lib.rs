//! The firmware of a Tallykey dongle, without its hardware: [`Dongle`] over the ports of [`platform`].
//!
//! No heap, no operating system, no unsafe code: the same source runs on a microcontroller and in the
//! simulator, which pretends only the ports.
//!
//! | room | does |
//! | --- | --- |
//! | [`platform`] | ports: flash, clock, random source, button and LED, storage key |
//! | `dongle` | reports in, reports out |
//! | `device` | the commands |
//! | `lifecycle` | which command is allowed when |
//! | `session` | channels, lease, MACs |
//! | `grants` | which grant may follow which, what may be given away |
//! | `receipts` | the ring of receipts |
//! | `store` | one atomic commit, on a power-safe journal |
//! | `vault` | secrets in flash, under the part's storage key |

#![no_std]
#![forbid(unsafe_code)]

mod device;
mod dongle;
mod grants;
mod identity;
mod key;
mod lifecycle;
mod outbox;
mod owner;
pub mod platform;
mod receipts;
mod session;
mod store;
mod vault;

pub use dongle::Dongle;
pub use store::{BootFault, Stored, stored};

#[cfg(test)]
extern crate std;
