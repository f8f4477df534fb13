//! The simulator instead of hardware: in this process, or at the socket of a `tallykey-sim`.

mod local;
mod socket;

pub use local::LocalFinder;
pub use socket::{Address, BadAddress, SocketFinder};
