//! What cannot be beaten: the disk, and HTTP with nothing behind it.

use std::convert::Infallible;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::load::Failure;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::UnixListener;

/// Bytes of an answer to `POST /v1/allocations`, and to `GET /v1/status` of a service with one dongle.
const ALLOCATION_LEN: usize = 250;
const STATUS_LEN: usize = 2_000;

/// Times of `count` appends of 128 bytes, each followed by fdatasync.
pub(crate) fn syncs(path: &Path, count: usize) -> std::io::Result<Vec<Duration>> {
    let mut file = File::create(path)?;
    (0..count)
        .map(|_| {
            let before = Instant::now();
            file.write_all(&[0x5A; 128])?;
            file.sync_data()?;
            Ok(before.elapsed())
        })
        .collect()
}

/// A bare hyper server in a process of its own.
pub(crate) struct Bare {
    /// Where it listens.
    pub(crate) socket: PathBuf,
    process: Child,
}

impl Bare {
    /// Starts this program again as the server.
    pub(crate) fn start(folder: &Path) -> Result<Self, Failure> {
        let socket = folder.join("bare.sock");
        let process = Command::new(std::env::current_exe()?)
            .arg("bare-server")
            .arg(&socket)
            .spawn()?;
        let bare = Self { socket, process };
        super::service::answers(&bare.socket)?;
        Ok(bare)
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Answers with as many bytes as the service would, and does nothing else.
pub(crate) async fn serve(socket: &Path) -> Result<(), Failure> {
    let listener = UnixListener::bind(socket)?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(
            http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)),
        );
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let length = if request.method() == Method::POST {
        ALLOCATION_LEN
    } else {
        STATUS_LEN
    };
    let _ = request.into_body().collect().await;
    let mut response = Response::new(Full::from(vec![b' '; length]));
    response.headers_mut().insert(
        "content-type",
        hyper::header::HeaderValue::from_static("application/json"),
    );
    Ok(response)
}
