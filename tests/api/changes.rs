//! Changes of allocations: priority and moves.

use serde_json::json;
use tallykey_client::wire::{
    Allocation, AllocationChange, Ask, LineChange, Move, Policy, PolicyChange, Renewal, Role,
};
use tallykey_client::{Client, ClientError, Endpoint, Problem};

use crate::bench::Bench;
use crate::raw::Door;

/// Allocates cameras and gives them in order.
async fn cameras(client: &Client, devices: &[&str]) -> Vec<Allocation> {
    let mut held = Vec::new();
    for device in devices {
        let ask = Ask {
            feature: Some("camera".into()),
            ..Ask::new(*device)
        };
        held.push(client.allocate(&ask).await.expect("free").allocation);
    }
    held
}

fn to(device: &str) -> Move {
    Move {
        device: device.into(),
        model: None,
        dry_run: false,
    }
}

fn problem(answer: Result<impl std::fmt::Debug, ClientError>) -> Box<Problem> {
    match answer {
        Err(ClientError::Problem(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_move_keeps_all_but_the_device() {
    let bench = Bench::start().await;
    let client = bench.client();
    let held = cameras(&client, &["gate", "door"]).await;
    let dry = Move {
        dry_run: true,
        ..to("yard")
    };
    let rehearsed = client.move_to(held[0].id, &dry).await.unwrap();
    assert!(rehearsed.dry_run);
    assert_eq!(client.allocation(held[0].id).await.unwrap().device, "gate");

    let moved = client.move_to(held[0].id, &to("yard")).await.unwrap();
    assert_eq!(
        (&moved.before, &moved.after),
        (&rehearsed.before, &rehearsed.after)
    );
    assert_eq!(moved.after.device, "yard");
    let as_it_was = Allocation {
        device: "gate".into(),
        ..moved.after
    };
    assert_eq!(as_it_was, moved.before);
    let last = client.history(0, 100).await.unwrap().entries.pop().unwrap();
    assert_eq!(last.kind, "moved");
    assert_eq!(
        (&last.body["was"], &last.body["now"]),
        (&json!("gate"), &json!("yard"))
    );

    // The old device can come back, and a device that holds channels takes no others.
    let again = cameras(&client, &["gate"]).await;
    assert_ne!(again[0].id, held[0].id);
    let refused = problem(client.move_to(held[0].id, &to("door")).await);
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("device-holds-channels", 409)
    );
    assert_eq!(refused.facts["allocation"], json!(held[1].id));
    let gone = problem(client.move_to(uuid::Uuid::nil(), &to("x1")).await);
    assert_eq!(gone.code, "no-such-allocation");
}

#[tokio::test]
async fn only_an_administrator_moves() {
    let bench = Bench::start().await;
    let held = cameras(&bench.client(), &["gate"]).await;
    let Door::Port(address) = bench.port() else {
        panic!("not a port");
    };
    let token = bench.token(Role::Client).await;
    let client = Client::new(Endpoint::tcp(address, &token.secret));
    let refused = problem(client.move_to(held[0].id, &to("yard")).await);
    assert_eq!(refused.code, "not-permitted");
    let change = AllocationChange {
        priority: Some(3),
        ..AllocationChange::default()
    };
    let changed = client.change(held[0].id, &change).await.unwrap();
    assert_eq!((changed.before.priority, changed.after.priority), (0, 3));
}

#[tokio::test]
async fn a_change_with_a_member_nobody_knows_is_refused() {
    let bench = Bench::start().await;
    let id = cameras(&bench.client(), &["gate"]).await[0].id;
    let door = bench.socket();
    for (method, path, body) in [
        ("PATCH", format!("/v1/allocations/{id}"), json!({"prio": 1})),
        (
            "PATCH",
            format!("/v1/allocations/{id}"),
            json!({"priority": 3_000_000_000_u32}),
        ),
        (
            "PATCH",
            format!("/v1/allocations/{id}"),
            json!({"priority": "high"}),
        ),
        ("POST", format!("/v1/allocations/{id}/move"), json!({})),
        (
            "POST",
            format!("/v1/allocations/{id}/move"),
            json!({"device": "yard", "dry-run": true}),
        ),
    ] {
        let asked = door.request(method, &path).json(&body.to_string());
        asked.send().await.refused(422, "bad-body");
    }
    assert_eq!(bench.client().allocation(id).await.unwrap().device, "gate");
}

#[tokio::test]
async fn who_pays_is_shown_and_free_channels_stay_as_they_are() {
    let bench = Bench::start().await;
    let client = bench.client();
    let id = cameras(&client, &["gate"]).await[0].id;
    let lines = client.allocation(id).await.unwrap().lines.unwrap();
    let paid: Vec<_> = lines
        .iter()
        .map(|one| (one.id.as_str(), one.channels))
        .collect();
    assert_eq!(paid, [("free/camera", 1)]);
    let licences = client.licences().await.unwrap();
    let free = licences.lines.iter().find(|line| line.id == "free/camera");
    assert_eq!(free.map(|line| (line.used, line.parked)), Some((1, false)));

    let parked = LineChange {
        parked: true,
        dry_run: false,
    };
    let refused = problem(client.change_line("free/camera", &parked).await);
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("free-channels", 409)
    );
    let refused = problem(client.change_line("TK-1/../\u{1b}[31m", &parked).await);
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("no-such-line", 404)
    );
    for (line, code) in [
        ("free/camera", "free-channels"),
        ("TK-1/p/1", "no-such-line"),
    ] {
        let change = AllocationChange {
            line: Some(Some(line.into())),
            ..AllocationChange::default()
        };
        assert_eq!(problem(client.change(id, &change).await).code, code);
        let ask = Ask {
            line: Some(line.into()),
            ..Ask::new("00:02:D1:00:00:01")
        };
        assert_eq!(problem(client.allocate(&ask).await).code, code);
    }

    assert_eq!(licences.policy, Policy::ShortestFirst);
    let explicit = |dry_run| PolicyChange {
        policy: Policy::Explicit,
        dry_run,
    };
    let dry = client.set_policy(&explicit(true)).await.unwrap();
    assert_eq!((dry.dry_run, dry.licences.policy), (true, Policy::Explicit));
    assert_eq!(
        client.licences().await.unwrap().policy,
        Policy::ShortestFirst
    );
    client.set_policy(&explicit(false)).await.unwrap();
    assert_eq!(client.licences().await.unwrap().policy, Policy::Explicit);
    let last = client.history(0, 100).await.unwrap().entries.pop().unwrap();
    assert_eq!(last.kind, "policy-set");
}

#[tokio::test]
async fn a_channel_for_a_time_says_until_when() {
    let bench = Bench::start().await;
    let client = bench.client();
    let lease = Ask {
        ttl: Some(60),
        ..Ask::new("00:02:D1:00:00:01")
    };
    let id = client.allocate(&lease).await.unwrap().allocation.id;
    let until = client.allocation(id).await.unwrap().expires_at.unwrap();
    assert_eq!(until.as_millisecond(), 1_700_000_060_000);
    let renewal = |ttl, dry_run| Renewal { ttl, dry_run };
    let dry = client.renew(id, &renewal(90, true)).await.unwrap();
    let moment = |at: Option<jiff::Timestamp>| at.map(|at| at.as_second());
    assert_eq!(moment(dry.after.expires_at), Some(1_700_000_090));
    assert_eq!(client.allocation(id).await.unwrap().expires_at, Some(until));
    let renewed = client.renew(id, &renewal(90, false)).await.unwrap();
    assert_eq!(moment(renewed.after.expires_at), Some(1_700_000_090));

    for ttl in [0, 9, 34_560_001] {
        let refused = problem(client.renew(id, &renewal(ttl, false)).await);
        assert_eq!((refused.code.as_str(), refused.status), ("bad-ttl", 422));
    }
    let lasting = cameras(&client, &["gate"]).await[0].id;
    let refused = problem(client.renew(lasting, &renewal(60, false)).await);
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("not-for-a-time", 409)
    );
}

#[tokio::test]
async fn need_is_told_for_every_feature() {
    let bench = Bench::start().await;
    let client = bench.client();
    cameras(&client, &["gate", "door"]).await;
    let need = client.need().await.unwrap().features;
    let status = client.status().await.unwrap();
    let names = |all: Vec<&String>| all.into_iter().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(need.iter().map(|one| &one.feature).collect()),
        names(status.features.iter().map(|one| &one.id).collect())
    );
    let camera = &need[0];
    assert_eq!(
        (camera.now.needed, camera.now.owned, camera.now.short),
        (2, 4, 0)
    );
    assert!(camera.years.is_empty() && camera.growth == 0);
}
