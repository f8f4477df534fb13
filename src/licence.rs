//! RULES: what a verified record allows.
//!
//! `VerifiedGrant → Entitlement`: each is made in one function from the one before, so holding
//! one proves that every check before it was passed.

pub mod conversion;
mod entitlement;
mod grant;
mod issued;
pub mod machine_binding;
mod profile;
mod refusal;
mod software;
mod terms;
#[cfg(test)]
pub(crate) mod testing;
mod trust;
mod year;

pub use entitlement::{Entitlement, Line, Source};
pub use grant::{GrantRefusal, VerifiedGrant};
pub use issued::{
    DongleRecord, DongleRule, HeldGrant, IssuedRefusal, Matter, Revocations, TimeWord,
};
pub use profile::{Feature, Profile};
pub use refusal::{DeviceIdProblem, LineProblem, Refusal, Shortage, SupportClass};
pub use software::{Form, LicenceRefusal, SoftwareLicence};
pub use tallykey_protocol::grant::Plan;
pub use tallykey_protocol::profile::Policy;
pub use terms::Terms;
pub use trust::{BadTrust, Trust};
pub use year::anniversary;
