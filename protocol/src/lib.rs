//! Every byte that host and dongle agree on: no_std, no alloc.
#![no_std]
#![forbid(unsafe_code)]

pub mod frame;
pub mod limits;
pub mod report;
