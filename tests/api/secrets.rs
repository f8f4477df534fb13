//! A7: secrets in logs, errors and listings.

use std::io;
use std::sync::{Arc, Mutex};

use tallykey_client::wire::Role;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::bench::Bench;

/// Everything that this process logs, at the most talkative level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a07_no_token_in_logs_errors_or_lists() {
    let log = Log::default();
    let layer = tracing_subscriber::fmt::layer().with_writer(log.clone());
    tracing_subscriber::registry().with(layer).init();
    tracing::info!("the log is watched");

    let bench = Bench::start().await;
    let made = bench.token(Role::Viewer).await;
    let secret = made.secret.as_str();
    assert!(!format!("{made:?}").contains(secret));
    let listed = bench.client().tokens().await.unwrap();
    assert!(!serde_json::to_string(&listed).unwrap().contains(secret));
    let history = bench.client().history(0, 1_000).await.unwrap();
    assert!(!serde_json::to_string(&history).unwrap().contains(secret));

    let wrong = format!("{secret}x");
    for (token, method, path) in [
        (secret, "GET", "/v1/status"),
        (secret, "POST", "/v1/allocations"),
        (secret, "GET", "/nowhere"),
        (secret, "GET", "/v1/history?limit=x"),
        (&wrong, "GET", "/v1/status"),
    ] {
        let answer = bench.port().request(method, path).token(token).send().await;
        let body = String::from_utf8_lossy(&answer.body);
        assert!(
            !answer.head.contains(secret) && !body.contains(secret),
            "{body}"
        );
    }
    bench.stop().await;

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("the log is watched"));
    assert!(!log.contains(secret), "the secret is in the log");
}

#[tokio::test]
async fn a07_an_answer_is_as_long_as_it_says() {
    let bench = Bench::start().await;
    for path in ["/v1/status", "/v1/licences", "/nowhere", "/healthz"] {
        let answer = bench.socket().request("GET", path).send().await;
        let length = format!("content-length: {}", answer.body.len());
        assert!(answer.head.contains(&length), "{path}: {}", answer.head);
    }
}
