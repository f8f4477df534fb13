//! RULES: what a verified record allows.
//!
//! `VerifiedGrant → Entitlement`: each is made in one function from the one before, so holding
//! one proves that every check before it was passed.

pub mod refusal;

pub use refusal::{Refusal, SupportClass};
