//! ADAPT: facts that this machine's operating system knows.

#[cfg(unix)]
pub mod peer;
