//! The vendor's keys: a folder with an encrypted PEM file for each role, its certificate beside it, and the bundle
//! that hosts pin.

mod error;
mod folder;
mod init;
mod passphrase;
mod pem;
mod trust;

pub(crate) use error::KeysError;
pub(crate) use folder::write_new;
pub(crate) use init::{Made, init, init_root, read_pair};
pub(crate) use passphrase::Passphrase;
pub(crate) use trust::Trust;
