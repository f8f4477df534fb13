//! `close`: ends the session and the lease at once, so that the next host need not wait it out.

/// Nothing to say.
pub type Request = super::Empty;
/// Nothing to say.
pub type Reply = super::Empty;
