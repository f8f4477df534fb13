//! A10: one bad client stops the service. Others are served while each of these goes on.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;

use crate::bench::Bench;
use crate::raw::Answer;

/// An honest client gets its answer, far sooner than any bad client's time is up.
async fn others_are_served(bench: &Bench) {
    let begun = Instant::now();
    bench
        .client()
        .status()
        .await
        .expect("an answer on the socket");
    let health = bench.port().request("GET", "/readyz").send().await;
    assert_eq!(health.status, 200);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a10_connections_that_say_nothing_do_not_keep_others_out() {
    let bench = Bench::start().await;
    for door in [bench.socket(), bench.port()] {
        let mut silent = Vec::new();
        // More than a listener has seats.
        for _ in 0..300 {
            silent.push(door.open().await);
        }
        others_are_served(&bench).await;
        // The longest idle ones had to go.
        let mut first = silent.swap_remove(0);
        let _ended = first.write_all(b"GET").await;
        let mut byte = [0];
        let read = tokio::io::AsyncReadExt::read(&mut first, &mut byte).await;
        assert!(matches!(read, Ok(0) | Err(_)), "its seat was given away");
    }
}

#[tokio::test]
async fn a10_half_a_request_does_not_keep_others_out() {
    let bench = Bench::start().await;
    for door in [bench.socket(), bench.port()] {
        let mut slow = Vec::new();
        for _ in 0..300 {
            let mut stream = door.open().await;
            stream
                .write_all(b"GET /v1/status HTTP/1.1\r\nHost: lo")
                .await
                .expect("sent");
            slow.push(stream);
        }
        others_are_served(&bench).await;
    }
}

#[tokio::test]
async fn a10_an_idle_client_of_ours_outlives_a_flood_of_strangers() {
    let bench = Bench::start().await;
    let client = bench.client();
    client.status().await.expect("known from now on");
    let mut strangers = Vec::new();
    for _ in 0..400 {
        strangers.push(bench.socket().open().await);
    }
    client.status().await.expect("on the same connection");
}

#[tokio::test]
async fn a10_a_body_of_a_gigabyte_is_refused_by_its_head() {
    let bench = Bench::start().await;
    let huge = bench.socket().request("POST", "/v1/allocations/batch");
    let huge = huge.header("Content-Type", "application/json");
    let huge = huge.header("Content-Length", "1073741824").send().await;
    huge.refused(413, "body-too-large");
    others_are_served(&bench).await;
}

#[tokio::test]
async fn a10_a_body_without_end_is_cut_off() {
    let bench = Bench::start().await;
    let request = bench.socket().request("POST", "/v1/allocations");
    let request = request.header("Content-Type", "application/json");
    let head = request.header("Transfer-Encoding", "chunked").head();
    let stream = bench.socket().open().await;
    let (mut read, mut write) = tokio::io::split(stream);
    write.write_all(head.as_bytes()).await.expect("sent");
    let endless = tokio::spawn(async move {
        let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
        let mut sent = 0_u64;
        while write.write_all(chunk.as_bytes()).await.is_ok() {
            sent += 0x1000;
        }
        sent
    });
    Answer::read(&mut read).await.refused(413, "body-too-large");
    let sent = endless.await.unwrap();
    assert!(sent < 4 << 20, "{sent} bytes were taken");
    others_are_served(&bench).await;
}

#[tokio::test]
async fn a10_an_endless_head_is_cut_off() {
    let bench = Bench::start().await;
    let mut stream = bench.port().open().await;
    let line = format!("X-Filler: {}\r\n", "x".repeat(1000));
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\n")
        .await
        .expect("sent");
    let mut lines = 0;
    while lines < 10_000 && stream.write_all(line.as_bytes()).await.is_ok() {
        lines += 1;
    }
    assert!(lines < 10_000, "the service took {lines} lines of head");
    others_are_served(&bench).await;
}
