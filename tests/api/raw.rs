//! HTTP by hand: what a well-behaved client would never send.

use std::net::SocketAddr;
use std::path::PathBuf;

use tallykey_client::{PROBLEM_JSON, Problem};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// One of the places where the service listens.
#[derive(Clone)]
pub(crate) enum Door {
    Socket(PathBuf),
    Port(SocketAddr),
}

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Door {
    pub(crate) async fn open(&self) -> Box<dyn Stream> {
        match self {
            Self::Socket(path) => Box::new(UnixStream::connect(path).await.expect("a listener")),
            Self::Port(address) => Box::new(TcpStream::connect(address).await.expect("a listener")),
        }
    }

    pub(crate) fn host(&self) -> String {
        match self {
            Self::Socket(_) => "localhost".to_owned(),
            Self::Port(address) => address.to_string(),
        }
    }

    /// A request with the right Host and nothing else.
    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        Request {
            door: self.clone(),
            line: format!("{method} {path} HTTP/1.1"),
            headers: vec![("Host".to_owned(), self.host())],
            body: Vec::new(),
        }
    }
}

pub(crate) struct Request {
    door: Door,
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes away what was there under that name.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(held, _)| held != name);
        self
    }

    pub(crate) fn token(self, secret: &str) -> Self {
        self.header("Authorization", &format!("Bearer {secret}"))
    }

    pub(crate) fn json(self, body: &str) -> Self {
        self.header("Content-Type", "application/json").body(body)
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        let length = self.body.len().to_string();
        self.header("Content-Length", &length)
    }

    /// The bytes of the head, with the empty line.
    pub(crate) fn head(&self) -> String {
        let headers = self.headers.iter();
        let lines: String = headers
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        format!("{}\r\n{lines}Connection: close\r\n\r\n", self.line)
    }

    pub(crate) async fn send(self) -> Answer {
        let mut stream = self.door.open().await;
        stream
            .write_all(self.head().as_bytes())
            .await
            .expect("sent");
        // The service may refuse by the head alone, and close before it has read the body.
        let _sent = stream.write_all(&self.body).await;
        Answer::read(&mut stream).await
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads until the service closes the connection, as it was asked to.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Self {
        let mut bytes = Vec::new();
        // After an early refusal the unread body makes the close a reset; what came, came.
        let _ended = stream.read_to_end(&mut bytes).await;
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(&bytes)));
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
        Self {
            status: status.expect("a status"),
            head,
            body: bytes[end + 4..].to_vec(),
        }
    }

    /// The answer as a problem, with everything that every problem must have.
    pub(crate) fn problem(&self) -> Problem {
        assert!(
            self.head.contains(&format!("content-type: {PROBLEM_JSON}")),
            "{}",
            self.head
        );
        let problem: Problem = serde_json::from_slice(&self.body).expect("problem details");
        assert_eq!(problem.status, self.status);
        assert_eq!(problem.kind, Problem::type_of(&problem.code));
        for text in [
            &problem.title,
            &problem.detail,
            &problem.class,
            &problem.next,
        ] {
            assert!(!text.is_empty(), "{problem:?}");
        }
        problem
    }

    pub(crate) fn refused(&self, status: u16, code: &str) -> Problem {
        let problem = self.problem();
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (status, code),
            "{problem:?}"
        );
        problem
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}
