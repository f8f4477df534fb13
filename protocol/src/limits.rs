//! Bounds, each with its reason.

/// Longest certificate in bytes: ours are below 600; the rest is room for a vendor's long names.
pub const CERT_MAX: usize = 1024;

/// Certificates a dongle presents: its own and the factory CA's. The root is pinned, never sent.
pub const CHAIN_MAX: usize = 2;

/// Longest dongle serial in bytes: it must fit a USB string descriptor and a Code 128 label.
pub const SERIAL_MAX: usize = 32;

/// Longest station nonce in bytes: 256 bits are enough against guessing, and its hexadecimal fits the
/// 64 characters that PKCS#10 tools expect of a challengePassword.
pub const NONCE_MAX: usize = 32;
