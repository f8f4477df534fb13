//! The register: everything that the desk signed, took back or credited, in one file that only grows. Each line is
//! bound to all before it, and is on the disk before what it tells of leaves.

mod entry;
mod error;
mod file;
mod look;

pub(crate) use entry::{Change, Entry, Id, Issued, Kind, Seen};
pub(crate) use error::RegisterError;
pub(crate) use file::Register;
