//! The two secrets in flash, the dongle key and the verifier of the owner code, under the part's own storage key.
//!
//! | bytes | where the part has no storage key | where it has one |
//! | --- | --- | --- |
//! | 1 | 0 | 1 |
//! | 12 | | nonce, random |
//! | 32 | the secret | the secret, encrypted |
//! | 16 | | tag |
//!
//! ChaCha20-Poly1305 (RFC 8439). The additional data is `tallykey v1 storage`, one byte for which of the two it is, and
//! the chip id: neither can stand for the other, nor for another part's. What is plain is not believed by a part that
//! has a key: whoever can write the flash could put in an owner code of his own.

use crate::platform::{Platform, RandomFault};
use crate::store::Item;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce, Tag};
use zeroize::Zeroizing;

const NONCE: usize = 12;
const TAG: usize = 16;

/// Most bytes that are kept of a secret.
pub(crate) const KEPT_MAX: usize = 1 + NONCE + SECRET + TAG;

const SECRET: usize = 32;

/// A key, or what a code is checked with.
pub(crate) type Bytes = Zeroizing<[u8; SECRET]>;

const LABEL: &[u8; 19] = b"tallykey v1 storage";

/// Which secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    /// The dongle key's scalar.
    Key = 1,
    /// The verifier of the owner code.
    Verifier = 2,
}

/// A secret as it is kept.
pub(crate) struct Kept {
    bytes: Zeroizing<[u8; KEPT_MAX]>,
    secret: Secret,
    sealed: bool,
}

impl Kept {
    /// The item that stores it.
    pub(crate) fn item(&self) -> Item<'_> {
        let length = match self.sealed {
            true => KEPT_MAX,
            false => 1 + SECRET,
        };
        let bytes = &self.bytes[..length];
        match self.secret {
            Secret::Key => Item::Key(bytes),
            Secret::Verifier => Item::OwnerCode(bytes),
        }
    }
}

/// The part's storage key, or that it has none.
pub(crate) struct Vault {
    key: Option<Zeroizing<[u8; 32]>>,
    chip_id: [u8; 8],
}

/// The secret was not kept by this part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotOurs;

impl Vault {
    pub(crate) fn of(platform: &mut impl Platform) -> Self {
        Self {
            key: platform.storage_key().map(Zeroizing::new),
            chip_id: platform.chip_id(),
        }
    }

    /// Makes `plain` ready to be kept; `random` fills the nonce, where there is one.
    pub(crate) fn keep(
        &self,
        secret: Secret,
        plain: &Bytes,
        random: impl FnOnce(&mut [u8]) -> Result<(), RandomFault>,
    ) -> Result<Kept, RandomFault> {
        let mut bytes = Zeroizing::new([0; KEPT_MAX]);
        let Some(key) = &self.key else {
            bytes[1..=SECRET].copy_from_slice(&plain[..]);
            return Ok(Kept {
                bytes,
                secret,
                sealed: false,
            });
        };
        let mut nonce = [0; NONCE];
        random(&mut nonce)?;
        let [first, rest @ ..] = &mut *bytes;
        *first = 1;
        let (at, rest) = rest.split_at_mut(NONCE);
        let (body, tag) = rest.split_at_mut(SECRET);
        at.copy_from_slice(&nonce);
        body.copy_from_slice(&plain[..]);
        // Fails only for messages of gigabytes.
        let made = ChaCha20Poly1305::new((&**key).into())
            .encrypt_inout_detached(&Nonce::from(nonce), &self.about(secret), body.into())
            .map_err(|_| RandomFault)?;
        tag.copy_from_slice(&made);
        Ok(Kept {
            bytes,
            secret,
            sealed: true,
        })
    }

    /// Reads what was kept.
    pub(crate) fn recall(&self, secret: Secret, kept: &[u8]) -> Result<Bytes, NotOurs> {
        let (first, rest) = kept.split_first().ok_or(NotOurs)?;
        match (first, &self.key) {
            (0, None) => Ok(Zeroizing::new(rest.try_into().map_err(|_| NotOurs)?)),
            (1, Some(key)) => {
                let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(NotOurs)?;
                let (body, tag) = rest.split_first_chunk::<SECRET>().ok_or(NotOurs)?;
                let tag: [u8; TAG] = tag.try_into().map_err(|_| NotOurs)?;
                let mut plain = Zeroizing::new(*body);
                ChaCha20Poly1305::new((&**key).into())
                    .decrypt_inout_detached(
                        &Nonce::from(*nonce),
                        &self.about(secret),
                        plain.as_mut_slice().into(),
                        &Tag::from(tag),
                    )
                    .map_err(|_| NotOurs)?;
                Ok(plain)
            }
            _ => Err(NotOurs),
        }
    }

    /// The additional data.
    fn about(&self, secret: Secret) -> [u8; LABEL.len() + 1 + 8] {
        let mut about = [0; LABEL.len() + 1 + 8];
        let (label, rest) = about.split_at_mut(LABEL.len());
        label.copy_from_slice(LABEL);
        rest[0] = secret as u8;
        rest[1..].copy_from_slice(&self.chip_id);
        about
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: [u8; SECRET] = [0x42; SECRET];

    fn vault(key: Option<u8>, chip: u8) -> Vault {
        Vault {
            key: key.map(|byte| Zeroizing::new([byte; 32])),
            chip_id: [chip; 8],
        }
    }

    fn kept(vault: &Vault) -> std::vec::Vec<u8> {
        let fill = |bytes: &mut [u8]| {
            bytes.fill(9);
            Ok(())
        };
        let kept = vault.keep(Secret::Key, &Zeroizing::new(PLAIN), fill);
        match kept.unwrap().item() {
            Item::Key(bytes) => bytes.to_vec(),
            _ => panic!("a key"),
        }
    }

    #[test]
    fn only_the_part_that_kept_it_reads_it_and_only_as_what_it_is() {
        let ours = vault(Some(1), 1);
        let kept = kept(&ours);
        assert_eq!(kept.len(), KEPT_MAX);
        assert!(!kept.windows(8).any(|part| part == &PLAIN[..8]));
        assert_eq!(*ours.recall(Secret::Key, &kept).unwrap(), PLAIN);
        assert_eq!(ours.recall(Secret::Verifier, &kept), Err(NotOurs));
        for other in [vault(Some(2), 1), vault(Some(1), 2), vault(None, 1)] {
            assert_eq!(other.recall(Secret::Key, &kept), Err(NotOurs));
        }
    }

    #[test]
    fn a_part_with_a_storage_key_believes_nothing_plain() {
        let plain = kept(&vault(None, 1));
        assert_eq!(*vault(None, 1).recall(Secret::Key, &plain).unwrap(), PLAIN);
        let ours = vault(Some(1), 1);
        assert_eq!(ours.recall(Secret::Key, &plain), Err(NotOurs));
    }

    #[test]
    fn every_changed_bit_and_every_other_length_is_refused() {
        let ours = vault(Some(1), 1);
        let kept = kept(&ours);
        for bit in 0..kept.len() * 8 {
            let mut changed = kept.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                ours.recall(Secret::Key, &changed),
                Err(NotOurs),
                "bit {bit}"
            );
        }
        for length in 0..kept.len() {
            assert_eq!(ours.recall(Secret::Key, &kept[..length]), Err(NotOurs));
        }
        let longer = [&kept[..], &[0]].concat();
        assert_eq!(ours.recall(Secret::Key, &longer), Err(NotOurs));
    }
}
