//! A simulated dongle.
#![forbid(unsafe_code)]
pub mod flash;
