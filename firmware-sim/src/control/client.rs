//! A client of the control socket.

use super::{Ask, LINE_MAX, Place, Refused, Reply, Request, WAIT_MAX};
use crate::dongle::Status;
use crate::fault::Counter;
use crate::socket::Stream;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::time::{Duration, Instant};

/// How long an answer may take beyond what the simulator waits itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// Longest reply in bytes: 16 dongles, each with every fault armed.
const REPLY_MAX: u64 = 16 * LINE_MAX;

/// Why there is no good answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody is there.
    #[error("no tallykey-sim can be reached at {place}: {source}")]
    NoSimulator {
        /// Where.
        place: Place,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The answer did not come, or not whole.
    #[error("the tallykey-sim at {place} did not answer: {source}")]
    NoAnswer {
        /// Where.
        place: Place,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The answer is none.
    #[error("what answers at {place} is no tallykey-sim of this version: {source}")]
    Unreadable {
        /// Where.
        place: Place,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// It is another answer than this question has.
    #[error("the tallykey-sim at {place} answers another question")]
    Mismatch {
        /// Where.
        place: Place,
    },
    /// It said no.
    #[error("{}", _0.message)]
    Refused(Refused),
}

impl ClientError {
    /// Stable.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::NoSimulator { .. } => "no-simulator",
            Self::NoAnswer { .. } => "no-answer",
            Self::Unreadable { .. } | Self::Mismatch { .. } => "not-ours",
            Self::Refused(refused) => &refused.code,
        }
    }

    /// What to do.
    #[must_use]
    pub fn next(&self) -> &str {
        match self {
            Self::NoSimulator { .. } | Self::NoAnswer { .. } => {
                "start one with `tallykey-sim serve`, or name the place that it printed with --control"
            }
            Self::Unreadable { .. } | Self::Mismatch { .. } => {
                "name the place that `tallykey-sim serve` printed, and use the same version of both"
            }
            Self::Refused(refused) => &refused.next,
        }
    }
}

/// A connection to a simulator.
pub struct Client {
    place: Place,
    incoming: BufReader<Stream>,
    outgoing: Stream,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// [`ClientError::NoSimulator`].
    pub fn connect(place: &Place) -> Result<Self, ClientError> {
        let connected = place.connect().and_then(|stream| {
            stream.set_patience(WAIT_MAX + PATIENCE, PATIENCE)?;
            Ok((BufReader::new(stream.try_clone()?), stream))
        });
        let (incoming, outgoing) = connected.map_err(|source| ClientError::NoSimulator {
            place: place.clone(),
            source,
        })?;
        Ok(Self {
            place: place.clone(),
            incoming,
            outgoing,
        })
    }

    /// How a dongle is, or all of them.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn status(&mut self, dongle: Option<&str>) -> Result<Vec<Status>, ClientError> {
        match self.ask(dongle, Ask::Status)? {
            Reply::Dongles(all) => Ok(all),
            _ => Err(self.mismatch()),
        }
    }

    /// Does something to a dongle; returns its serial.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn act(
        &mut self,
        dongle: Option<&str>,
        action: super::Action,
    ) -> Result<String, ClientError> {
        match self.ask(dongle, Ask::Do(action))? {
            Reply::Done { dongle } => Ok(dongle),
            _ => Err(self.mismatch()),
        }
    }

    /// Waits until a counter is at least `least`; returns what it is then.
    ///
    /// # Errors
    /// [`ClientError`], refused as `not-reached` if it takes longer than `timeout`.
    pub fn wait(
        &mut self,
        dongle: Option<&str>,
        counter: Counter,
        least: u64,
        timeout: Duration,
    ) -> Result<u64, ClientError> {
        let end = Instant::now() + timeout;
        loop {
            let left = end.saturating_duration_since(Instant::now()).min(WAIT_MAX);
            let ask = Ask::Wait {
                counter,
                least,
                timeout_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
            };
            match self.ask(dongle, ask) {
                Ok(Reply::Reached { value, .. }) => return Ok(value),
                Ok(_) => return Err(self.mismatch()),
                Err(ClientError::Refused(refused))
                    if refused.code == "not-reached" && Instant::now() < end => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn mismatch(&self) -> ClientError {
        ClientError::Mismatch {
            place: self.place.clone(),
        }
    }

    fn ask(&mut self, dongle: Option<&str>, ask: Ask) -> Result<Reply, ClientError> {
        let request = Request {
            dongle: dongle.map(str::to_owned),
            ask,
        };
        let line = self
            .exchange(&request)
            .map_err(|source| ClientError::NoAnswer {
                place: self.place.clone(),
                source,
            })?;
        match serde_json::from_slice(&line) {
            Ok(Reply::Refused(refused)) => Err(ClientError::Refused(refused)),
            Ok(reply) => Ok(reply),
            Err(source) => Err(ClientError::Unreadable {
                place: self.place.clone(),
                source,
            }),
        }
    }

    fn exchange(&mut self, request: &Request) -> io::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        self.outgoing.write_all(&line)?;
        let mut reply = Vec::new();
        let incoming = &mut self.incoming;
        incoming.take(REPLY_MAX).read_until(b'\n', &mut reply)?;
        if reply.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(reply)
    }
}
