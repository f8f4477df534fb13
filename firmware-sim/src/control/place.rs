//! Where a control socket is.

use crate::socket::{BindError, Listener, Stream};
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::{fs::DirBuilderExt, net::UnixStream};
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A path, or a loopback address and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A Unix socket.
    #[cfg(unix)]
    Unix(PathBuf),
    /// A TCP port of this machine.
    Tcp(SocketAddr),
}

/// No place was named, and this system has no usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no usual place for the control socket here: name one with --control, as a path or 127.0.0.1:PORT"
)]
pub struct NoPlace;

impl Place {
    /// Where `serve` puts it and `ctl` looks for it if nobody says: in the folder for sockets of the user's session,
    /// else with the user's state (XDG Base Directory Specification 0.8).
    ///
    /// # Errors
    /// [`NoPlace`].
    pub fn usual() -> Result<Self, NoPlace> {
        #[cfg(unix)]
        {
            let absolute = |name| {
                let path = std::env::var_os(name).map(PathBuf::from);
                path.filter(|path| path.is_absolute())
            };
            let by_home = || Some(absolute("HOME")?.join(".local/state"));
            let folder = absolute("XDG_RUNTIME_DIR")
                .or_else(|| absolute("XDG_STATE_HOME"))
                .or_else(by_home);
            let folder = folder.ok_or(NoPlace)?.join("tallykey-sim");
            Ok(Self::Unix(folder.join("control.sock")))
        }
        #[cfg(not(unix))]
        Err(NoPlace)
    }

    pub(super) fn listen(&self) -> Result<Listener, BindError> {
        match self {
            #[cfg(unix)]
            Self::Unix(path) => {
                make_folder(path)?;
                Listener::unix(path)
            }
            Self::Tcp(address) => Listener::tcp(*address),
        }
    }

    pub(super) fn connect(&self) -> io::Result<Stream> {
        match self {
            #[cfg(unix)]
            Self::Unix(path) => UnixStream::connect(path).map(Stream::Unix),
            Self::Tcp(address) => TcpStream::connect(address).map(Stream::Tcp),
        }
    }
}

/// Makes the folder of a socket, if it is not there: for its user alone, so that nobody else is ever near the socket.
#[cfg(unix)]
fn make_folder(socket: &Path) -> Result<(), BindError> {
    let folder = socket.parent().unwrap_or(Path::new(""));
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(folder);
    made.map_err(|source| BindError::Io {
        address: socket.display().to_string(),
        source,
    })
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return if address.ip().is_loopback() {
                Ok(Self::Tcp(address))
            } else {
                Err(format!(
                    "{address} is not a loopback address: knobs are only for this machine"
                ))
            };
        }
        #[cfg(unix)]
        if !text.is_empty() {
            return Ok(Self::Unix(text.into()));
        }
        Err("say a path, or a loopback address and port: 127.0.0.1:PORT".to_owned())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(unix)]
            Self::Unix(path) => path.display().fmt(f),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}
