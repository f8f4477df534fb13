//! Connections to the service: HTTP/1.1 over a Unix socket or loopback TCP.

#[cfg(unix)]
mod unix;

use std::{net::SocketAddr, path::PathBuf};

use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1::{SendRequest, handshake},
    header,
    rt::{Read, Write},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::ClientError;

/// Where a service listens, and how to prove who we are.
#[derive(Clone)]
pub enum Endpoint {
    /// A Unix socket; the service sees our uid and groups.
    #[cfg(unix)]
    Unix(PathBuf),
    /// A loopback address, with the bearer token to send.
    Tcp(SocketAddr, String),
}

impl Endpoint {
    /// A Unix socket.
    #[cfg(unix)]
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self::Unix(path.into())
    }

    /// A loopback address; `token` is the secret that `tallykey token create` printed.
    pub fn tcp(address: SocketAddr, token: impl Into<String>) -> Self {
        Self::Tcp(address, token.into())
    }

    pub(crate) fn place(&self) -> String {
        match self {
            #[cfg(unix)]
            Self::Unix(path) => path.display().to_string(),
            Self::Tcp(address, _) => address.to_string(),
        }
    }

    /// Adds what identifies us to a request.
    pub(crate) fn address(&self, request: &mut Request<Full<Bytes>>) {
        let (host, authorization) = match self {
            #[cfg(unix)]
            Self::Unix(_) => ("localhost".to_owned(), None),
            Self::Tcp(address, token) => (address.to_string(), Some(format!("Bearer {token}"))),
        };
        let headers = request.headers_mut();
        if let Ok(host) = header::HeaderValue::from_str(&host) {
            headers.insert(header::HOST, host);
        }
        if let Some(Ok(mut value)) = authorization.map(|a| header::HeaderValue::from_str(&a)) {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
    }

    /// Opens a connection.
    pub(crate) async fn connect(&self) -> Result<Connection, ClientError> {
        match self {
            #[cfg(unix)]
            Self::Unix(path) => self.speak(TokioIo::new(unix::connect(path).await?)).await,
            Self::Tcp(address, _) => {
                let stream = TcpStream::connect(address)
                    .await
                    .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
                    .map_err(|source| ClientError::Unreachable {
                        place: self.place(),
                        source,
                    })?;
                self.speak(TokioIo::new(stream)).await
            }
        }
    }

    async fn speak<T>(&self, stream: T) -> Result<Connection, ClientError>
    where
        T: Read + Write + Unpin + Send + 'static,
    {
        let (sender, driver) = handshake(stream)
            .await
            .map_err(|source| self.lost(source))?;
        // The driver ends with the connection; its error reaches the request in flight.
        tokio::spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(%error, "connection to the service ended");
            }
        });
        Ok(Connection(sender))
    }

    pub(crate) fn lost(&self, source: hyper::Error) -> ClientError {
        ClientError::Lost {
            place: self.place(),
            source,
        }
    }
}

/// Keeps the token out of logs.
impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Endpoint").field(&self.place()).finish()
    }
}

/// One connection, with at most one request in flight.
#[derive(Debug)]
pub(crate) struct Connection(SendRequest<Full<Bytes>>);

/// A request that failed; handed back if no byte of it was sent.
pub(crate) struct Unsent {
    pub(crate) error: hyper::Error,
    pub(crate) request: Option<Box<Request<Full<Bytes>>>>,
}

impl Connection {
    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Unsent> {
        if let Err(error) = self.0.ready().await {
            return Err(Unsent {
                error,
                request: Some(Box::new(request)),
            });
        }
        self.0.try_send_request(request).await.map_err(|mut error| {
            let request = error.take_message().map(Box::new);
            Unsent {
                error: error.into_error(),
                request,
            }
        })
    }
}
