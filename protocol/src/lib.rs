//! Every byte that a Tallykey host and a dongle agree on.
//!
//! One implementation for both sides, without heap: the firmware core and the host service call the
//! same framing, the same strict CBOR and COSE reader and the same record types.
//!
//! From the wire inwards: [`report`] → [`frame`] → [`command`] → [`session`] → records
//! ([`cose`], [`cert`], [`grant`], [`profile`], [`proof`], [`receipt`], [`instruction`], [`time`], [`licence`],
//! [`composite`], [`request`], [`revocation`], [`trust`]).
//! In files records wear [`armour`], and several may follow each other ([`mod@file`]). Sizes are in [`limits`].

#![no_std]
#![forbid(unsafe_code)]

pub mod armour;
pub mod array;
pub mod cbor;
pub mod cert;
mod claim;
pub mod command;
pub mod composite;
pub mod cose;
pub mod file;
pub mod frame;
pub mod grant;
pub mod id;
pub mod instruction;
pub mod issued;
pub mod licence;
pub mod lifecycle;
pub mod limits;
pub mod list;
pub mod owner;
pub mod profile;
pub mod proof;
pub mod receipt;
pub mod report;
pub mod request;
pub mod revocation;
pub mod session;
pub mod status;
pub mod target;
pub mod time;
pub mod trust;
