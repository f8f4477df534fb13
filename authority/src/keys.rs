//! The vendor's keys: a folder with an encrypted PEM file for each role, its certificate beside it, and the bundle
//! that hosts pin; and the root's lists of those that are revoked.

mod error;
mod folder;
mod init;
mod revoke;

pub(crate) use error::KeysError;
pub(crate) use folder::write_new;
pub(crate) use init::{Made, init, init_root};
pub(crate) use revoke::{Listed, Revoke, revoke};
pub(crate) use tallykey_signing::keys::{KeyError, Passphrase, Trust, bundle_file, read_pair};
