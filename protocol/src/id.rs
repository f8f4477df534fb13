//! Names of keys and things: thumbprints, key ids, and which characters an id may have.

use crate::limits::{LABEL_MAX, NAME_MAX, SERIAL_MAX};
use sha2::{Digest, Sha256};

/// A P-256 public key as an uncompressed point (SEC 1 §2.3.3): 0x04, x, y.
pub type PublicKey = [u8; 65];

/// Head of the SubjectPublicKeyInfo of every P-256 key (RFC 5480): the point follows.
pub(crate) const SPKI_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A,
    0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// COSE Key Thumbprint (RFC 9679): SHA-256 of the deterministic COSE_Key with only its required members.
#[must_use]
pub fn thumbprint(key: &PublicKey) -> [u8; 32] {
    let (x, y) = key[1..].split_at(32);
    Sha256::new()
        // {1: 2 (EC2), -1: 1 (P-256), -2: x, -3: y}
        .chain_update([0xA4, 0x01, 0x02, 0x20, 0x01, 0x21, 0x58, 0x20])
        .chain_update(x)
        .chain_update([0x22, 0x58, 0x20])
        .chain_update(y)
        .finalize()
        .into()
}

/// Key id in protected headers: the first 8 bytes of SHA-256 of the signer's SPKI. It only looks a key up.
#[must_use]
pub fn kid(key: &PublicKey) -> [u8; 8] {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(SPKI_HEAD)
        .chain_update(key)
        .finalize()
        .into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    [a, b, c, d, e, f, g, h]
}

/// Key identifier in certificates: the first 160 bits of SHA-256 of the point (RFC 7093 §2 method 1).
#[must_use]
pub fn key_id(key: &PublicKey) -> [u8; 20] {
    let digest: [u8; 32] = Sha256::digest(key).into();
    let mut id = [0; 20];
    id.copy_from_slice(&digest[..20]);
    id
}

/// Whether `text` may be a dongle's serial: capital letters, digits and inner hyphens.
#[must_use]
pub fn is_serial(text: &str) -> bool {
    (1..=SERIAL_MAX).contains(&text.len())
        && !text.starts_with('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether `text` may be the id of a product or feature: small letters, digits and inner hyphens.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=NAME_MAX).contains(&text.len())
        && !text.starts_with('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether `text` may be a firmware version: visible ASCII.
#[must_use]
pub fn is_version(text: &str) -> bool {
    (1..=NAME_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Whether `text` may be shown as a label: short, and free of control and bidirectional override characters.
#[must_use]
pub fn is_label(text: &str) -> bool {
    text.len() <= LABEL_MAX && is_plain(text)
}

/// Whether `text` has no control and no bidirectional override character, line feeds apart from it.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control() || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_no_label() {
        for text in ["a\nb", "\u{1b}[31m", "\u{202E}gpj", "\u{0}", "\u{85}"] {
            assert!(!is_label(text), "{text:?}");
        }
        assert!(is_label("Nørrebro 駅 – 64 channels"));
    }

    #[test]
    fn ids_have_their_own_alphabets() {
        assert!(
            is_serial("SIM-0001") && !is_serial("sim-0001") && !is_serial("-1") && !is_serial("")
        );
        assert!(is_name("other-brand") && !is_name("Other") && !is_name("a b"));
    }
}
