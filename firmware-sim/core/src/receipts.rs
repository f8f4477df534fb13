//! The ring of receipts: what the dongle keeps beside each record, and which place the next one takes.
//!
//! | bytes | |
//! | --- | --- |
//! | 1 | kind |
//! | 8 | counter, little endian |
//! | 16 | request id |
//! | 32 | SHA-256 of command and order: the same id with other content is refused |
//! | 32 | digest of the grant |
//! | 32 | digest of the record |
//!
//! A receipt that no host has acknowledged is never evicted; of the others the oldest makes room for a new one.

use crate::platform::{Flash, FlashFault};
use crate::store::{Place, Store};
use tallykey_protocol::limits::RECEIPTS_MAX;
use tallykey_protocol::receipt::Kind;

/// Bytes of a [`Head`].
pub(crate) const HEAD_LEN: usize = 1 + 8 + 16 + 3 * 32;

/// What is kept beside the record of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) counter: u64,
    pub(crate) request_id: [u8; 16],
    /// SHA-256 of command and order.
    pub(crate) content: [u8; 32],
    /// Digest of the grant.
    pub(crate) grant: [u8; 32],
    /// Digest of the record.
    pub(crate) digest: [u8; 32],
}

impl Head {
    pub(crate) fn encode(&self) -> [u8; HEAD_LEN] {
        let mut bytes = [0; HEAD_LEN];
        bytes[0] = self.kind.code();
        bytes[1..9].copy_from_slice(&self.counter.to_le_bytes());
        bytes[9..25].copy_from_slice(&self.request_id);
        bytes[25..57].copy_from_slice(&self.content);
        bytes[57..89].copy_from_slice(&self.grant);
        bytes[89..].copy_from_slice(&self.digest);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            kind: Kind::from_code(*bytes.first()?)?,
            counter: u64::from_le_bytes(bytes.get(1..9)?.try_into().ok()?),
            request_id: bytes.get(9..25)?.try_into().ok()?,
            content: bytes.get(25..57)?.try_into().ok()?,
            grant: bytes.get(57..89)?.try_into().ok()?,
            digest: bytes.get(89..HEAD_LEN)?.try_into().ok()?,
        })
    }
}

/// The ring without the records.
pub(crate) struct Ring {
    pub(crate) heads: [Option<Head>; RECEIPTS_MAX],
    /// One bit per place: a host keeps that receipt.
    pub(crate) acknowledged: u16,
}

impl Ring {
    pub(crate) fn read(store: &Store, flash: &mut impl Flash) -> Result<Self, FlashFault> {
        let mut heads = [None; RECEIPTS_MAX];
        for (n, head) in heads.iter_mut().enumerate() {
            let mut bytes = [0; HEAD_LEN];
            *head = store
                .read(flash, Place::ReceiptHead(n), &mut bytes)?
                .and_then(Head::decode);
        }
        Ok(Self {
            heads,
            acknowledged: store.meta().acknowledged,
        })
    }

    /// The receipts there are, with their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Head)> {
        self.heads
            .iter()
            .enumerate()
            .filter_map(|(n, head)| Some((n, head.as_ref()?)))
    }

    pub(crate) const fn is_acknowledged(&self, place: usize) -> bool {
        self.acknowledged & 1 << place != 0
    }

    /// Whether a host still has to fetch one.
    pub(crate) fn is_open(&self) -> bool {
        self.iter().any(|(place, _)| !self.is_acknowledged(place))
    }

    /// The place that the next receipt takes; `None` if none may go.
    pub(crate) fn next_place(&self) -> Option<usize> {
        self.heads.iter().position(Option::is_none).or_else(|| {
            self.iter()
                .filter(|(place, _)| self.is_acknowledged(*place))
                .min_by_key(|(_, head)| head.counter)
                .map(|(place, _)| place)
        })
    }

    /// The places of the receipts that name this grant, one bit each.
    pub(crate) fn naming(&self, grant: &[u8; 32]) -> u16 {
        self.iter()
            .filter(|(_, head)| head.grant == *grant)
            .fold(0, |places, (place, _)| places | 1 << place)
    }

    /// The highest counter at these places.
    pub(crate) fn latest(&self, places: u16) -> u64 {
        self.iter()
            .filter(|(place, _)| places & 1 << place != 0)
            .map(|(_, head)| head.counter)
            .max()
            .unwrap_or_default()
    }
}

/// Reads the record of the receipt at `place` into the front of `into`.
pub(crate) fn record<'b>(
    store: &Store,
    flash: &mut impl Flash,
    place: usize,
    into: &'b mut [u8],
) -> Result<Option<&'b [u8]>, FlashFault> {
    store.read(flash, Place::Receipt(place), into)
}
