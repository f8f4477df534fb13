//! `retire`: gives channels back to the vendor. As `convert`, without a target; when nothing is left anywhere
//! the dongle is retired.

pub use super::order::{Reply, Request};
