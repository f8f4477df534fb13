//! EDGE: the local HTTP API, on a Unix socket and a loopback port.
//!
//! A request passes, from the outside in: a seat in the listener ([`Server`]), the guard against
//! web pages, the route table, the role check of its route, and the handler, which asks the
//! service. Every answer that is not a success is a problem with a stable code.

mod auth;
mod body;
mod convert;
mod error;
mod guard;
mod listen;
mod route;
mod routes;
mod seats;
mod server;

pub use auth::Access;
pub use error::{CODES, Code};
#[cfg(unix)]
pub use listen::SocketListener;
pub use listen::{ListenError, PortListener};
pub use route::{ROUTES, Route};
pub use server::{PeerRole, Server};

/// The answer of `GET /v1/status`, for the process that runs the service itself.
#[must_use]
pub fn status(service: &crate::service::Service) -> tallykey_client::wire::Status {
    convert::status(&service.snapshot())
}
