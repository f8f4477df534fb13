//! Devices that are not what they say, against the real host, with the real firmware core where a
//! dongle takes part. Rows of docs/threat-model.md: A11, A17, A20, A21, and the faults of a dongle.
#![cfg(feature = "sim")]

mod impostor {
    mod bench;
    mod chain;
    mod forger;
    mod hostile;
    mod open;
    mod replay;
    mod session;
}
