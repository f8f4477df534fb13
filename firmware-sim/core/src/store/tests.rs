//! The store alone, on a flash of a few lines. Every command, cut in every bit, is swept in
//! `firmware-sim/tests/dongle/power_loss.rs`.

mod damage;
mod figures;
mod history;
mod model;
mod nor;
mod wear;

use super::*;
