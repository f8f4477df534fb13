//! ADAPT: facts that this machine's operating system knows.

pub mod facts;
#[cfg(unix)]
pub mod peer;
