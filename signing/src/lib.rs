//! Builds what a vendor signs, over one [`Signer`] port: certificates and revocation lists, product
//! profiles, grants and updates, software licences, instructions, time tokens. And what a host signs: its requests.
//!
//! Everything made here is read back with `tallykey_protocol` before it is handed out.

#![forbid(unsafe_code)]

pub mod certificate;
mod grant;
pub mod keys;
mod licence;
mod record;
mod signer;
pub mod simulator;
mod station;
mod update;
mod vendor;

pub use grant::{Holder, first_grant, next_grant};
pub use licence::{mac_licence, machine_licence, next_licence};
pub use record::{
    Issuer, RecordError, sign_grant, sign_instruction, sign_licence, sign_profile, sign_request,
    sign_revocations, sign_time,
};
pub use signer::{NotAKey, PemError, SignError, Signer, SoftwareKey};
pub use station::Station;
pub use update::{UpdateError, update};
pub use vendor::{Vendor, VendorError};
