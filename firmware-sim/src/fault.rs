//! Faults that can be had of a simulated dongle, and counters of what each of them did.
//!
//! ```text
//! host ── reports ── Cable (plan, stall, suspend) ── core, or the impostor in its place
//! ```
//!
//! The cable lies between the core and every way to reach it, so that a fault is the same in process, on a socket
//! and on USB. Nothing here knows of threads or clocks: time is an argument, in the part's ms.

mod cable;
mod counter;
mod hostile;
mod plan;

pub use counter::{Counter, Counters};
pub use hostile::{Answer, Mode};
pub use plan::{Armed, At, Change, Direction, Mask, Offset, TooMany};

pub(crate) use cable::{Cable, Leaving, Loss};
