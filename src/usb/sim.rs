//! The simulator instead of hardware: in this process, or at the socket of a `tallykey-sim`.

mod socket;

pub use socket::{Address, BadAddress, SocketFinder};
