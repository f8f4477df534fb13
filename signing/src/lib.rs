//! Builds what a vendor signs, over one [`Signer`] port: certificates now, product profiles and grants.
//!
//! Everything made here is read back with `tallykey_protocol` before it is handed out.

#![forbid(unsafe_code)]

pub mod certificate;
mod signer;

pub use signer::{NotAKey, SignError, Signer, SoftwareKey};
