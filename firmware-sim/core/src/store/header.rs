//! The header of a slot: the last thing written, and what makes its body count.
//!
//! | bytes | |
//! | --- | --- |
//! | 0..4 | `TKs1`: format 1 of this store |
//! | 4..8 | length of the body, little endian |
//! | 8..16 | sequence number, little endian |
//! | 16..48 | SHA-256 over sequence number, length and body |
//! | 48..56 | first 8 bytes of SHA-256 over bytes 0..48: the header is complete |
//! | 56..64 | erased |

use crate::platform::{Flash, FlashFault};
use sha2::{Digest, Sha256};

/// Bytes before the body.
pub(super) const HEADER_LEN: usize = 64;

const MAGIC: [u8; 4] = *b"TKs1";

#[derive(Clone, Copy)]
pub(super) struct Header {
    pub(super) sequence: u64,
    pub(super) length: u32,
    pub(super) digest: [u8; 32],
}

impl Header {
    /// The header of the slot at `base`, if it is complete.
    pub(super) fn read(flash: &mut impl Flash, base: u32) -> Result<Option<Self>, FlashFault> {
        let mut bytes = [0; HEADER_LEN];
        flash.read(base, &mut bytes)?;
        Ok(Self::decode(&bytes))
    }

    fn decode(bytes: &[u8; HEADER_LEN]) -> Option<Self> {
        let (fields, rest) = bytes.split_at(48);
        if fields[..4] != MAGIC || rest[..8] != check(fields) {
            return None;
        }
        Some(Self {
            length: u32::from_le_bytes(fields[4..8].try_into().ok()?),
            sequence: u64::from_le_bytes(fields[8..16].try_into().ok()?),
            digest: fields[16..].try_into().ok()?,
        })
    }

    /// The bytes of this header, without the erased rest.
    pub(super) fn encode(&self) -> [u8; 56] {
        let mut bytes = [0; 56];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&self.length.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[16..48].copy_from_slice(&self.digest);
        let check = check(&bytes[..48]);
        bytes[48..].copy_from_slice(&check);
        bytes
    }

    /// The hasher that becomes [`Header::digest`] once the body has gone through it.
    pub(super) fn hasher(sequence: u64, length: u32) -> Sha256 {
        Sha256::new()
            .chain_update(sequence.to_le_bytes())
            .chain_update(length.to_le_bytes())
    }
}

fn check(fields: &[u8]) -> [u8; 8] {
    let digest: [u8; 32] = Sha256::digest(fields).into();
    core::array::from_fn(|n| digest[n])
}
