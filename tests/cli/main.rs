//! The program as a person at a terminal meets it: the real binary, started and asked.
#![cfg(feature = "sim")]

mod changes;
mod commands;
mod files;
mod program;
mod software;
mod start;
