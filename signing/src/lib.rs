//! Builds what a vendor signs, over one [`Signer`] port: certificates and revocation lists, product
//! profiles, grants, software licences, instructions, time tokens.
//!
//! Everything made here is read back with `tallykey_protocol` before it is handed out.

#![forbid(unsafe_code)]

pub mod certificate;
mod grant;
mod licence;
mod record;
mod signer;
pub mod simulator;
mod vendor;

pub use grant::{Holder, first_grant, next_grant};
pub use licence::{mac_licence, machine_licence, next_licence};
pub use record::{
    Issuer, RecordError, sign_grant, sign_instruction, sign_licence, sign_profile, sign_time,
};
pub use signer::{NotAKey, SignError, Signer, SoftwareKey};
pub use vendor::{Vendor, VendorError};
