//! ADAPT: facts that this machine's operating system knows.

pub mod facts;
pub mod name;
#[cfg(unix)]
pub mod peer;
