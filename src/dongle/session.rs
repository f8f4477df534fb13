//! The typestate of one dongle: [`Found`] → [`Identified`] → [`Open`].

mod ask;
mod found;
mod identified;
mod open;
mod secure;

pub use found::Found;
pub use identified::Identified;
pub use open::{Beat, Open};
