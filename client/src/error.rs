//! What can keep a call from its answer.

use std::{io, time::Duration};

use crate::Problem;

/// A call that did not get the answer it asked for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The service answered: refused, or failed.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// Nothing answers there.
    #[error("no service answers at {place}")]
    Unreachable {
        /// Socket path or address.
        place: String,
        /// What the system says.
        source: io::Error,
    },
    /// The socket belongs to somebody else: whoever answers is not the service.
    #[error(
        "{place} belongs to uid {owner}, neither root nor this user: it is not trusted to be the \
         service"
    )]
    ForeignSocket {
        /// Socket path.
        place: String,
        /// Who owns it, or listens on it.
        owner: u32,
    },
    /// The connection broke before the answer came; the request may or may not have been done.
    #[error("the connection to {place} broke before the answer came")]
    Lost {
        /// Socket path or address.
        place: String,
        /// What broke.
        source: hyper::Error,
    },
    /// No answer in time; the request may or may not have been done.
    #[error("no answer from {place} within {} s", after.as_secs())]
    TimedOut {
        /// Socket path or address.
        place: String,
        /// How long was waited.
        after: Duration,
    },
    /// Something answers there that is not this service, or one of another version.
    #[error("the answer from {place} (status {status}) is not one of this API")]
    NotTheService {
        /// Socket path or address.
        place: String,
        /// HTTP status of the answer.
        status: u16,
        /// What could not be read in it.
        source: serde_json::Error,
    },
}
