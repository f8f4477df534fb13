//! The owner code: what proves that whoever gives channels away may do so. The code itself never crosses
//! the wire but once, when the dongle has made it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::command::Command;
use crate::limits::OWNER_CODE_LEN;

/// What the dongle keeps of a code: HMAC-SHA-256 keyed with its characters, over a label and the serial, so that
/// who reads the flash of one dongle learns nothing to use on another. 80 random bits need no slow hash.
#[must_use]
pub fn verifier(code: &[u8; OWNER_CODE_LEN], serial: &str) -> [u8; 32] {
    keyed(code)
        .chain_update(b"tallykey v1 owner code")
        .chain_update(serial)
        .finalize()
        .into_bytes()
        .into()
}

/// Proves the code for one `order` of `command` in the session with this `transcript`: good nowhere else.
#[must_use]
pub fn proof(
    verifier: &[u8; 32],
    transcript: &[u8; 32],
    command: Command,
    order: &[u8],
) -> [u8; 32] {
    mac(verifier, transcript, command, order)
        .finalize()
        .into_bytes()
        .into()
}

/// Whether `given` is that proof, in a time that does not depend on where it differs.
#[must_use]
pub fn is_proof(
    given: &[u8; 32],
    verifier: &[u8; 32],
    transcript: &[u8; 32],
    command: Command,
    order: &[u8],
) -> bool {
    mac(verifier, transcript, command, order)
        .verify(&(*given).into())
        .is_ok()
}

fn mac(verifier: &[u8; 32], transcript: &[u8; 32], command: Command, order: &[u8]) -> Hmac<Sha256> {
    keyed(verifier)
        .chain_update(b"tallykey v1 owner proof")
        .chain_update(transcript)
        .chain_update([command.code()])
        .chain_update(order)
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(hmac) => hmac,
        Err(_) => unreachable!("HMAC takes a key of any length (RFC 2104 §2)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_good_for_one_session_one_command_and_one_order() {
        let verifier = verifier(b"ABCDEFGHIJKLMNOP", "TK-7");
        let good = proof(&verifier, &[1; 32], Command::Convert, b"order");
        let is = |verifier, transcript, command, order| {
            is_proof(&good, verifier, transcript, command, order)
        };
        assert!(is(&verifier, &[1; 32], Command::Convert, b"order"));
        assert!(!is(&verifier, &[2; 32], Command::Convert, b"order"));
        assert!(!is(&verifier, &[1; 32], Command::Retire, b"order"));
        assert!(!is(&verifier, &[1; 32], Command::Convert, b"other"));
        let other = super::verifier(b"ABCDEFGHIJKLMNOP", "TK-8");
        assert!(!is(&other, &[1; 32], Command::Convert, b"order"));
    }
}
