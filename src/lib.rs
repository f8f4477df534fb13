//! The Tallykey host: the way of a count from a USB report to an API answer.
//!
//! ```text
//! USB report → frame → message → session (Found → Identified → Open) → verified grant
//!   → entitlement → ARBITER → active source → LEDGER → channel → API
//! ```
#![forbid(unsafe_code)]

// BYTES and DEVICE
pub mod dongle;
pub mod usb;

// RULES: pure; time and randomness are arguments.
pub mod arbiter;
pub mod ledger;
pub mod licence;
pub mod verify;

// ORDER: one actor owns all state.
pub mod service;

// ADAPT
pub mod inbox;
pub mod machine;
pub mod store;

// EDGE
pub mod api;
pub mod cli;
