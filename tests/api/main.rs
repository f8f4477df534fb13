//! The API as a client meets it: a real service with its store, on a real socket and port.
#![cfg(feature = "sim")]

mod access;
mod answers;
mod bench;
mod changes;
mod pages;
mod patience;
mod raw;
mod secrets;
