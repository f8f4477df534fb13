//! What is fuzzed: one function of bytes for each place where bytes of others come in. Each panics if what must
//! always hold does not.
//!
//! | function | takes | corpus |
//! | --- | --- | --- |
//! | [`reports`] | reports, as a dongle and as a host meet them | `corpus/reports` |
//! | [`message`] | a request or reply of one command | `corpus/message` |
//! | [`record`] | signed records, their claims, envelopes, armour, files of several | `corpus/record` |
//! | [`certificate`] | certificates, chains, certification requests | `corpus/certificate` |
//! | [`session`] | a whole life of a dongle: hosts, sessions, time, resets | `corpus/session` |

#![forbid(unsafe_code)]

mod certificate;
mod message;
mod record;
mod reports;
mod session;

pub use certificate::certificate;
pub use message::message;
pub use record::record;
pub use reports::reports;
pub use session::session;

use std::sync::OnceLock;
use tallykey_signing::{Vendor, simulator};

/// The vendor whose root is pinned wherever one is needed.
fn vendor() -> &'static Vendor {
    static VENDOR: OnceLock<Vendor> = OnceLock::new();
    VENDOR.get_or_init(|| simulator::vendor().expect("constant keys"))
}
