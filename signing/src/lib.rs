//! Builds what a vendor signs, over one [`Signer`] port: certificates, product profiles, grants.
//!
//! Everything made here is read back with `tallykey_protocol` before it is handed out.

#![forbid(unsafe_code)]

pub mod certificate;
mod grant;
mod record;
mod signer;
pub mod simulator;
mod vendor;

pub use grant::{Holder, first_grant, next_grant};
pub use record::{Issuer, RecordError, sign_grant, sign_profile};
pub use signer::{NotAKey, SignError, Signer, SoftwareKey};
pub use vendor::{Vendor, VendorError};
