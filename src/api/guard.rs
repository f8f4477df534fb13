//! Refuses what a browser was talked into (DNS rebinding, cross-site requests), on every route.

use std::sync::Arc;

use axum::{
    extract::{Extension, Request},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};

use super::error::{ApiError, HttpRefusal};

/// The names under which one listener may be addressed.
#[derive(Debug, Clone)]
pub(super) struct Names(Arc<[String]>);

impl Names {
    /// A Unix socket: the name that HTTP clients send when there is no host.
    pub(super) fn socket() -> Self {
        Self(Arc::new(["localhost".to_owned()]))
    }

    /// A loopback port, under the names that resolve to loopback everywhere.
    pub(super) fn port(port: u16) -> Self {
        let name = |host| format!("{host}:{port}");
        Self(["127.0.0.1", "localhost", "[::1]"].map(name).into())
    }

    fn check(&self, authority: Option<&str>, headers: &HeaderMap) -> Result<(), HttpRefusal> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            let count = headers.get_all(header::HOST).iter().count();
            return Err(HttpRefusal::NoHost { count });
        };
        let host = String::from_utf8_lossy(host.as_bytes());
        // The authority of an absolute target goes before Host (RFC 9112 §3.2.2): both must be ours.
        for named in [Some(host.as_ref()), authority].into_iter().flatten() {
            if !self.0.iter().any(|own| own.eq_ignore_ascii_case(named)) {
                return Err(HttpRefusal::ForeignHost {
                    host: named.to_owned(),
                    own: self.0.to_vec(),
                });
            }
        }
        for origin in headers.get_all(header::ORIGIN) {
            let origin = String::from_utf8_lossy(origin.as_bytes());
            let own = |name: &String| origin == format!("http://{name}");
            // A socket has no origin: no web page can come from it.
            if self.0.len() == 1 || !self.0.iter().any(own) {
                return Err(HttpRefusal::ForeignOrigin {
                    header: "Origin",
                    value: origin.into_owned(),
                });
            }
        }
        // Sent by browsers even where Origin is not, as with an image or a link.
        for site in headers.get_all("sec-fetch-site") {
            if !matches!(site.as_bytes(), b"same-origin" | b"none") {
                return Err(HttpRefusal::ForeignOrigin {
                    header: "Sec-Fetch-Site",
                    value: String::from_utf8_lossy(site.as_bytes()).into_owned(),
                });
            }
        }
        Ok(())
    }
}

/// Lets only requests pass that name this listener and no foreign origin.
pub(super) async fn own_names_only(
    Extension(names): Extension<Names>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let authority = request.uri().authority().map(|a| a.as_str());
    names.check(authority, request.headers())?;
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn check(names: &Names, headers: &[(&'static str, &'static str)]) -> Result<(), HttpRefusal> {
        let map = headers
            .iter()
            .map(|&(name, value)| {
                let name = HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            })
            .fold(HeaderMap::new(), |mut map, (name, value)| {
                map.append(name, value);
                map
            });
        names.check(None, &map)
    }

    #[test]
    fn only_loopback_names_with_the_port_pass() {
        let names = Names::port(7787);
        for host in ["127.0.0.1:7787", "LOCALHOST:7787", "[::1]:7787"] {
            check(&names, &[("host", host)]).expect(host);
        }
        for host in [
            "localhost",
            "localhost:7788",
            "127.0.0.1",
            "evil.example:7787",
            "localhost.:7787",
            "",
            "127.0.0.1:7787,evil.example",
        ] {
            let refused = check(&names, &[("host", host)]);
            assert!(
                matches!(refused, Err(HttpRefusal::ForeignHost { .. })),
                "{host}"
            );
        }
        assert!(matches!(
            check(&names, &[]),
            Err(HttpRefusal::NoHost { count: 0 })
        ));
        let twice = [("host", "localhost:7787"), ("host", "localhost:7787")];
        assert!(matches!(
            check(&names, &twice),
            Err(HttpRefusal::NoHost { count: 2 })
        ));
    }

    #[test]
    fn an_absolute_target_must_name_us_too() {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("localhost:7787"));
        let names = Names::port(7787);
        assert!(names.check(Some("localhost:7787"), &headers).is_ok());
        assert!(matches!(
            names.check(Some("evil.example"), &headers),
            Err(HttpRefusal::ForeignHost { .. })
        ));
    }

    #[test]
    fn only_our_own_origin_passes_and_none_on_the_socket() {
        let names = Names::port(7787);
        let host = ("host", "localhost:7787");
        check(&names, &[host, ("origin", "http://127.0.0.1:7787")]).expect("our own");
        check(&names, &[host, ("sec-fetch-site", "same-origin")]).expect("our own page");
        for header in [
            ("origin", "null"),
            ("origin", "https://evil.example"),
            ("origin", "https://localhost:7787"),
            ("origin", "http://localhost:7788"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let refused = check(&names, &[host, header]);
            assert!(
                matches!(refused, Err(HttpRefusal::ForeignOrigin { .. })),
                "{header:?}"
            );
        }
        let socket = Names::socket();
        let origin = ("origin", "http://localhost");
        assert!(check(&socket, &[("host", "localhost")]).is_ok());
        assert!(check(&socket, &[("host", "localhost"), origin]).is_err());
        assert!(check(&socket, &[("host", "localhost:80")]).is_err());
    }
}
