//! Bounds, each with its reason.

/// Length of a HID report in bytes: the largest a full-speed interrupt endpoint carries.
pub const REPORT_LEN: usize = 64;

/// Longest message in bytes: one INIT packet and 128 CONT packets (CTAP 2.1 §11.2.4).
pub const MESSAGE_MAX: usize = 57 + 128 * 59;

/// Room kept in a message for what wraps a record: status, COSE_Mac0 and the CBOR heads.
pub const MESSAGE_OVERHEAD: usize = 128;

/// Longest proof in bytes: 8 grants of 32 lines, every number at its largest; one message.
pub const PROOF_MAX: usize = 6 * 1024;

/// Longest grant in bytes, its issuer's certificate included: 32 lines of the longest names; one
/// message, one flash commit.
pub const GRANT_MAX: usize = 5 * 1024;

/// Longest product profile in bytes; only hosts read it.
pub const PROFILE_MAX: usize = 32 * 1024;

/// Longest X.509 certificate in bytes; ours are 400 to 600.
pub const CERT_MAX: usize = 1024;

/// Certificates between a signature and the root: leaf and at most one CA.
pub const CHAIN_MAX: usize = 2;

/// Grants that a dongle holds: one per product.
pub const GRANTS_MAX: usize = 8;

/// Receipts that a dongle keeps: the last conversions that a restored disk can still find.
pub const RECEIPTS_MAX: usize = 16;

/// Longest receipt in bytes: 32 lines and a target of 8 components, every number at its largest.
pub const RECEIPT_MAX: usize = 1152;

/// Longest order of `convert` or `retire` in bytes: what its receipt will say of it.
pub const ORDER_MAX: usize = 704;

/// Longest instruction or time token in bytes, its issuer's certificate included.
pub const INSTRUCTION_MAX: usize = 2 * 1024;

/// Longest revocation list of CAs and issuers in bytes: some forty digests or certificates.
pub const CRL_MAX: usize = 2 * 1024;

/// Components of a target machine: board, CPU, memory, display and up to four network cards.
pub const COMPONENTS_MAX: usize = 8;

/// Bytes of the salt of a target machine.
pub const SALT_LEN: usize = 16;

/// Bytes of a salted component hash: HMAC-SHA-256, its first half.
pub const COMPONENT_LEN: usize = 16;

/// Wrong owner proofs before only an issuer's instruction helps: 8 of 2^80 are no chance.
pub const OWNER_TRIES: u8 = 8;

/// Lines in one grant.
pub const LINES_MAX: usize = 32;

/// Features in a product profile.
pub const FEATURES_MAX: usize = 64;

/// Rules (weights, or mappings) in a product profile.
pub const RULES_MAX: usize = 256;

/// Records that one grant may absorb.
pub const ABSORBS_MAX: usize = 16;

/// Longest trust bundle in bytes: a root, a name and what is around them.
pub const BUNDLE_MAX: usize = CERT_MAX + LABEL_MAX + 32;

/// Lines in one software licence: what several grants gave, merged into one.
pub const LICENCE_LINES_MAX: usize = 64;

/// Records that one software licence may absorb: every licence and receipt of a machine that is tidied up.
pub const LICENCE_ABSORBS_MAX: usize = 64;

/// Addresses in one MAC licence, all its lines together: a large site; a larger one has several licences.
pub const MACS_MAX: usize = 1024;

/// Longest software licence in bytes, its issuer's certificate included: every line, address and absorbed
/// record at its largest. It comes as a file, so no message bounds it.
pub const LICENCE_MAX: usize = 16 * 1024;

/// Longest composite licence in bytes: a receipt, a grant and a dongle's chain, each at its largest.
pub const COMPOSITE_MAX: usize = RECEIPT_MAX + GRANT_MAX + CHAIN_MAX * CERT_MAX + 32;

/// Licences that a request tells of.
pub const INSTALLED_MAX: usize = 64;

/// Dongles that a request brings: every port of a large hub.
pub const DONGLES_MAX: usize = 16;

/// Grants that a request brings of one dongle: those it holds, and one for each receipt.
pub const DONGLE_GRANTS_MAX: usize = GRANTS_MAX + RECEIPTS_MAX;

/// Dongles of which a request tells the highest marks: all that a host has met in its life.
pub const MARKS_MAX: usize = 256;

/// Longest request in bytes. One dongle with its proof and a grant takes 3 KiB; whoever has a full hub of dongles
/// with every receipt unredeemed sends several requests.
pub const REQUEST_MAX: usize = 256 * 1024;

/// Dongles on a revocation list: lost, stolen and dead ones of many years.
pub const REVOCATIONS_MAX: usize = 4096;

/// Longest revocation list of dongles in bytes: 44 for each, its issuer's certificate included.
pub const REVOCATION_MAX: usize = REVOCATIONS_MAX * 44 + 2 * 1024;

/// Longest object in a file: a request.
pub const OBJECT_MAX: usize = REQUEST_MAX;

/// Longest file that is looked into, in bytes: one courier's errand for every server of a large site.
pub const FILE_MAX: usize = 8 * 1024 * 1024;

/// Objects in one file.
pub const OBJECTS_MAX: usize = 1024;

/// Characters of a serial: what fits a label, a USB string and a QR code of version 3.
pub const SERIAL_MAX: usize = 24;

/// Characters of a feature, product or firmware version id.
pub const NAME_MAX: usize = 48;

/// Bytes of a text for people (labels, display names).
pub const LABEL_MAX: usize = 128;

/// Bytes of the terms text of a profile.
pub const TERMS_MAX: usize = 8 * 1024;

/// Highest count of one line: sums of every line of every grant still fit `u64` and a JSON number.
pub const COUNT_MAX: u64 = u32::MAX as u64;

/// Highest time in a record, seconds since 1970: 9999-12-31T23:59:59Z (RFC 5280 §4.1.2.5).
pub const TIME_MAX: u64 = 253_402_300_799;

/// Bytes of the nonce in `open` and `prove`.
pub const NONCE_LEN: usize = 32;

/// Bytes of the nonce in a heartbeat.
pub const BEAT_NONCE_LEN: usize = 16;

/// Longest statement that `attest` binds, in bytes.
pub const STATEMENT_MAX: usize = 256;

/// Nesting of CBOR that any of our records needs, plus one.
pub const CBOR_DEPTH: usize = 6;

/// Age at which a silent host loses the dongle, in milliseconds: three missed heartbeats.
pub const LEASE_MS: u64 = 15_000;

/// Characters of an owner code: 80 random bits in base32.
pub const OWNER_CODE_LEN: usize = 16;

/// Milliseconds between two packets of one message before it is given up. A report moves every
/// millisecond, so this is a host that stopped, and until then every other host is told `busy`.
pub const PACKET_GAP_MS: u64 = 500;

/// Milliseconds for one whole message. 129 reports need 129 ms; without this bound a host that
/// sends one packet each [`PACKET_GAP_MS`] would keep the others out for a minute.
pub const MESSAGE_TIME_MS: u64 = 3_000;

/// Milliseconds between two signs of life while a request takes long (CTAP 2.1 §11.2.9.1.7).
pub const KEEPALIVE_MS: u64 = 100;

/// Milliseconds that a dongle waits for a person at its button: enough to walk round a rack, and a host that asked
/// by mistake has the dongle back soon.
pub const CONFIRM_MS: u64 = 30_000;

/// Longest CTAPHID lock in seconds (CTAP 2.1 §11.2.9.2.2).
pub const LOCK_MAX_S: u8 = 10;

/// Channels a device remembers. CTAPHID has no command to give one back, so the table is a list
/// of the latest: a host, a `doctor` beside it and a few that were left behind.
pub const CHANNELS_MAX: usize = 8;

/// Longest station nonce in bytes: 256 bits are enough against guessing, and its hexadecimal fits the
/// 64 characters that PKCS#10 tools expect of a challengePassword.
pub const NONCE_MAX: usize = 32;

const _: () = assert!(
    PROOF_MAX + MESSAGE_OVERHEAD <= MESSAGE_MAX && GRANT_MAX + MESSAGE_OVERHEAD <= MESSAGE_MAX
);
