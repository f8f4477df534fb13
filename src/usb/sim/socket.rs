//! A simulated dongle at a socket: a stream of bare 64-byte reports each way. A new connection is a
//! bus reset to the dongle.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

use tallykey_protocol::limits::REPORT_LEN;
use tallykey_protocol::report::Report;

use crate::usb::{Finder, Found, ReportPort, UsbError};

/// How long the other end may leave a connection or one report untaken.
const WRITE_TIMEOUT: Duration = Duration::from_secs(1);

/// Where a simulated dongle listens, written `unix:PATH` or `tcp:127.0.0.1:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket.
    #[cfg(unix)]
    Unix(PathBuf),
    /// A TCP port of this machine.
    Tcp(SocketAddr),
}

/// Text that names no simulated dongle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not `unix:PATH` or `tcp:` with a loopback address and a port")]
pub struct BadAddress {
    given: String,
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(given: &str) -> Result<Self, BadAddress> {
        let bad = || BadAddress {
            given: given.to_owned(),
        };
        match given.split_once(':') {
            #[cfg(unix)]
            Some(("unix", path)) if !path.is_empty() => Ok(Self::Unix(path.into())),
            Some(("tcp", address)) => match address.parse::<SocketAddr>() {
                Ok(address) if address.ip().is_loopback() => Ok(Self::Tcp(address)),
                Ok(_) | Err(_) => Err(bad()),
            },
            _ => Err(bad()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(unix)]
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}

/// Takes each address for a dongle that may be there: only connecting could tell, and that would
/// reset the bus under an open session.
pub struct SocketFinder {
    addresses: Vec<Address>,
}

impl SocketFinder {
    /// Looks at these addresses.
    #[must_use]
    pub fn new(addresses: Vec<Address>) -> Self {
        Self { addresses }
    }
}

impl Finder for SocketFinder {
    fn find(&mut self) -> Result<Vec<Found>, UsbError> {
        let found = self.addresses.iter();
        Ok(found.map(|a| Found::new(a.to_string(), None)).collect())
    }

    fn open(&mut self, found: &Found) -> Result<Box<dyn ReportPort>, UsbError> {
        let place = found.key.clone();
        let address = self.addresses.iter().find(|a| a.to_string() == place);
        let Some(address) = address else {
            return Err(UsbError::Gone { place });
        };
        match connect(address) {
            Ok(stream) => Ok(Box::new(SocketPort {
                stream,
                place,
                partial: [0; REPORT_LEN],
                filled: 0,
            })),
            Err(source) => Err(match source.kind() {
                ErrorKind::PermissionDenied => UsbError::NoPermission { place, source },
                ErrorKind::NotFound | ErrorKind::ConnectionRefused => UsbError::Gone { place },
                _ => failed("connect to", &place, source),
            }),
        }
    }
}

fn connect(address: &Address) -> std::io::Result<Box<dyn Stream>> {
    match address {
        #[cfg(unix)]
        Address::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
            Ok(Box::new(stream))
        }
        Address::Tcp(address) => {
            let stream = TcpStream::connect_timeout(address, WRITE_TIMEOUT)?;
            stream.set_nodelay(true)?;
            stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
            Ok(Box::new(stream))
        }
    }
}

trait Stream: Read + Write + Send {
    fn wait_at_most(&self, timeout: Duration) -> std::io::Result<()>;
}

#[cfg(unix)]
impl Stream for UnixStream {
    fn wait_at_most(&self, timeout: Duration) -> std::io::Result<()> {
        self.set_read_timeout(Some(timeout))
    }
}

impl Stream for TcpStream {
    fn wait_at_most(&self, timeout: Duration) -> std::io::Result<()> {
        self.set_read_timeout(Some(timeout))
    }
}

struct SocketPort {
    stream: Box<dyn Stream>,
    place: String,
    /// A stream may cut a report anywhere, also across two calls of `read`.
    partial: Report,
    filled: usize,
}

impl ReportPort for SocketPort {
    fn write(&mut self, report: &Report) -> Result<(), UsbError> {
        self.stream
            .write_all(report)
            .map_err(|source| self.broken("write to", source))
    }

    fn read(&mut self, timeout: Duration) -> Result<Option<Report>, UsbError> {
        let end = Instant::now() + timeout;
        while self.filled < REPORT_LEN {
            // A timeout of zero would mean none at all.
            let left = end.saturating_duration_since(Instant::now());
            let left = left.max(Duration::from_millis(1));
            let read = self
                .stream
                .wait_at_most(left)
                .and_then(|()| self.stream.read(&mut self.partial[self.filled..]));
            match read {
                Ok(0) => {
                    return Err(UsbError::Gone {
                        place: self.place.clone(),
                    });
                }
                Ok(length) => self.filled += length,
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => return Ok(None),
                    _ => return Err(self.broken("read from", error)),
                },
            }
            if self.filled < REPORT_LEN && Instant::now() >= end {
                return Ok(None);
            }
        }
        self.filled = 0;
        Ok(Some(self.partial))
    }
}

impl SocketPort {
    fn broken(&self, action: &'static str, source: std::io::Error) -> UsbError {
        match source.kind() {
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => {
                UsbError::Gone {
                    place: self.place.clone(),
                }
            }
            _ => failed(action, &self.place, source),
        }
    }
}

fn failed(action: &'static str, place: &str, source: std::io::Error) -> UsbError {
    UsbError::Failed {
        action,
        place: place.to_owned(),
        source: Box::new(source),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn pair() -> (Box<dyn ReportPort>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its number");
        let mut finder = SocketFinder::new(vec![Address::Tcp(address)]);
        let found = finder.find().expect("addresses are only listed");
        let port = finder.open(&found[0]).expect("someone listens");
        let (peer, _) = listener.accept().expect("we connected");
        (port, peer)
    }

    #[test]
    fn reports_cut_by_the_stream_come_whole() {
        let (mut port, mut peer) = pair();
        let short = Duration::from_millis(1);
        peer.write_all(&[1; 40]).expect("peer writes");
        assert_eq!(port.read(short).expect("no error"), None);
        peer.write_all(&[1; 24]).expect("peer writes");
        peer.write_all(&[2; 64]).expect("peer writes");
        let long = Duration::from_secs(10);
        assert_eq!(port.read(long).expect("no error"), Some([1; 64]));
        assert_eq!(port.read(long).expect("no error"), Some([2; 64]));
    }

    #[test]
    fn a20_a_peer_that_vanishes_mid_report_is_gone() {
        let (mut port, mut peer) = pair();
        peer.write_all(&[1; 10]).expect("peer writes");
        drop(peer);
        let read = port.read(Duration::from_secs(10));
        assert!(matches!(read, Err(UsbError::Gone { .. })));
    }

    #[test]
    fn nobody_listening_is_gone() {
        let absent: Address = "unix:/nonexistent/sim.sock".parse().expect("an address");
        let mut finder = SocketFinder::new(vec![absent]);
        let found = finder.find().expect("addresses are only listed");
        let opened = finder.open(&found[0]);
        assert!(matches!(opened.err(), Some(UsbError::Gone { .. })));
    }

    #[test]
    fn only_addresses_of_this_machine_are_taken() {
        for good in ["unix:/run/sim.sock", "tcp:127.0.0.1:4000", "tcp:[::1]:4000"] {
            let address: Address = good.parse().expect("an address");
            assert_eq!(address.to_string(), good);
        }
        for bad in [
            "",
            "unix:",
            "tcp:10.0.0.1:4000",
            "tcp:127.0.0.1",
            "/run/sim",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
