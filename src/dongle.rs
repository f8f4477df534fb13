//! DEVICE: what is at the other end of a [`ReportPort`](crate::usb::ReportPort), and whether to
//! believe it.
//!
//! ```text
//! Found ── hello, chain to the pinned root ──▶ Identified ── open proof over fresh nonce ──▶ Open
//! ```
//!
//! Each step takes the one before by value, so nothing can be asked of a dongle that has not been
//! identified, and no counts read from one that is not open. An [`Open`] session yields
//! [`Evidence`]: what the dongle proved, for the rules to judge. Each way it can go wrong is its own
//! [`Fault`].

mod error;
mod evidence;
mod identity;
mod link;
mod random;
mod session;

pub use error::{BadChain, BadProof, Fault, Trouble};
pub use evidence::{Evidence, NotEvidence, Receipt};
pub use identity::{Vendor, VendorError};
pub use link::{LinkError, Timing};
pub use session::{Beat, Found, Identified, Open, OwnerCode};
