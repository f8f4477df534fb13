//! The host key as a file of the state folder: PKCS#8 in PEM (RFC 5958, RFC 7468), for its owner alone. The public half
//! lies beside it, so that a key that is gone can be told from one that never was.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use p256::SecretKey;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use thiserror::Error;
use zeroize::Zeroizing;

use super::folder::{FolderError, StateFolder};
use crate::service::ports::{HostKey, HostKeyFailed};

const PRIVATE: &str = "host-key.pem";
const PUBLIC: &str = "host-key.pub.pem";
const DAMAGED: &str = "host-key.damaged.pem";

/// Longest key file that is read, in bytes; ours has 241.
const FILE_MAX: u64 = 4096;

/// A host key in this process's memory, wiped when dropped.
pub struct HostKeyFile {
    key: SigningKey,
}

/// How the key came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It was there.
    Loaded,
    /// This is the first start with this state folder.
    Made,
    /// It is not the one that was here before. Licences still count on the machine's components; whatever names the
    /// former key waits for a repair.
    Replaced {
        /// What became of that one.
        why: Unbound,
    },
}

/// What became of the former host key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unbound {
    /// Its file is gone.
    #[error("its file {} is gone", path.display())]
    Lost {
        /// Where it was.
        path: PathBuf,
    },
    /// Its file held no key.
    #[error("its file held no key any more, and is kept as {}", kept.display())]
    Damaged {
        /// Where it is now.
        kept: PathBuf,
    },
    /// Somebody put another key in its place.
    #[error("there is another key in its file {}", path.display())]
    Other {
        /// Where.
        path: PathBuf,
    },
}

impl Unbound {
    /// The stable code of this state.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "host-key-unbound"
    }

    /// What to do next, as one sentence to a person.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        "put the former file back from a backup and start again, or make a new request and have the vendor repair the licences"
    }
}

/// Why there is no host key.
#[derive(Debug, Error)]
pub enum HostKeyError {
    /// Its file cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Other users could have copied it.
    #[error("the host key {} can be read by other users (mode {mode:o})", path.display())]
    OpenToOthers {
        /// Where it is.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes for a host key: {source}")]
    NoRandom {
        /// What it said.
        source: getrandom::Error,
    },
}

impl HostKeyError {
    /// The stable code a program matches on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Folder(error) => error.code(),
            Self::OpenToOthers { .. } => "unsafe-host-key",
            Self::NoRandom { .. } => "no-host-key",
        }
    }

    /// What to do next, as one sentence to a person.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Folder(error) => error.next(),
            Self::OpenToOthers { .. } => {
                "chmod 600 it if nobody else was here; else move it away, so that a new one is made"
            }
            Self::NoRandom { .. } => "start it again",
        }
    }
}

impl HostKeyFile {
    /// The key in `folder`; a new one if there is none, and that is told.
    ///
    /// # Errors
    /// [`HostKeyError`]. A file that cannot be read is no lost key: nothing is made in its place.
    pub fn open(folder: &StateFolder) -> Result<(Self, Origin), HostKeyError> {
        let path = folder.file(PRIVATE)?;
        let known = read(folder, PUBLIC)?;
        let why = match read(folder, PRIVATE)? {
            Some(text) => match parse(&text) {
                Some(key) => return Self::loaded(folder, key, known.as_deref()),
                None => {
                    let kept = folder.rename(PRIVATE, DAMAGED)?;
                    Some(Unbound::Damaged { kept })
                }
            },
            None => known.map(|_| Unbound::Lost { path }),
        };
        let key = generate()?;
        let text = key.to_pkcs8_pem(LineEnding::LF).expect("a P-256 key");
        folder.replace(PRIVATE, text.as_bytes())?;
        folder.replace(PUBLIC, public(&key).as_bytes())?;
        let origin = why.map_or(Origin::Made, |why| Origin::Replaced { why });
        Ok((Self::of(&key), origin))
    }

    fn loaded(
        folder: &StateFolder,
        key: SecretKey,
        known: Option<&Vec<u8>>,
    ) -> Result<(Self, Origin), HostKeyError> {
        let public = public(&key);
        let origin = match known {
            Some(known) if *known == public.as_bytes() => Origin::Loaded,
            known => {
                // Without a public half a power cut came between the two files.
                folder.replace(PUBLIC, public.as_bytes())?;
                let path = folder.file(PRIVATE)?;
                known.map_or(Origin::Loaded, |_| Origin::Replaced {
                    why: Unbound::Other { path },
                })
            }
        };
        Ok((Self::of(&key), origin))
    }

    fn of(key: &SecretKey) -> Self {
        Self {
            key: SigningKey::from(key),
        }
    }
}

impl HostKey for HostKeyFile {
    fn public_key(&self) -> [u8; 65] {
        let point = self.key.verifying_key().to_sec1_point(false);
        let mut bytes = [0; 65];
        bytes.copy_from_slice(point.as_bytes());
        bytes
    }

    fn sign(&self, digest: &[u8; 32]) -> Result<[u8; 64], HostKeyFailed> {
        let signature: Signature =
            self.key
                .sign_prehash(digest)
                .map_err(|source| HostKeyFailed {
                    source: Box::new(source),
                })?;
        Ok(signature.normalize_s().to_bytes().into())
    }
}

impl std::fmt::Debug for HostKeyFile {
    /// Never the key: what is printed ends up in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostKeyFile").finish_non_exhaustive()
    }
}

/// A file of the folder, in memory that is wiped; none if it is not there.
fn read(folder: &StateFolder, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, HostKeyError> {
    let path = folder.file(name)?;
    let failed = |source| FolderError::Io {
        path: path.clone(),
        source,
    };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error).into()),
    };
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(HostKeyError::OpenToOthers { path, mode });
    }
    // Room enough for the longest: growing would leave copies behind that nobody wipes.
    let mut text = Zeroizing::new(Vec::with_capacity(2 * FILE_MAX as usize));
    file.take(FILE_MAX).read_to_end(&mut text).map_err(failed)?;
    Ok(Some(text))
}

fn parse(text: &[u8]) -> Option<SecretKey> {
    let text = std::str::from_utf8(text).ok()?;
    SecretKey::from_pkcs8_pem(text).ok()
}

fn public(key: &SecretKey) -> String {
    let pem = key.public_key().to_public_key_pem(LineEnding::LF);
    pem.expect("a P-256 key")
}

/// FIPS 186-5 A.2.2: draw again until it is in range. Of 2^32 tries, one is not.
fn generate() -> Result<SecretKey, HostKeyError> {
    loop {
        let mut scalar = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *scalar).map_err(|source| HostKeyError::NoRandom { source })?;
        if let Ok(key) = SecretKey::from_slice(&*scalar) {
            return Ok(key);
        }
    }
}
