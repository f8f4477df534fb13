//! Refusals of the HTTP layer itself: the request never reaches the service.

use super::code::{self, Code};
use crate::service::Role;

/// A request that HTTP, the guards or the role check refuse.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpRefusal {
    #[error("this listener needs a bearer token and the request carries none")]
    NoToken,
    // Says nothing of the token: a mistyped secret is still most of a secret.
    #[error("the bearer token is unknown or was revoked")]
    BadToken,
    #[error("this needs the role {} and the caller has {}", needed.name(), held.map_or("none", Role::name))]
    NotPermitted {
        needed: Role,
        held: Option<Role>,
        /// Uid of the caller, on the socket.
        uid: Option<u32>,
    },
    #[error("the request carries {header}: {value:?}, as a browser does for a web page")]
    ForeignOrigin { header: &'static str, value: String },
    #[error("the request is for {host:?} and this is {}", own.join(" or "))]
    ForeignHost { host: String, own: Vec<String> },
    #[error("the request has {count} Host headers and must have one")]
    NoHost { count: usize },
    #[error("there is no route {path:?}")]
    NoSuchRoute { path: String },
    #[error("{path:?} has no method {method}")]
    MethodNotAllowed { path: String, method: String },
    #[error("{value:?} is not an id of this kind")]
    BadId { value: String },
    #[error("{reason}")]
    BadQuery { reason: String },
    #[error("the body is not JSON: {reason}")]
    BadJson { reason: String },
    #[error("the body does not fit: {reason}")]
    BadBody { reason: String },
    #[error("the body's Content-Type is {}", found.as_deref().unwrap_or("missing"))]
    NotJson { found: Option<String> },
    #[error("the body is larger than the {max} bytes that this route takes")]
    BodyTooLarge { max: usize },
    #[error("the body did not arrive within {seconds} s")]
    BodyTooSlow { seconds: u64 },
}

impl HttpRefusal {
    pub(super) const fn code(&self) -> &'static Code {
        match self {
            Self::NoToken => &code::NO_TOKEN,
            Self::BadToken => &code::BAD_TOKEN,
            Self::NotPermitted { .. } => &code::NOT_PERMITTED,
            Self::ForeignOrigin { .. } => &code::FOREIGN_ORIGIN,
            Self::ForeignHost { .. } => &code::FOREIGN_HOST,
            Self::NoHost { .. } => &code::NO_HOST,
            Self::NoSuchRoute { .. } => &code::NO_SUCH_ROUTE,
            Self::MethodNotAllowed { .. } => &code::METHOD_NOT_ALLOWED,
            Self::BadId { .. } => &code::BAD_ID,
            Self::BadQuery { .. } => &code::BAD_QUERY,
            Self::BadJson { .. } => &code::BAD_JSON,
            Self::BadBody { .. } => &code::BAD_BODY,
            Self::NotJson { .. } => &code::NOT_JSON,
            Self::BodyTooLarge { .. } => &code::BODY_TOO_LARGE,
            Self::BodyTooSlow { .. } => &code::BODY_TOO_SLOW,
        }
    }

    pub(super) fn next(&self) -> String {
        match self {
            Self::NoToken | Self::BadToken => {
                "make a token with `tallykey token create --role client` and send it as \
                 `Authorization: Bearer …`"
                    .to_owned()
            }
            Self::NotPermitted {
                needed: Role::Admin,
                uid: Some(uid),
                ..
            } => format!(
                "run it as root or as the service's user, or have an administrator add the user \
                 with uid {uid} to the group tallykey-admin and log in again"
            ),
            Self::NotPermitted { uid: Some(uid), .. } => format!(
                "have an administrator add the user with uid {uid} to the group tallykey, then \
                 log in again"
            ),
            Self::NotPermitted { needed, .. } => {
                format!("use a token of the role {}", needed.name())
            }
            Self::ForeignOrigin { .. } => {
                "call the API from a program of this machine, not from a web page".to_owned()
            }
            Self::ForeignHost { own, .. } => format!("send the request to {}", own.join(" or ")),
            Self::NoHost { .. } => "send one Host header (RFC 9112 §3.2)".to_owned(),
            Self::NoSuchRoute { .. } => "see the table of routes in the README".to_owned(),
            Self::MethodNotAllowed { .. } => {
                "use one of the methods in the header Allow".to_owned()
            }
            Self::BadId { .. } => "take the id from the list of what it names".to_owned(),
            Self::BadQuery { .. } => "correct the query string".to_owned(),
            Self::BadJson { .. } | Self::BadBody { .. } => "correct the body".to_owned(),
            Self::NotJson { .. } => "send it with Content-Type: application/json".to_owned(),
            Self::BodyTooLarge { .. } => "send less at once".to_owned(),
            Self::BodyTooSlow { .. } => "send it again in one piece".to_owned(),
        }
    }
}
