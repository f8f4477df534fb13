//! The program as a person at a terminal meets it: the real binary, started and asked.
#![cfg(feature = "sim")]

mod changes;
mod commands;
mod convert;
#[path = "../support/converted.rs"]
mod converted;
mod files;
mod program;
mod requests;
mod software;
mod start;
mod verify;
