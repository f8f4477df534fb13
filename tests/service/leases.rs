//! Channels for a time, over months that take milliseconds.

use std::time::Duration;

use tallykey::service::{Ask, Change};

use crate::bench::{Bench, camera, operator};

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn lease(device: &str, time: Duration) -> Ask {
    Ask {
        ttl: Some(u32::try_from(time.as_secs()).expect("a short time")),
        ..camera(device)
    }
}

async fn devices(bench: &Bench) -> Vec<String> {
    let all = bench.service.allocations().await.expect("a sound history");
    all.into_iter().map(|one| one.device).collect()
}

/// Who released what and why, as the history tells.
async fn released(bench: &Bench) -> Vec<(String, String, Option<String>)> {
    let all = bench.service.history(0, 1_000).await.expect("sound");
    let all = all.into_iter().filter(|entry| entry.kind == "released");
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    all.map(|entry| {
        let device = text(&entry.body["device"]).expect("a device");
        (entry.actor, device, text(&entry.body["because"]))
    })
    .collect()
}

fn expired(device: &str) -> (String, String, Option<String>) {
    ("service".into(), device.into(), Some("expired".into()))
}

#[tokio::test]
async fn what_is_renewed_every_month_lasts_and_the_other_ends() {
    let bench = Bench::start().await;
    let operator = operator();
    let ask = |ask| bench.service.allocate(&operator, ask);
    let kept = ask(lease("gate", 40 * DAY)).await.expect("free").allocation;
    ask(lease("door", 40 * DAY)).await.expect("free");
    ask(camera("roof")).await.expect("free");
    let ttl = u32::try_from((40 * DAY).as_secs()).expect("a short time");
    for month in 1..=24 {
        bench.pass(30 * DAY).await;
        let renew = Change::Renew(ttl);
        let renewed = bench.service.change(&operator, kept.id, renew, false);
        let renewed = renewed.await.expect("it is there still");
        assert!(renewed.after.until > renewed.before.until, "month {month}");
    }
    assert_eq!(devices(&bench).await, ["gate", "roof"]);
    bench.pass(41 * DAY).await;
    assert_eq!(devices(&bench).await, ["roof"]);
    assert_eq!(released(&bench).await, [expired("door"), expired("gate")]);
    assert_eq!(bench.counts("camera").used, 1);
}

#[tokio::test]
async fn what_ended_while_the_service_was_down_is_released_at_its_start() {
    let bench = Bench::start().await;
    for ask in [lease("gate", DAY), lease("door", 3 * DAY)] {
        bench
            .service
            .allocate(&operator(), ask)
            .await
            .expect("free");
    }
    let clock = bench.clock.clone();
    let bench = bench.restart_after(|| clock.skip(2 * DAY)).await;
    // Nobody had to ask for it: it is in what is published first.
    assert_eq!(bench.counts("camera").used, 1);
    assert_eq!(devices(&bench).await, ["door"]);
    assert_eq!(released(&bench).await, [expired("gate")]);
    // The device can be added again, and what was released is not released twice.
    bench.ask("gate").await.expect("free");
    let bench = bench.restart().await;
    assert_eq!(devices(&bench).await, ["door", "gate"]);
    assert_eq!(released(&bench).await.len(), 1);
}

#[tokio::test]
async fn a_channel_that_ended_is_free_for_the_request_that_comes_then() {
    let bench = Bench::start().await;
    for number in 1..=4 {
        let ask = lease(&format!("gate-{number}"), DAY);
        bench
            .service
            .allocate(&operator(), ask)
            .await
            .expect("free");
    }
    bench.ask("door").await.expect_err("all are used");
    bench.clock.pass(DAY);
    bench.ask("door").await.expect("all have ended");
    assert_eq!(devices(&bench).await, ["door"]);
}
