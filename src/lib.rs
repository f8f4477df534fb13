//! The Tallykey host: the way of a count from a USB report to an API answer.
#![forbid(unsafe_code)]

// BYTES and DEVICE
pub mod usb;
