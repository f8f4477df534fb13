//! Every bound of the wire, each with its reason.

/// Bytes of one HID report in either direction: the largest interrupt packet of USB full speed
/// (USB 2.0 §5.7.3), sent whole so that no report id and no length is needed.
pub const REPORT_LEN: usize = 64;

/// Bytes of one message: an initialisation packet of 57 and 128 continuation packets of 59
/// (CTAP 2.1 §11.2.4).
pub const MESSAGE_MAX: usize = 7609;

/// Milliseconds between two packets of one message before it is given up. A report moves every
/// millisecond, so this is a host that stopped, and until then every other host is told `busy`.
pub const PACKET_GAP_MS: u64 = 500;

/// Milliseconds for one whole message. 129 reports need 129 ms; without this bound a host that
/// sends one packet each [`PACKET_GAP_MS`] would keep the others out for a minute.
pub const MESSAGE_TIME_MS: u64 = 3_000;

/// Channels a device remembers. CTAPHID has no command to give one back, so the table is a list
/// of the latest: a host, a `doctor` beside it and a few that were left behind.
pub const CHANNELS_MAX: usize = 8;
