//! The vendor's program from outside: files in, files out, exit codes.

mod desk;
mod dongles;
mod home;
mod inspect;
mod keys;
mod returns;
mod server;
mod stick;
