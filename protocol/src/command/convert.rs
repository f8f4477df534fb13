//! `convert`: gives channels away to a software licence, on the dongle's own authority or through the desk. One
//! commit raises what was given away and keeps the receipt; the same order again gives the same receipt.

pub use super::order::{Reply, Request};
