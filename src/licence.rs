//! RULES: what a verified record allows.
//!
//! `VerifiedGrant → Entitlement`: each is made in one function from the one before, so holding
//! one proves that every check before it was passed.

mod entitlement;
mod profile;
mod refusal;
#[cfg(test)]
pub(crate) mod testing;

pub use entitlement::{Entitlement, Line, Plan, Source};
pub use profile::{Feature, Profile};
pub use refusal::{DeviceIdProblem, Refusal, SupportClass};
