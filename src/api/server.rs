//! Takes connections, bounds what each may cost, and ends them in good order.

use std::{convert::Infallible, future::Future, io, sync::Arc, time::Duration};

use axum::{Router, body::Body as AxumBody, http::Request, response::Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    task::JoinSet,
};

use super::{
    auth::Peer,
    guard::Names,
    route::router,
    seats::{Seat, Seats},
};
use crate::service::{Role, Service};

/// How long the head of a request may take, and a connection may stay idle.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long requests in flight may take when the service stops.
const STOP_TIME: Duration = Duration::from_secs(5);
/// Connections of one listener: far from a process's usual 1,024 files, far above what the
/// programs of one machine need.
const SEATS: usize = 256;
/// Bytes of a request's head, and of the read buffer of one connection.
const HEAD_MAX: usize = 16 * 1024;

/// The role of a process, by the user and primary group that the kernel gives.
pub type PeerRole = fn(uid: u32, gid: u32) -> Option<Role>;

/// One listener's next connection.
pub(super) trait Accept: Send + 'static {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Knock)>> + Send;

    /// Names under which this listener may be addressed.
    fn names(&self) -> Names;
}

/// Who knocks, before the role is known.
#[derive(Debug, Clone, Copy)]
pub(super) enum Knock {
    Process { uid: u32, gid: u32 },
    Anybody,
}

/// The API of one service, on any number of listeners.
#[derive(Debug)]
pub struct Server {
    router: Router,
    peer_role: PeerRole,
    stop: watch::Sender<bool>,
    listeners: JoinSet<()>,
}

impl Server {
    /// Makes the API; it listens nowhere yet.
    #[must_use]
    pub fn new(service: &Service, peer_role: PeerRole) -> Self {
        Self {
            router: router(service),
            peer_role,
            stop: watch::Sender::new(false),
            listeners: JoinSet::new(),
        }
    }

    /// Answers on the Unix socket from now on.
    #[cfg(unix)]
    pub fn on_socket(&mut self, listener: super::SocketListener) {
        self.on(listener);
    }

    /// Answers on the loopback port from now on.
    pub fn on_port(&mut self, listener: super::PortListener) {
        self.on(listener);
    }

    fn on<L: Accept + Sync>(&mut self, listener: L) {
        let door = Door {
            router: self.router.clone(),
            peer_role: self.peer_role,
            stop: self.stop.subscribe(),
        };
        self.listeners.spawn(door.attend(listener));
    }

    /// Takes no more connections, lets requests in flight be answered, and ends.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.listeners.join_next().await.is_some() {}
    }
}

/// What every connection of a listener shares.
#[derive(Clone)]
struct Door {
    router: Router,
    peer_role: PeerRole,
    stop: watch::Receiver<bool>,
}

impl Door {
    async fn attend<L: Accept + Sync>(self, listener: L) {
        let seats = Seats::new(SEATS);
        let names = listener.names();
        let mut connections = JoinSet::new();
        let mut stop = self.stop.clone();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
                Some(_) = connections.join_next() => continue,
            };
            match accepted {
                Ok((stream, knock)) => {
                    // With every seat answering a request there is no idle one to give up.
                    let Some(seat) = seats.take() else { continue };
                    connections.spawn(self.clone().talk(stream, knock, seat, names.clone()));
                }
                // The caller went away before it was its turn, or this process has no file left
                // (accept(2)): the next connection may do better, but not in a busy loop.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        // The listener's place is free from here on.
        drop(listener);
        let end = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_TIME, end).await.is_err() {
            tracing::warn!("requests still in flight were cut off");
        }
    }

    async fn talk<S>(mut self, stream: S, knock: Knock, seat: Arc<Seat>, names: Names)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let peer = tokio::select! {
            peer = identify(knock, self.peer_role) => peer,
            () = seat.wanted() => return,
        };
        let router = TowerToHyperService::new(self.router);
        let answer = {
            let seat = Arc::clone(&seat);
            service_fn(move |mut request: Request<Incoming>| {
                let extensions = request.extensions_mut();
                extensions.insert(peer);
                extensions.insert(names.clone());
                extensions.insert(Arc::clone(&seat));
                let answering = seat.answering();
                let answer = hyper::service::Service::call(&router, request);
                async move {
                    let response: Result<Response<AxumBody>, Infallible> = answer.await;
                    drop(answering);
                    response
                }
            })
        };
        let mut connection = std::pin::pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIME)
                .max_buf_size(HEAD_MAX)
                .serve_connection(TokioIo::new(stream), answer)
        );
        tokio::select! {
            ended = connection.as_mut() => return log(ended),
            () = seat.wanted() => return,
            _ = self.stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
        }
        log(connection.await);
    }
}

/// Looks the peer's groups up where that may take time (NSS may ask a directory server).
async fn identify(knock: Knock, peer_role: PeerRole) -> Peer {
    match knock {
        Knock::Anybody => Peer::Anybody,
        Knock::Process { uid, gid } => {
            let looked_up = tokio::task::spawn_blocking(move || peer_role(uid, gid)).await;
            let role = looked_up.unwrap_or(None);
            Peer::Process { uid, role }
        }
    }
}

/// A client that goes away or says nothing is its own affair: no more than a trace.
fn log(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::Instant;

    use super::*;

    /// A connection to a server of one route; its end is `stop`.
    fn connect() -> (DuplexStream, watch::Sender<bool>) {
        let stop = watch::Sender::new(false);
        let door = Door {
            router: Router::new().route("/", get(|| async { "answer" })),
            peer_role: |_, _| None,
            stop: stop.subscribe(),
        };
        let (ours, theirs) = duplex(1024);
        let seat = Seats::new(1).take().expect("a seat");
        tokio::spawn(door.talk(theirs, Knock::Anybody, seat, Names::socket()));
        (ours, stop)
    }

    async fn rest(mut stream: DuplexStream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("text");
        text
    }

    #[tokio::test(start_paused = true)]
    async fn a10_a_head_that_drips_is_cut_off_in_time() {
        let begun = Instant::now();
        let (mut stream, _stop) = connect();
        for byte in b"GET / HTTP/1.1\r\nHost: localhost\r\n".iter().cycle() {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if stream.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
        assert!(begun.elapsed() <= HEAD_TIME + Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a10_silence_is_ended_in_time() {
        let begun = Instant::now();
        let (stream, _stop) = connect();
        rest(stream).await;
        assert!(begun.elapsed() <= HEAD_TIME + Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stopping_server_ends_idle_connections_at_once() {
        let begun = Instant::now();
        let (mut stream, stop) = connect();
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(request).await.expect("sent");
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.expect("an answer");
        assert_eq!(&first, b"HTTP/1.1 200");
        stop.send_replace(true);
        assert!(rest(stream).await.ends_with("answer"));
        assert!(begun.elapsed() < Duration::from_secs(1));
    }
}
