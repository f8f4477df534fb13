//! What the dongle keeps beside a grant's record: the dongle's own part of the state, and what a proof
//! says, so that a proof needs no record to be read again.
//!
//! | bytes | |
//! | --- | --- |
//! | 8 | revision |
//! | 32 | digest of the record |
//! | 4 | highest line id that any grant of this product had |
//! | 8 | channels left: of every line, what was granted and not given away |
//! | 1 + n | product |
//! | 1 + n × 12 | per line of the grant: id (4), given away (8) |
//!
//! Numbers are little endian.

use tallykey_protocol::cbor::Full;
use tallykey_protocol::limits::{LINES_MAX, NAME_MAX};
use tallykey_protocol::list::List;
use tallykey_protocol::proof::{Given, GrantState};

/// Most bytes of it.
pub(crate) const HEAD_MAX: usize = 8 + 32 + 4 + 8 + 1 + NAME_MAX + 1 + LINES_MAX * 12;

/// A grant that the dongle holds, without its record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Held {
    pub(crate) revision: u64,
    pub(crate) digest: [u8; 32],
    pub(super) highest_line: u32,
    pub(crate) left: u64,
    product: [u8; NAME_MAX],
    product_len: usize,
    pub(super) given: List<Given, LINES_MAX>,
}

impl Held {
    pub(super) fn new(
        product: &str,
        revision: u64,
        digest: [u8; 32],
        highest_line: u32,
        left: u64,
        given: List<Given, LINES_MAX>,
    ) -> Result<Self, Full> {
        let mut name = [0; NAME_MAX];
        name.get_mut(..product.len())
            .ok_or(Full)?
            .copy_from_slice(product.as_bytes());
        Ok(Self {
            revision,
            digest,
            highest_line,
            left,
            product: name,
            product_len: product.len(),
            given,
        })
    }

    pub(crate) fn product(&self) -> &str {
        // Came from a `str` of this length.
        core::str::from_utf8(&self.product[..self.product_len]).unwrap_or_default()
    }

    /// What a proof says of it.
    pub(crate) fn state(&self) -> GrantState<'_> {
        GrantState {
            product: self.product(),
            revision: self.revision,
            digest: self.digest,
            given: self.given,
        }
    }

    /// Channels given away of this line.
    pub(crate) fn given(&self, line: u32) -> u64 {
        self.given
            .iter()
            .find(|given| given.line == line)
            .map_or(0, |given| given.count)
    }

    /// Writes it into `out`.
    pub(crate) fn encode<'o>(&self, out: &'o mut [u8; HEAD_MAX]) -> &'o [u8] {
        let mut length = 0;
        let mut put = |bytes: &[u8]| {
            out[length..length + bytes.len()].copy_from_slice(bytes);
            length += bytes.len();
        };
        put(&self.revision.to_le_bytes());
        put(&self.digest);
        put(&self.highest_line.to_le_bytes());
        put(&self.left.to_le_bytes());
        put(&[self.product_len as u8]);
        put(&self.product[..self.product_len]);
        put(&[self.given.len() as u8]);
        for given in &*self.given {
            put(&given.line.to_le_bytes());
            put(&given.count.to_le_bytes());
        }
        &out[..length]
    }

    /// Reads it from the front of `bytes`.
    pub(super) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let rest = &mut bytes;
        let revision = u64::from_le_bytes(take(rest)?);
        let digest = take(rest)?;
        let highest_line = u32::from_le_bytes(take(rest)?);
        let left = u64::from_le_bytes(take(rest)?);
        let [product_len] = take(rest)?;
        let (product, after) = rest.split_at_checked(product_len.into())?;
        *rest = after;
        let [lines] = take(rest)?;
        let mut given = List::default();
        for _ in 0..lines {
            let line = u32::from_le_bytes(take(rest)?);
            given
                .push(Given {
                    line,
                    count: u64::from_le_bytes(take(rest)?),
                })
                .ok()?;
        }
        Self::new(
            core::str::from_utf8(product).ok()?,
            revision,
            digest,
            highest_line,
            left,
            given,
        )
        .ok()
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            product in "[a-z][a-z0-9-]{0,47}",
            revision: u64,
            digest: [u8; 32],
            highest: u32,
            left: u64,
            lines in proptest::collection::vec((any::<u32>(), any::<u64>()), 0..=LINES_MAX),
        ) {
            let mut given = List::default();
            for (line, count) in lines {
                given.push(Given { line, count }).unwrap();
            }
            let held = Held::new(&product, revision, digest, highest, left, given).unwrap();
            let mut out = [0xFF; HEAD_MAX];
            let length = held.encode(&mut out).len();
            prop_assert_eq!(Held::decode(&out[..length]), Some(held));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..HEAD_MAX)) {
            let _ = Held::decode(&bytes);
        }
    }
}
