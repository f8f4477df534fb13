//! The Unix socket, and whether its owner may be believed to be the service.

use std::{io, os::unix::fs::MetadataExt, path::Path};

use nix::unistd::geteuid;
use tokio::net::UnixStream;

use crate::ClientError;

/// Connects to a socket that root or this user owns and listens on.
///
/// Any local user can put a socket at a path that the service has left free. The owner of the
/// file is asked before a byte is sent, and the listener's own credentials after the connection
/// stands, because the file may have been exchanged in between.
pub(super) async fn connect(path: &Path) -> Result<UnixStream, ClientError> {
    let unreachable = |source: io::Error| ClientError::Unreachable {
        place: path.display().to_string(),
        source,
    };
    let owner = std::fs::metadata(path).map_err(unreachable)?.uid();
    trust(path, owner)?;
    let stream = UnixStream::connect(path).await.map_err(unreachable)?;
    trust(path, stream.peer_cred().map_err(unreachable)?.uid())?;
    Ok(stream)
}

fn trust(path: &Path, owner: u32) -> Result<(), ClientError> {
    if owner == 0 || owner == geteuid().as_raw() {
        Ok(())
    } else {
        Err(ClientError::ForeignSocket {
            place: path.display().to_string(),
            owner,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[tokio::test]
    async fn a19_socket_of_another_user_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        connect(&path).await.expect("our own socket is believed");

        if geteuid().is_root() {
            // Only root can make a file that belongs to somebody else.
            std::os::unix::fs::chown(&path, Some(65_534), None).unwrap();
            let refused = connect(&path).await.unwrap_err();
            assert!(
                matches!(refused, ClientError::ForeignSocket { owner: 65_534, .. }),
                "{refused:?}"
            );
        }
        assert!(trust(&path, geteuid().as_raw() + 1).is_err());
        assert!(trust(&path, 0).is_ok());
    }
}
