//! The Unix socket: whom it belongs to, and what may be at its path.

use std::{
    fs::{self, DirBuilder, FileType, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use nix::unistd::geteuid;
use tokio::net::{UnixListener, UnixStream};

use super::{Accept, Knock, ListenError, Names};

/// A Unix socket. The kernel says who calls.
#[derive(Debug)]
pub struct SocketListener {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode of the socket we made.
    made: (u64, u64),
}

impl SocketListener {
    /// Listens at a path. A socket that a dead instance left there is replaced; anything else
    /// is left alone.
    ///
    /// # Errors
    /// One of the socket's variants of [`ListenError`].
    pub async fn bind(path: &Path) -> Result<Self, ListenError> {
        let failed = |source: io::Error| ListenError::Socket {
            path: path.to_owned(),
            source,
        };
        make_folder(path)?;
        clear_the_way(path).await?;
        let listener = UnixListener::bind(path).map_err(failed)?;
        // Everybody may knock; the credentials that the kernel gives decide.
        fs::set_permissions(path, Permissions::from_mode(0o666)).map_err(failed)?;
        let made = fs::symlink_metadata(path).map_err(failed)?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            made: (made.dev(), made.ino()),
        })
    }

    /// Path of the socket.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketListener {
    fn drop(&mut self) {
        let ours = |there: fs::Metadata| (there.dev(), there.ino()) == self.made;
        if fs::symlink_metadata(&self.path).is_ok_and(ours)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "the socket stays behind");
        }
    }
}

impl Accept for SocketListener {
    type Stream = UnixStream;

    async fn accept(&self) -> io::Result<(UnixStream, Knock)> {
        let (stream, _) = self.listener.accept().await?;
        let peer = stream.peer_cred()?;
        let (uid, gid) = (peer.uid(), peer.gid());
        Ok((stream, Knock::Process { uid, gid }))
    }

    fn names(&self) -> Names {
        Names::socket()
    }
}

/// Makes the folder of the socket, or checks that nobody else can exchange files in it.
fn make_folder(path: &Path) -> Result<(), ListenError> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let failed = |source: io::Error| ListenError::Socket {
        path: path.to_owned(),
        source,
    };
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o755);
    builder.create(folder).map_err(failed)?;
    let found = fs::metadata(folder).map_err(failed)?;
    let unsafe_folder = |found: String| ListenError::UnsafeFolder {
        path: folder.to_owned(),
        found,
    };
    if found.uid() != 0 && found.uid() != geteuid().as_raw() {
        return Err(unsafe_folder(format!("belongs to uid {}", found.uid())));
    }
    // In a folder with the sticky bit, as /tmp, only the owner can rename or remove a file.
    let (others_write, sticky) = (found.mode() & 0o022 != 0, found.mode() & 0o1000 != 0);
    if others_write && !sticky {
        let mode = found.mode() & 0o7777;
        return Err(unsafe_folder(format!(
            "can be written by others ({mode:o})"
        )));
    }
    Ok(())
}

/// Removes a socket that nobody listens on any more.
async fn clear_the_way(path: &Path) -> Result<(), ListenError> {
    let failed = |source: io::Error| ListenError::Socket {
        path: path.to_owned(),
        source,
    };
    let foreign = |found: String| ListenError::NotOurSocket {
        path: path.to_owned(),
        found,
    };
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    if !found.file_type().is_socket() {
        return Err(foreign(name_of(found.file_type()).to_owned()));
    }
    if found.uid() != geteuid().as_raw() {
        return Err(foreign(format!("a socket of uid {}", found.uid())));
    }
    match UnixStream::connect(path).await {
        // Nobody listens (connect(2)): a dead instance left it behind.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(failed)
        }
        // Even an instance that is too busy to answer is one.
        Ok(_) | Err(_) => Err(ListenError::SocketInUse {
            path: path.to_owned(),
        }),
    }
}

fn name_of(kind: FileType) -> &'static str {
    if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_file() {
        "a file"
    } else {
        "a device"
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[tokio::test]
    async fn a_dead_instances_socket_is_replaced_and_removed_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/api.sock");
        let first = SocketListener::bind(&path).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o666);

        let refused = SocketListener::bind(&path).await.unwrap_err();
        assert!(matches!(refused, ListenError::SocketInUse { .. }));
        UnixStream::connect(&path)
            .await
            .expect("the first still listens");

        drop(first);
        assert!(!path.exists());
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "left behind as by kill -9");
        SocketListener::bind(&path)
            .await
            .expect("nobody listens there");
    }

    #[tokio::test]
    async fn a09_what_is_not_our_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "precious").unwrap();
        symlink(at("file"), at("link")).unwrap();
        fs::hard_link(at("file"), at("hardlink")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let _dangling = symlink(at("nowhere"), at("dangling"));
        for name in ["file", "link", "hardlink", "folder", "pipe", "dangling"] {
            let refused = SocketListener::bind(&at(name)).await.unwrap_err();
            assert!(
                matches!(refused, ListenError::NotOurSocket { .. }),
                "{name}: {refused}"
            );
            assert!(
                fs::symlink_metadata(at(name)).is_ok(),
                "{name} is still there"
            );
        }
        assert_eq!(fs::read_to_string(at("file")).unwrap(), "precious");
        assert!(!at("nowhere").exists());
    }

    #[tokio::test]
    async fn a09_a_folder_that_others_can_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let open = folder.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
        let refused = SocketListener::bind(&open.join("api.sock")).await;
        assert!(matches!(refused, Err(ListenError::UnsafeFolder { .. })));
        fs::set_permissions(&open, Permissions::from_mode(0o1777)).unwrap();
        SocketListener::bind(&open.join("api.sock")).await.unwrap();
    }

    #[tokio::test]
    async fn another_socket_than_ours_is_not_removed_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api.sock");
        let ours = SocketListener::bind(&path).await.unwrap();
        fs::remove_file(&path).unwrap();
        let _other = std::os::unix::net::UnixListener::bind(&path).unwrap();
        drop(ours);
        assert!(path.exists());
    }
}
