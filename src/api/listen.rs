//! Where the API listens: a Unix socket, and a port of the loopback interface and no other.

#[cfg(unix)]
mod unix;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use tokio::net::{TcpListener, TcpStream};

use super::{
    guard::Names,
    server::{Accept, Knock},
};

#[cfg(unix)]
pub use unix::SocketListener;

/// Why the service cannot listen. Nothing was touched.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another instance answers on the socket.
    #[error("another instance of the service answers at {}", path.display())]
    SocketInUse {
        /// Socket path.
        path: PathBuf,
    },
    /// Something that is not a socket of ours is at the path.
    #[error("{} is {found}: it is not replaced by a socket", path.display())]
    NotOurSocket {
        /// Socket path.
        path: PathBuf,
        /// What is there.
        found: String,
    },
    /// Others could exchange the socket.
    #[error("the folder {} {found}, so others could put their own socket there", path.display())]
    UnsafeFolder {
        /// Folder of the socket.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// The system refused.
    #[error("cannot listen at {}: {source}", path.display())]
    Socket {
        /// Socket path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The address could be reached from the network.
    #[error("{address} is not a loopback address: the API is for programs of this machine only")]
    NotLoopback {
        /// The address asked for.
        address: SocketAddr,
    },
    /// Another program listens on the port.
    #[error("port {} is taken by another program", address.port())]
    PortTaken {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The system refused.
    #[error("cannot listen on {address}: {source}")]
    Port {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

impl ListenError {
    /// Stable kebab-case code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SocketInUse { .. } => "socket-in-use",
            Self::NotOurSocket { .. } => "foreign-file",
            Self::UnsafeFolder { .. } => "unsafe-folder",
            Self::Socket { .. } => "socket-failed",
            Self::NotLoopback { .. } => "not-loopback",
            Self::PortTaken { .. } => "port-taken",
            Self::Port { .. } => "port-failed",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn next(&self) -> String {
        match self {
            Self::SocketInUse { .. } => {
                "use that instance, or stop it, or start this one with another --state-dir and \
                 --socket"
                    .to_owned()
            }
            Self::NotOurSocket { .. } => {
                "move it away if it is not needed, or give another --socket".to_owned()
            }
            Self::UnsafeFolder { .. } => {
                "give a --socket in a folder that only this user or root can write to".to_owned()
            }
            Self::Socket { .. } => "give a --socket in a folder that can be written".to_owned(),
            Self::NotLoopback { .. } => {
                format!(
                    "give --listen {}:7787 or --listen none",
                    Ipv4Addr::LOCALHOST
                )
            }
            Self::PortTaken { .. } | Self::Port { .. } => {
                "give --listen 127.0.0.1:0 for any free port, or --listen none for the socket alone"
                    .to_owned()
            }
        }
    }
}

/// A loopback port. Callers bring bearer tokens.
#[derive(Debug)]
pub struct PortListener {
    listener: TcpListener,
    address: SocketAddr,
}

impl PortListener {
    /// Listens on a loopback address; port 0 is any free one.
    ///
    /// # Errors
    /// [`ListenError::NotLoopback`], [`ListenError::PortTaken`] or [`ListenError::Port`].
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        if !address.ip().is_loopback() {
            return Err(ListenError::NotLoopback { address });
        }
        let refused = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ListenError::PortTaken { address },
            _ => ListenError::Port { address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, address })
    }

    /// The address, with the port that was free.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Accept for PortListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Knock)> {
        let (stream, _) = self.listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok((stream, Knock::Anybody))
    }

    fn names(&self) -> Names {
        Names::port(self.address.port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a04_an_address_of_the_network_is_refused() {
        for address in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0", "[::ffff:127.0.0.1]:0"] {
            let refused = PortListener::bind(address.parse().unwrap()).await;
            let refused = refused.expect_err(address);
            assert!(matches!(refused, ListenError::NotLoopback { .. }));
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_ways_out() {
        let first = PortListener::bind(([127, 0, 0, 1], 0).into()).await;
        let first = first.expect("a free port");
        let refused = PortListener::bind(first.address()).await.unwrap_err();
        assert!(matches!(refused, ListenError::PortTaken { .. }));
        let port = first.address().port().to_string();
        assert!(refused.to_string().contains(&port));
        assert!(refused.next().contains("--listen none"));
    }
}
