//! What each route answers, and that every refusal is a problem.

use serde_json::json;
use tallykey_client::wire::{AllocationState, Ask, AuthenticationType, Role};
use tallykey_client::{Client, ClientError, Endpoint};

use crate::bench::Bench;
use crate::raw::Door;

const DEVICE: &str = "00:02:D1:1A:2B:3C";

fn ask(device: &str, feature: &str) -> Ask {
    Ask {
        feature: Some(feature.to_owned()),
        ..Ask::new(device)
    }
}

#[tokio::test]
async fn a_device_is_new_once_and_the_same_ever_after() {
    let bench = Bench::start().await;
    let post = |device: &str| {
        let body = json!({ "device": device, "feature": "camera" }).to_string();
        bench
            .socket()
            .request("POST", "/v1/allocations")
            .json(&body)
    };
    let first = post("00-02-d1-1a-2b-3c").send().await;
    assert_eq!(first.status, 201);
    assert_eq!(first.json()["device"], DEVICE);
    assert_eq!(first.json()["state"], "licensed");
    let again = post("0002.d11a.2b3c").send().await;
    assert_eq!(again.status, 200);
    assert_eq!(again.json(), first.json());

    let client = bench.client();
    let id = first.json()["id"].as_str().unwrap().parse().unwrap();
    let held = client.allocation(id).await.unwrap();
    assert_eq!(
        (held.device.as_str(), held.state),
        (DEVICE, AllocationState::Licensed)
    );
    assert_eq!(
        client
            .allocations_of("0002D11A2B3C")
            .await
            .unwrap()
            .allocations,
        std::slice::from_ref(&held)
    );
    assert_eq!(client.release(id).await.unwrap().id, id);
    let gone = bench
        .socket()
        .request("DELETE", &format!("/v1/allocations/{id}"));
    gone.send().await.refused(404, "no-such-allocation");
    assert_eq!(
        post(DEVICE).send().await.status,
        201,
        "a channel is free again"
    );
}

#[tokio::test]
async fn the_one_too_many_is_told_how_many_there_are() {
    let bench = Bench::start().await;
    let client = bench.client();
    for n in 0..4 {
        client
            .allocate(&ask(&format!("camera-{n}"), "camera"))
            .await
            .unwrap();
    }
    let body = r#"{"device":"camera-4","feature":"camera"}"#;
    let full = bench.socket().request("POST", "/v1/allocations").json(body);
    let problem = full.send().await.refused(409, "no-channel-left");
    assert_eq!(problem.class, "too-few-licences");
    for (fact, value) in [
        ("owned", 4),
        ("free", 4),
        ("used", 4),
        ("needed", 1),
        ("suspended", 0),
    ] {
        assert_eq!(problem.facts[fact], value, "{fact}");
    }
    let status = client.status().await.unwrap();
    let camera = status.features.iter().find(|f| f.id == "camera").unwrap();
    assert_eq!((camera.total, camera.used, camera.available), (4, 4, 0));
    assert_eq!(status.authentication_type, AuthenticationType::None);
    assert!(status.simulated && status.dongles.is_empty());
}

#[tokio::test]
async fn a_batch_is_done_whole_or_not_at_all() {
    let bench = Bench::start().await;
    let client = bench.client();
    let asks = |n: usize| -> Vec<Ask> {
        (0..n)
            .map(|n| ask(&format!("camera-{n}"), "camera"))
            .collect()
    };
    let refused = client.allocate_all(&asks(5)).await.unwrap_err();
    let ClientError::Problem(problem) = refused else {
        panic!("{refused}");
    };
    assert_eq!(problem.code, "no-channel-left");
    assert_eq!(problem.facts["index"], 4);
    assert!(client.allocations().await.unwrap().allocations.is_empty());

    let done = client.allocate_all(&asks(3)).await.unwrap();
    assert_eq!((done.created, done.existing), (3, 0));
    let again = client.allocate_all(&asks(4)).await.unwrap();
    assert_eq!((again.created, again.existing), (1, 3));
    assert_eq!(client.allocations().await.unwrap().allocations.len(), 4);

    let mut bad = asks(2);
    bad[1].device = "00:02:D1:1A:2B:3".to_owned();
    let ClientError::Problem(problem) = client.allocate_all(&bad).await.unwrap_err() else {
        panic!("not a problem");
    };
    assert_eq!(
        (problem.code.as_str(), problem.status),
        ("bad-device-id", 422)
    );
    assert_eq!(problem.facts["index"], 1);
}

#[tokio::test]
async fn a_batch_beyond_the_bound_is_refused() {
    let bench = Bench::start().await;
    let asks: Vec<_> = (0..10_001)
        .map(|n| ask(&format!("d{n}"), "camera"))
        .collect();
    let ClientError::Problem(problem) = bench.client().allocate_all(&asks).await.unwrap_err()
    else {
        panic!("not a problem");
    };
    assert_eq!(
        (problem.code.as_str(), problem.status),
        ("batch-too-large", 413)
    );
}

#[tokio::test]
async fn every_wrong_request_is_a_problem_with_its_own_code() {
    let bench = Bench::start().await;
    let door = bench.socket();
    let post = |body: &str| door.request("POST", "/v1/allocations").json(body);

    door.request("GET", "/v2/status")
        .send()
        .await
        .refused(404, "no-such-route");
    let put = door.request("PUT", "/v1/status").send().await;
    put.refused(405, "method-not-allowed");
    assert!(put.head.contains("allow: get"), "{}", put.head);
    for id in ["x", "0", "%ff", "%2e%2e"] {
        let path = format!("/v1/allocations/{id}");
        door.request("GET", &path)
            .send()
            .await
            .refused(422, "bad-id");
    }
    for query in ["after=x", "limit=0", "limit=1001", "limit=-1", "foo=1"] {
        let path = format!("/v1/history?{query}");
        door.request("GET", &path)
            .send()
            .await
            .refused(422, "bad-query");
    }
    for body in ["", "{", "[", "nul", "{\"device\":\"a\"}x", "\u{feff}{}"] {
        post(body).send().await.refused(400, "bad-json");
    }
    for body in [
        "{}",
        "[]",
        "null",
        r#"{"device":1}"#,
        r#"{"device":"a","fetaure":"camera"}"#,
        r#"{"device":"a","device":"b"}"#,
    ] {
        post(body).send().await.refused(422, "bad-body");
    }
    let deep = "[".repeat(4_000);
    assert!([400, 422].contains(&post(&deep).send().await.problem().status));
    let large = format!(r#"{{"device":"{}"}}"#, "a".repeat(5_000));
    post(&large).send().await.refused(413, "body-too-large");
    for device in ["00:02:D1:1A:2B:3", "0002D11A2B3", "", "a b", "kamera/1"] {
        let problem = post(&json!({ "device": device }).to_string()).send().await;
        problem.refused(422, "bad-device-id");
    }
    let feature = post(r#"{"device":"SN-1","feature":"camara"}"#).send().await;
    let feature = feature.refused(422, "unknown-feature");
    assert!(feature.detail.contains("camera"), "{}", feature.detail);
    let wink = door
        .request("POST", "/v1/dongles/TK-0000/wink")
        .send()
        .await;
    wink.refused(404, "no-such-dongle");
}

#[tokio::test]
async fn answers_are_not_kept_by_caches() {
    let bench = Bench::start().await;
    for path in ["/v1/status", "/nowhere"] {
        let answer = bench.socket().request("GET", path).send().await;
        assert!(answer.head.contains("cache-control: no-store"));
        assert!(answer.head.contains("x-content-type-options: nosniff"));
    }
}

#[tokio::test]
async fn history_tells_who_did_what_in_pages() {
    let bench = Bench::start().await;
    let client = bench.client();
    client.allocate(&Ask::new(DEVICE)).await.unwrap();
    let token = bench.token(Role::Client).await;
    let Door::Port(address) = bench.port() else {
        panic!("not a port");
    };
    let by_token = Client::new(Endpoint::tcp(address, &token.secret));
    by_token.allocate(&ask("vca-1", "camera")).await.unwrap();

    let all = client.history(0, 100).await.unwrap().entries;
    let numbers: Vec<u64> = all.iter().map(|entry| entry.seq).collect();
    assert_eq!(numbers, (1..=all.len() as u64).collect::<Vec<_>>());
    let last = all.last().unwrap();
    assert_eq!(last.kind, "allocated");
    assert_eq!(last.actor, format!("token:{}", token.token.id));
    assert_eq!(last.hash.len(), 64);
    let uid = nix::unistd::geteuid();
    assert!(
        all.iter()
            .any(|e| e.kind == "allocated" && e.actor == format!("uid:{uid}"))
    );
    assert_eq!(
        client.history(last.seq - 1, 100).await.unwrap().entries,
        std::slice::from_ref(last)
    );
    assert_eq!(client.history(0, 1).await.unwrap().entries, all[..1]);
    assert!(
        client
            .history(last.seq, 1)
            .await
            .unwrap()
            .entries
            .is_empty()
    );
}

#[tokio::test]
async fn licences_show_the_free_channels() {
    let bench = Bench::start().await;
    let lines = bench.client().licences().await.unwrap().lines;
    let camera = lines.iter().find(|line| line.feature == "camera").unwrap();
    assert_eq!(
        (camera.count, camera.plan.as_str(), camera.active),
        (4, "free", true)
    );
}

#[tokio::test]
async fn the_service_stops_in_good_order() {
    let bench = Bench::start().await;
    let client = bench.client();
    client.allocate(&Ask::new(DEVICE)).await.unwrap();
    let door = bench.socket();
    bench.stop().await;
    let Door::Socket(path) = door else {
        panic!("not a socket");
    };
    assert!(!path.exists(), "the socket is gone");
    assert!(client.status().await.is_err());
}
