#![no_std]
#![forbid(unsafe_code)]
//! Every byte that host and dongle agree on.

pub mod cert;
pub mod limits;
