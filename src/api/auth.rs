//! Who calls, and whether that role may do this.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};

use super::{
    body::BodyMax,
    error::{ApiError, HttpRefusal},
    seats::Seat,
};
use crate::service::{Actor, Principal, Role, Service};

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Open,
    /// At least this role.
    Role(Role),
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Peer {
    /// A process of this machine, as the kernel names it; its role was looked up on connecting.
    Process { uid: u32, role: Option<Role> },
    /// Anybody on this machine; each request brings a bearer token.
    Anybody,
}

/// What stands before a route.
#[derive(Clone)]
pub(super) struct Gate {
    service: Service,
    needed: Role,
    body_max: usize,
}

impl Gate {
    pub(super) fn new(service: Service, needed: Role, body_max: usize) -> Self {
        Self {
            service,
            needed,
            body_max,
        }
    }
}

/// Middleware of one route: refuses before a byte of the body is read.
pub(super) async fn authorise(
    State(gate): State<Gate>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let needed = gate.needed;
    let peer = request.extensions().get::<Peer>();
    let principal = match peer {
        Some(&Peer::Process { uid, role }) => match role {
            Some(role) => Principal {
                actor: Actor::user(uid),
                role,
            },
            None => return Err(not_permitted(needed, None, Some(uid))),
        },
        Some(Peer::Anybody) => bearer(&gate.service, request.headers())?,
        // A listener that forgot to say who is there gives nothing away.
        None => return Err(not_permitted(needed, None, None)),
    };
    if principal.role < needed {
        let uid = match peer {
            Some(&Peer::Process { uid, .. }) => Some(uid),
            _ => None,
        };
        return Err(not_permitted(needed, Some(principal.role), uid));
    }
    if let Some(seat) = request.extensions().get::<Arc<Seat>>() {
        seat.known();
    }
    request.extensions_mut().insert(BodyMax(gate.body_max));
    request.extensions_mut().insert(principal);
    Ok(next.run(request).await)
}

fn not_permitted(needed: Role, held: Option<Role>, uid: Option<u32>) -> ApiError {
    HttpRefusal::NotPermitted { needed, held, uid }.into()
}

fn bearer(service: &Service, headers: &HeaderMap) -> Result<Principal, HttpRefusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next().ok_or(HttpRefusal::NoToken)?, values.next()) else {
        return Err(HttpRefusal::BadToken);
    };
    // RFC 6750 §2.1; the scheme's case does not matter (RFC 9110 §11.1).
    let secret = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, secret)| secret.trim());
    secret
        .and_then(|secret| service.authenticate(secret))
        .ok_or(HttpRefusal::BadToken)
}
