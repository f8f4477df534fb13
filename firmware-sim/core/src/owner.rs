//! The owner code: made here, given out once, kept only as a verifier.

use crate::platform::{Platform, RandomFault};
use crate::vault::Bytes;
use tallykey_protocol::limits::OWNER_CODE_LEN;
use tallykey_protocol::owner;
use zeroize::Zeroizing;

/// RFC 4648 §6: no digit that is easily taken for a letter.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// An owner code and what the dongle keeps of it.
pub(crate) struct OwnerCode {
    /// The characters that are given out.
    pub(crate) text: Zeroizing<[u8; OWNER_CODE_LEN]>,
    /// What proofs are checked with ([`owner::verifier`]).
    pub(crate) verifier: Bytes,
}

impl OwnerCode {
    /// Makes a new one for the dongle with `serial`.
    pub(crate) fn make(platform: &mut impl Platform, serial: &str) -> Result<Self, RandomFault> {
        let mut bits = Zeroizing::new([0; OWNER_CODE_LEN * 5 / 8]);
        platform.random(&mut bits[..])?;
        let text = Zeroizing::new(base32(&bits));
        let verifier = Zeroizing::new(owner::verifier(&text, serial));
        Ok(Self { text, verifier })
    }
}

fn base32(bits: &[u8; OWNER_CODE_LEN * 5 / 8]) -> [u8; OWNER_CODE_LEN] {
    core::array::from_fn(|n| {
        let bit = n * 5;
        let pair =
            u16::from(bits[bit / 8]) << 8 | u16::from(bits.get(bit / 8 + 1).copied().unwrap_or(0));
        ALPHABET[usize::from(pair >> (11 - bit % 8) & 31)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_that_of_rfc_4648() {
        // §10: BASE32("fooba") = "MZXW6YTB".
        assert_eq!(&base32(b"foobafooba"), b"MZXW6YTBMZXW6YTB");
        assert_eq!(&base32(&[0xFF; 10]), b"7777777777777777");
    }
}
