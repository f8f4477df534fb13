//! Requests over keep-alive connections of one Unix socket, each timed.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::task::JoinSet;

/// Whatever went wrong; a bench stops at the first.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// What to ask.
#[derive(Clone, Copy)]
pub(crate) enum Load {
    /// Each request a new device, counted from `first`.
    Allocate { first: usize },
    /// The status.
    Read,
}

/// How long each request took, and all of them together.
pub(crate) struct Times {
    each: Vec<Duration>,
    wall: Duration,
}

impl Times {
    /// Half of the requests were faster.
    pub(crate) fn p50(self) -> Duration {
        percentile(self.each, 50)
    }

    /// Requests per second.
    pub(crate) fn rate(&self) -> f64 {
        self.each.len() as f64 / self.wall.as_secs_f64()
    }
}

/// The time that `percent` of `times` are not longer than.
pub(crate) fn percentile(mut times: Vec<Duration>, percent: usize) -> Duration {
    times.sort();
    times[(times.len() - 1) * percent / 100]
}

/// Sends `requests` over `connections`, evenly.
pub(crate) async fn run(
    socket: &Path,
    load: Load,
    connections: usize,
    requests: usize,
) -> Result<Times, Failure> {
    let mut senders = Vec::new();
    for _ in 0..connections {
        let stream = TokioIo::new(UnixStream::connect(socket).await?);
        let (sender, connection) = handshake::<_, Full<Bytes>>(stream).await?;
        tokio::spawn(connection);
        senders.push(sender);
    }
    let share = requests / connections;
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for (index, sender) in senders.into_iter().enumerate() {
        tasks.spawn(one(sender, load, index * share, share));
    }
    let mut each = Vec::with_capacity(requests);
    while let Some(times) = tasks.join_next().await {
        each.extend(times??);
    }
    Ok(Times {
        each,
        wall: started.elapsed(),
    })
}

async fn one(
    mut sender: SendRequest<Full<Bytes>>,
    load: Load,
    first: usize,
    count: usize,
) -> Result<Vec<Duration>, Failure> {
    let mut times = Vec::with_capacity(count);
    for index in first..first + count {
        let request = request(load, index)?;
        let before = Instant::now();
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        times.push(before.elapsed());
        if !status.is_success() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
        }
    }
    Ok(times)
}

fn request(load: Load, index: usize) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let request = Request::builder().header("host", "localhost");
    match load {
        Load::Read => request.uri("/v1/status").body(Full::default()),
        Load::Allocate { first } => {
            let device = (first + index)
                .to_be_bytes()
                .map(|byte| format!("{byte:02X}"))[2..]
                .join(":");
            let body = format!(r#"{{"device":"{device}","feature":"camera"}}"#);
            request
                .method(Method::POST)
                .uri("/v1/allocations")
                .header("content-type", "application/json")
                .body(Full::from(body))
        }
    }
}
