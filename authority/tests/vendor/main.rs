//! The vendor's program from outside: files in, files out, exit codes.

mod desk;
mod dongles;
mod home;
mod inspect;
mod keys;
#[cfg(unix)]
mod page;
mod returns;
#[cfg(unix)]
mod revoke;
mod server;
mod stick;
#[cfg(unix)]
#[path = "../../../tests/readme/wildcard.rs"]
mod wildcard;
