//! The program as a person at a terminal meets it: the real binary, started and asked.

#[cfg(feature = "sim")]
mod commands;
#[cfg(feature = "sim")]
mod files;
#[cfg(feature = "sim")]
mod program;
#[cfg(feature = "sim")]
mod start;
