//! The bytes of protocol version 1, frozen: every command's request and reply, every code, the packets of framing, a
//! session's transcript and messages, every record that a dongle signs or reads, and the trust bundle.
//!
//! These files are never edited. Dongles in the field speak these bytes for as long as they live, and records in safes
//! are written in them; a firmware or a host that fails here has left them behind. What is new gets a new version, with
//! a file of its own beside this one. `tests/architecture.rs` holds the digest of these files, so that an edit shows.
//!
//! Each record is read and verified from its bytes alone, and what was read is written to the same bytes again.

mod frozen_v1 {
    mod bundle;
    mod codes;
    mod frame;
    mod giving;
    mod issued;
    mod messages;
    mod proofs;
    mod receipts;
    mod session;
    mod signed;
}
