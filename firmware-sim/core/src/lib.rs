//! The firmware of a Tallykey dongle, without its hardware: [`Dongle`] over the ports of [`platform`].

#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod csr;
mod key;
mod lifecycle;
mod outbox;
mod owner;
pub mod platform;
mod store;

mod grants { pub(crate) const ENTRY_MAX: usize = 4096 + 512; }
