//! The header of a bank: the last thing written of a new bank, and what makes its image count.
//!
//! | bytes | |
//! | --- | --- |
//! | 0..4 | `TKj1`: format 1 of this journal |
//! | 4..8 | length of the image, little endian |
//! | 8..16 | sequence number of the commit that began the bank, little endian |
//! | 16..48 | SHA-256 over sequence number, length and image |
//! | 48..56 | first 8 bytes of SHA-256 over bytes 0..48: the header is complete |
//! | 56..64 | erased; zeros once a newer bank has taken over. Any bit that is not erased says so |

use crate::platform::{Flash, FlashFault, PROGRAM_UNIT};
use sha2::{Digest, Sha256};

/// Bytes before the image.
pub(super) const HEADER_LEN: usize = 64;

const MAGIC: [u8; 4] = *b"TKj1";

/// Bytes that are programmed with the header; the unit after them closes the bank.
const WRITTEN: usize = HEADER_LEN - PROGRAM_UNIT;

#[derive(Clone, Copy, PartialEq)]
pub(super) struct Header {
    pub(super) sequence: u64,
    pub(super) length: u32,
    pub(super) digest: [u8; 32],
}

/// What is at the start of a bank.
pub(super) struct Look {
    /// The header, if it is complete.
    pub(super) header: Option<Header>,
    /// Whether the bank is closed.
    pub(super) closed: bool,
}

/// Looks at the start of the bank at `base`.
pub(super) fn look(flash: &mut impl Flash, base: u32) -> Result<Look, FlashFault> {
    let mut bytes = [0; HEADER_LEN];
    flash.read(base, &mut bytes)?;
    Ok(Look {
        header: Header::decode(&bytes),
        closed: bytes[WRITTEN..] != [0xFF; PROGRAM_UNIT],
    })
}

/// Closes the bank at `base`, which is not closed yet.
pub(super) fn close(flash: &mut impl Flash, base: u32) -> Result<(), FlashFault> {
    flash.program(base + WRITTEN as u32, &[0; PROGRAM_UNIT])
}

impl Header {
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

    /// The bytes of this header, without the unit that closes the bank.
    pub(super) fn encode(&self) -> [u8; WRITTEN] {
        let mut bytes = [0; WRITTEN];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&self.length.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[16..48].copy_from_slice(&self.digest);
        let check = check(&bytes[..48]);
        bytes[48..].copy_from_slice(&check);
        bytes
    }

    /// The hasher that becomes [`Header::digest`] once the image has gone through it.
    pub(super) fn hasher(&self) -> Sha256 {
        Sha256::new()
            .chain_update(self.sequence.to_le_bytes())
            .chain_update(self.length.to_le_bytes())
    }

    /// Where the log begins in the bank at `base`: the image ends with a whole unit.
    pub(super) const fn end(&self, base: u32) -> u32 {
        base + HEADER_LEN as u32 + self.length.next_multiple_of(PROGRAM_UNIT as u32)
    }
}

fn check(fields: &[u8]) -> [u8; 8] {
    let digest: [u8; 32] = Sha256::digest(fields).into();
    core::array::from_fn(|n| digest[n])
}
