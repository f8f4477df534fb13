//! The typestate of one dongle: [`Found`] → [`Identified`] → [`Open`].

mod ask;
mod found;
mod identified;
mod open;
mod orders;
mod secure;

pub use found::Found;
pub use identified::Identified;
pub use open::{Beat, Open};
pub use orders::OwnerCode;
