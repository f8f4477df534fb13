//! The local API of the Tallykey service, as its clients see it.
//!
//! [`wire`] holds the JSON of every request and answer, [`Problem`] the one form of every
//! error, [`Client`] the calls. It links neither SQLite nor libusb, so that a VMS process may
//! carry it.
//!
//! ```no_run
//! # async fn example() -> Result<(), tallykey_client::ClientError> {
//! use tallykey_client::{Client, Endpoint, wire::Ask};
//!
//! let client = Client::new(Endpoint::unix("/run/tallykey/api.sock"));
//! let answer = client.allocate(&Ask::new("00:02:D1:1A:2B:3C")).await?;
//! println!("{} is {:?}", answer.allocation.device, answer.allocation.state);
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod client;
mod error;
mod problem;
mod transport;
pub mod wire;

pub use client::Client;
pub use error::ClientError;
pub use problem::{PROBLEM_JSON, Problem};
pub use transport::Endpoint;
