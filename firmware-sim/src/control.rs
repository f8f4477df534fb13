//! The control socket: whoever runs a simulator changes its knobs and faults while it serves.
//!
//! One JSON document a line, a [`Request`] from the client and a [`Reply`] from the server, in turns. The socket is
//! its user's alone (mode 0600, in a folder of mode 0700), or a port of the loopback for systems without such. A
//! client may hold a connection, a line and time only within bounds, and the first line that is no request ends it:
//! a browser that is led here by a web page gets no further than the word POST.

mod action;
mod client;
mod dongles;
mod place;
mod refusal;
mod request;
mod server;

pub use action::{Action, Knob, TearAt, parse_action};
pub use client::{Client, ClientError};
pub use dongles::Dongles;
pub use place::{NoPlace, Place};
pub use refusal::{Refusal, Refused};
pub use request::{Ask, Reply, Request};
pub use server::ControlServer;

use std::time::Duration;

/// Longest line of either side, in bytes: a hostile answer of the longest message in hex, and what is around it.
const LINE_MAX: u64 = 32 * 1024;

/// Longest time that one request waits for a counter. A client that wants more asks again; one that went away is
/// noticed by then.
const WAIT_MAX: Duration = Duration::from_secs(10);
