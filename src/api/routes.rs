//! The handlers: each turns a request into one question to the service, and its answer into JSON.

pub(super) mod allocations;
pub(super) mod conflict;
pub(super) mod conversions;
pub(super) mod dongles;
pub(super) mod health;
pub(super) mod history;
pub(super) mod licences;
pub(super) mod need;
pub(super) mod requests;
pub(super) mod status;
pub(super) mod terms;
pub(super) mod tokens;
