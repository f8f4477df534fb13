//! Unix socket and TCP loopback behind one type.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::{
    fs::{FileTypeExt, PermissionsExt},
    net::{UnixListener, UnixStream},
};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a dongle cannot be reached at an address.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The system refused.
    #[error("cannot listen on {address}")]
    Io {
        /// Path or address.
        address: String,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// Somebody answers there already.
    #[error("{} is in use by another simulated dongle: stop that one, or name another path", path.display())]
    InUse {
        /// The socket.
        path: PathBuf,
    },
    /// The path is something else.
    #[error("{} is there already and is no socket: name another path", path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// The address can be reached from other machines.
    #[error("{address} is not a loopback address: a simulated dongle is only for this machine")]
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
}

/// Where hosts connect.
pub enum Listener {
    /// A Unix socket; its file is removed when this is dropped.
    #[cfg(unix)]
    Unix(UnixListener, PathBuf),
    /// TCP on loopback.
    Tcp(TcpListener),
}

impl Listener {
    /// Listens on a Unix socket that only this user may open. What a stopped simulator left there is replaced.
    ///
    /// # Errors
    /// [`BindError`].
    #[cfg(unix)]
    pub fn unix(path: &Path) -> Result<Self, BindError> {
        let io = |source| BindError::Io {
            address: path.display().to_string(),
            source,
        };
        if let Ok(found) = path.symlink_metadata() {
            if !found.file_type().is_socket() {
                return Err(BindError::NotASocket { path: path.into() });
            }
            if UnixStream::connect(path).is_ok() {
                return Err(BindError::InUse { path: path.into() });
            }
            std::fs::remove_file(path).map_err(io)?;
        }
        let listener = UnixListener::bind(path).map_err(io)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(io)?;
        Ok(Self::Unix(listener, path.into()))
    }

    /// Listens on a TCP port of the loopback; port 0 takes a free one.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn tcp(address: SocketAddr) -> Result<Self, BindError> {
        if !address.ip().is_loopback() {
            return Err(BindError::NotLoopback { address });
        }
        let listener = TcpListener::bind(address).map_err(|source| BindError::Io {
            address: address.to_string(),
            source,
        })?;
        Ok(Self::Tcp(listener))
    }

    /// How `tallykey serve --attach` names this: `unix:PATH` or `tcp:ADDRESS`.
    ///
    /// # Errors
    /// What the system said when asked for the port.
    pub fn attach(&self) -> io::Result<String> {
        match self {
            #[cfg(unix)]
            Self::Unix(_, path) => Ok(format!("unix:{}", path.display())),
            Self::Tcp(listener) => Ok(format!("tcp:{}", listener.local_addr()?)),
        }
    }

    pub(crate) fn accept(&self) -> io::Result<Stream> {
        match self {
            #[cfg(unix)]
            Self::Unix(listener, _) => Ok(Stream::Unix(listener.accept()?.0)),
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept()?;
                // A report is a whole message to somebody: none may wait for the next. It only fails on a
                // connection that has ended, which reading will find.
                let _ = stream.set_nodelay(true);
                Ok(Stream::Tcp(stream))
            }
        }
    }
}

#[cfg(unix)]
impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            // Nothing is lost if it stays: the next one replaces it.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// One connection, of a host or of whoever works the knobs.
pub(crate) enum Stream {
    #[cfg(unix)]
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        match self {
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
        }
    }

    /// Bounds each read and write.
    pub(crate) fn set_patience(&self, read: Duration, write: Duration) -> io::Result<()> {
        match self {
            #[cfg(unix)]
            Self::Unix(stream) => {
                stream.set_read_timeout(Some(read))?;
                stream.set_write_timeout(Some(write))
            }
            Self::Tcp(stream) => {
                stream.set_read_timeout(Some(read))?;
                stream.set_write_timeout(Some(write))
            }
        }
    }

    /// Ends it for both sides and for a thread that waits in it. It may have ended already.
    pub(crate) fn shutdown(&self) {
        let _ = match self {
            #[cfg(unix)]
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(into),
            Self::Tcp(stream) => stream.read(into),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(bytes),
            Self::Tcp(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            #[cfg(unix)]
            Self::Unix(stream) => stream.flush(),
            Self::Tcp(stream) => stream.flush(),
        }
    }
}
