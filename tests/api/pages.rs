//! A5: a web page in a browser of this machine drives the API (cross-site requests, DNS rebinding).

use tallykey::api::ROUTES;
use tallykey_client::wire::Role;

use crate::bench::Bench;

/// Every route on both doors, and one that does not exist, with an administrator's credentials.
#[tokio::test]
async fn a05_every_route_refuses_foreign_hosts_and_origins() {
    let bench = Bench::start().await;
    let secret = bench.token(Role::Admin).await.secret;
    let real = ROUTES
        .iter()
        .map(|route| (route.method.as_str(), route.path));
    for (method, path) in real.chain([("GET", "/nowhere"), ("PUT", "/v1/status")]) {
        let path = path.replace(['{', '}'], "");
        for door in [bench.socket(), bench.port()] {
            let ask = || door.request(method, &path).token(&secret);

            for host in [
                "evil.example",
                "evil.example:7787",
                "127.0.0.1",
                "localhost:1",
                "",
            ] {
                let asked = ask().without("Host").header("Host", host);
                asked.send().await.refused(421, "foreign-host");
            }
            ask().without("Host").send().await.refused(400, "no-host");
            let twice = ask().header("Host", &door.host());
            twice.send().await.refused(400, "no-host");

            for origin in [
                "https://evil.example",
                "null",
                "file://",
                "http://localhost:1",
            ] {
                let asked = ask().header("Origin", origin);
                asked.send().await.refused(403, "foreign-origin");
            }
            let image = ask().header("Sec-Fetch-Site", "cross-site");
            image.send().await.refused(403, "foreign-origin");
        }
    }
    let held = bench.client().allocations().await.unwrap();
    assert!(held.allocations.is_empty());
}

#[tokio::test]
async fn a05_a_form_of_another_site_is_refused_even_without_an_origin() {
    let bench = Bench::start().await;
    let secret = bench.token(Role::Client).await.secret;
    let device = r#"{"device":"00:02:D1:1A:2B:3C"}"#;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        for door in [bench.socket(), bench.port()] {
            let form = door.request("POST", "/v1/allocations").token(&secret);
            let form = form.header("Content-Type", kind).body(device);
            form.send().await.refused(415, "not-json");
        }
    }
    let untyped = bench
        .socket()
        .request("POST", "/v1/allocations")
        .body(device);
    untyped.send().await.refused(415, "not-json");
}

#[tokio::test]
async fn a05_an_absolute_target_must_name_the_service_too() {
    let bench = Bench::start().await;
    let foreign = bench.port().request("GET", "http://evil.example/healthz");
    foreign.send().await.refused(421, "foreign-host");
    let own = format!("http://{}/healthz", bench.port().host());
    assert_eq!(bench.port().request("GET", &own).send().await.status, 200);
}

#[tokio::test]
async fn its_own_origin_passes_on_the_port() {
    let bench = Bench::start().await;
    let secret = bench.token(Role::Viewer).await.secret;
    let origin = format!("http://{}", bench.port().host());
    let own = bench.port().request("GET", "/v1/status").token(&secret);
    assert_eq!(own.header("Origin", &origin).send().await.status, 200);
}
