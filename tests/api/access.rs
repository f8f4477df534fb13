//! A6: routes without authentication. The cases come from the route table itself.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;

use tallykey::api::{Access, ROUTES, Route};
use tallykey::service::Role;
use tallykey_client::{Problem, wire};

use crate::bench::{Bench, peer};
use crate::raw::{Door, Request};

const NO_ID: &str = "00000000-0000-4000-8000-000000000000";

/// A request for a route that is right in all but its caller.
fn request(door: &Door, route: &Route) -> Request {
    let path = route
        .path
        .replace("{id}", NO_ID)
        .replace("{serial}", "TK-0000");
    let request = door.request(route.method.as_str(), &path);
    match route.path {
        "/v1/allocations" if route.body_max > 0 => request.json(r#"{"device":"a6"}"#),
        "/v1/allocations/batch" => request.json(r#"[{"device":"a6"}]"#),
        "/v1/allocations/{id}" if route.body_max > 0 => request.json("{}"),
        "/v1/allocations/{id}/move" => request.json(r#"{"device":"a6"}"#),
        "/v1/tokens" if route.body_max > 0 => request.json(r#"{"role":"admin","label":"a6"}"#),
        _ => request,
    }
}

fn restricted() -> impl Iterator<Item = (&'static Route, Role)> {
    ROUTES.iter().filter_map(|route| match route.access {
        Access::Open => None,
        Access::Role(role) => Some((route, role)),
    })
}

async fn nothing_happened(bench: &Bench) {
    let client = bench.client();
    assert!(client.allocations().await.unwrap().allocations.is_empty());
    for token in client.tokens().await.unwrap().tokens {
        assert_ne!(token.label, "a6");
    }
}

#[tokio::test]
async fn a06_every_route_refuses_a_caller_without_credentials() {
    let bench = Bench::start().await;
    for (route, _) in restricted() {
        let answer = request(&bench.port(), route).send().await;
        answer.refused(401, "no-token");
        assert!(answer.head.contains("www-authenticate: bearer"));
    }
    nothing_happened(&bench).await;
}

#[tokio::test]
async fn a06_every_route_refuses_a_made_up_token() {
    let bench = Bench::start().await;
    for (route, _) in restricted() {
        for value in [
            "Bearer 0123456789abcdef",
            "Bearer",
            "Basic YTpi",
            "Bearer  ",
            "x",
        ] {
            let asked = request(&bench.port(), route).header("Authorization", value);
            asked.send().await.refused(401, "bad-token");
        }
    }
    nothing_happened(&bench).await;
}

#[tokio::test]
async fn a06_every_route_refuses_two_credentials_at_once() {
    let bench = Bench::start().await;
    let secret = bench.token(wire::Role::Admin).await.secret;
    for (route, _) in restricted() {
        let asked = request(&bench.port(), route).token(&secret).token(&secret);
        asked.send().await.refused(401, "bad-token");
    }
    nothing_happened(&bench).await;
}

#[tokio::test]
async fn a06_every_route_refuses_a_lesser_role() {
    let bench = Bench::start().await;
    let viewer = bench.token(wire::Role::Viewer).await.secret;
    let client = bench.token(wire::Role::Client).await.secret;
    let mut refused = 0;
    for (route, needed) in restricted() {
        for (secret, held) in [(&viewer, Role::Viewer), (&client, Role::Client)] {
            let answer = request(&bench.port(), route).token(secret).send().await;
            if held < needed {
                answer.refused(403, "not-permitted");
                refused += 1;
            } else {
                assert!(![401, 403].contains(&answer.status), "{}", route.path);
                bench.undo().await;
            }
        }
    }
    assert!(refused >= 10, "{refused} cases were tried");
    nothing_happened(&bench).await;
}

#[tokio::test]
async fn a06_every_route_refuses_a_revoked_token() {
    let bench = Bench::start().await;
    let token = bench.token(wire::Role::Admin).await;
    let ask = || {
        bench
            .port()
            .request("GET", "/v1/status")
            .token(&token.secret)
    };
    assert_eq!(ask().send().await.status, 200);
    bench.client().revoke_token(token.token.id).await.unwrap();
    for (route, _) in restricted() {
        let asked = request(&bench.port(), route).token(&token.secret);
        asked.send().await.refused(401, "bad-token");
    }
    nothing_happened(&bench).await;
}

#[tokio::test]
async fn a06_every_route_refuses_another_user_on_the_socket() {
    let bench = Bench::start_for(peer::nobody).await;
    for (route, _) in restricted() {
        let problem = request(&bench.socket(), route).send().await;
        let problem = problem.refused(403, "not-permitted");
        assert!(problem.next.contains("group"), "{problem:?}");
    }
}

#[tokio::test]
async fn a06_every_route_refuses_a_lesser_group_on_the_socket() {
    let bench = Bench::start_for(peer::client).await;
    for (route, needed) in restricted() {
        let answer = request(&bench.socket(), route).send().await;
        if needed > Role::Client {
            answer.refused(403, "not-permitted");
        } else {
            assert!(![401, 403].contains(&answer.status), "{}", route.path);
        }
    }
}

#[tokio::test]
async fn only_health_answers_everybody() {
    let bench = Bench::start_for(peer::nobody).await;
    for door in [bench.socket(), bench.port()] {
        for path in ["/healthz", "/readyz"] {
            assert_eq!(door.request("GET", path).send().await.status, 200);
        }
    }
}

/// The kernel's word, not ours: a process of another uid. Only root can start one.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root: check.sh runs it"]
async fn a06_a_process_of_another_user_is_refused() {
    let bench = Bench::start().await;
    let socket = bench.reachable_by_all();
    // The build's own folder may be closed to others.
    let program = socket.with_file_name("tallykey");
    fs::copy(env!("CARGO_BIN_EXE_tallykey"), &program).expect("a copy");
    let asked = tokio::task::spawn_blocking(move || {
        let mut ask = Command::new(program);
        ask.args(["status", "--json", "--socket"]).arg(socket);
        ask.uid(65_534).gid(65_534).output().expect("it runs")
    });
    let output = asked.await.unwrap();
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    let problem: Problem = serde_json::from_slice(&output.stdout).expect("problem details");
    assert_eq!(
        (problem.status, problem.code.as_str()),
        (403, "not-permitted")
    );
    assert!(problem.next.contains("65534"), "{problem}");
}
