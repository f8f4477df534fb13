//! The one table of routes: the router is made from it, and so are the tests of its access.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::Request,
    http::{HeaderValue, Method, header},
    middleware::{from_fn, from_fn_with_state, map_response},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    auth::{Access, Gate, authorise},
    error::{ApiError, HttpRefusal},
    guard::own_names_only,
    routes::{
        allocations, conflict, conversions, dongles, health, history, licences, need, requests,
        status, terms, tokens,
    },
};
use crate::service::{IMPORT_MAX, Role, Service};

/// One method of one path.
#[derive(Debug)]
pub struct Route {
    /// HTTP method.
    pub method: Method,
    /// Path, parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Most bytes of its body; 0 if it takes none.
    pub body_max: usize,
    handler: fn(MethodFilter) -> MethodRouter<Service>,
}

/// A device id, a feature and a model are at most 64 characters each, or a label is.
const ONE: usize = 4 * 1024;
/// The largest batch, 10,000 asks of ordinary length, is about 1 MiB.
const MANY: usize = 4 * 1024 * 1024;

/// A file of [`IMPORT_MAX`] bytes in base64.
const FILE: usize = 4 * IMPORT_MAX.div_ceil(3) + ONE;

const VIEWER: Access = Access::Role(Role::Viewer);
const CLIENT: Access = Access::Role(Role::Client);
const ADMIN: Access = Access::Role(Role::Admin);

macro_rules! routes {
    ($($method:ident $path:literal, $access:ident, $body_max:expr, $handler:path;)*) => {
        /// Every route of the API.
        pub const ROUTES: &[Route] = &[$(Route {
            method: Method::$method,
            path: $path,
            access: $access,
            body_max: $body_max,
            handler: |method| on(method, $handler),
        }),*];
    };
}

const OPEN: Access = Access::Open;

routes! {
    GET    "/v1/status",                VIEWER, 0,    status::show;
    GET    "/v1/licences",              VIEWER, 0,    licences::list;
    PATCH  "/v1/licences",              ADMIN,  ONE,  licences::set_policy;
    PATCH  "/v1/licences/{id}",         ADMIN,  ONE,  licences::change_line;
    POST   "/v1/licences",              ADMIN,  FILE, licences::import;
    DELETE "/v1/licences/{id}",         ADMIN,  0,    licences::remove;
    GET    "/v1/terms",                 VIEWER, 0,    terms::show;
    GET    "/v1/conflict",              VIEWER, 0,    conflict::show;
    POST   "/v1/conflict/resolve",      ADMIN,  ONE,  conflict::resolve;
    GET    "/v1/conversions",           VIEWER, 0,    conversions::list;
    POST   "/v1/conversions",           ADMIN,  FILE, conversions::create;
    GET    "/v1/conversions/{id}",      VIEWER, 0,    conversions::show;
    DELETE "/v1/conversions/{id}",      ADMIN,  0,    conversions::cancel;
    POST   "/v1/conversions/{id}/acknowledge", ADMIN, 0, conversions::acknowledge;
    GET    "/v1/allocations",           VIEWER, 0,    allocations::list;
    POST   "/v1/allocations",           CLIENT, ONE,  allocations::create;
    POST   "/v1/allocations/batch",     CLIENT, MANY, allocations::create_all;
    GET    "/v1/allocations/{id}",      VIEWER, 0,    allocations::show;
    DELETE "/v1/allocations/{id}",      CLIENT, 0,    allocations::release;
    PATCH  "/v1/allocations/{id}",      CLIENT, ONE,  allocations::change;
    POST   "/v1/allocations/{id}/move", ADMIN,  ONE,  allocations::move_to;
    POST   "/v1/allocations/{id}/renew", CLIENT, ONE, allocations::renew;
    POST   "/v1/requests",              ADMIN,  ONE,  requests::create;
    GET    "/v1/dongles",               VIEWER, 0,    dongles::list;
    POST   "/v1/dongles/{serial}/wink", CLIENT, 0,    dongles::wink;
    GET    "/v1/need",                  VIEWER, 0,    need::show;
    GET    "/v1/history",               VIEWER, 0,    history::list;
    GET    "/v1/tokens",                ADMIN,  0,    tokens::list;
    POST   "/v1/tokens",                ADMIN,  ONE,  tokens::create;
    DELETE "/v1/tokens/{id}",           ADMIN,  0,    tokens::revoke;
    GET    "/healthz",                  OPEN,   0,    health::alive;
    GET    "/readyz",                   OPEN,   0,    health::ready;
}

/// The router of [`ROUTES`] inside its guards.
pub(super) fn router(service: &Service) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let method = MethodFilter::try_from(route.method.clone()).expect("a method axum knows");
        let handler = (route.handler)(method);
        let handler = match route.access {
            Access::Open => handler,
            Access::Role(needed) => {
                let gate = Gate::new(service.clone(), needed, route.body_max);
                handler.route_layer(from_fn_with_state(gate, authorise))
            }
        };
        router = router.route(route.path, handler);
    }
    guarded(
        router
            .fallback(no_such_route)
            .method_not_allowed_fallback(method_not_allowed)
            .layer(Extension(Arc::<status::Page>::default()))
            .with_state(service.clone()),
    )
}

fn guarded(router: Router) -> Router {
    router
        .layer(from_fn(own_names_only))
        .layer(map_response(never_stored))
        .layer(CatchPanicLayer::custom(|_| {
            ApiError::Panicked.into_response()
        }))
}

async fn no_such_route(request: Request) -> ApiError {
    let path = request.uri().path().to_owned();
    HttpRefusal::NoSuchRoute { path }.into()
}

async fn method_not_allowed(request: Request) -> ApiError {
    let path = request.uri().path().to_owned();
    let method = request.method().to_string();
    HttpRefusal::MethodNotAllowed { path, method }.into()
}

/// Answers hold device ids and, once, a token's secret: no cache keeps them.
async fn never_stored(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        extract::Extension,
        routing::get,
    };
    use hyper::service::Service as _;
    use hyper_util::service::TowerToHyperService;
    use tallykey_client::Problem;

    use super::*;
    use crate::api::guard::Names;

    #[tokio::test]
    async fn a10_a_panic_in_a_handler_is_a_problem_and_others_are_served() {
        async fn stumble() {
            panic!("secret detail");
        }
        let router = Router::new()
            .route("/stumble", get(stumble))
            .route("/walk", get(|| async { "walked" }));
        let router = guarded(router).layer(Extension(Names::socket()));
        let service = TowerToHyperService::new(router);
        let ask = |path: &str| {
            let request = Request::get(path).header(header::HOST, "localhost");
            service.call(request.body(Body::empty()).expect("a request"))
        };

        let stumbled = ask("/stumble").await.expect("an answer");
        assert_eq!(stumbled.status(), 500);
        let body = to_bytes(stumbled.into_body(), 4096).await.expect("a body");
        let problem: Problem = serde_json::from_slice(&body).expect("a problem");
        assert_eq!(problem.code, "internal");
        assert!(!problem.detail.contains("secret"));
        assert_eq!(ask("/walk").await.expect("an answer").status(), 200);
    }

    #[test]
    fn only_health_is_open_and_only_administrators_see_tokens() {
        for route in ROUTES {
            let open = ["/healthz", "/readyz"].contains(&route.path);
            assert_eq!(route.access == Access::Open, open, "{}", route.path);
            if route.path.starts_with("/v1/tokens") {
                assert_eq!(route.access, ADMIN);
            }
            if route.method != Method::GET {
                assert!(route.access == CLIENT || route.access == ADMIN);
            }
        }
    }
}
