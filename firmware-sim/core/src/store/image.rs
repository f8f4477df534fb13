//! The image at the start of a bank: the whole state of the dongle.
//!
//! First [`Meta`], then one entry per [`Place`] in order, each as its length (two bytes, little endian; 0 = nothing
//! there) and its bytes. Unused numbers are zero.

use super::Span;
use crate::platform::{Flash, FlashFault};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::{GRANTS_MAX, OWNER_TRIES, RECEIPTS_MAX};

/// Entries of the state: leaf, CA, trust anchor, two for each grant, revocation list, two for each receipt, two secrets.
pub(super) const PLACES: usize = 6 + 2 * GRANTS_MAX + 2 * RECEIPTS_MAX;

/// Bytes of [`Meta`] in flash.
pub(super) const META_LEN: usize = 24;

/// Where something of varying length is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The dongle's own certificate.
    Leaf,
    /// The factory CA's certificate that signed it.
    Ca,
    /// The vendor's root certificate: what this dongle believes.
    Anchor,
    /// What [`crate::grants`] keeps beside the grant with this number, below [`GRANTS_MAX`].
    Head(usize),
    /// The record of that grant, as the issuer signed it.
    Grant(usize),
    /// The newest revocation list of the root.
    Crl,
    /// What [`crate::receipts`] keeps beside the receipt with this number, below [`RECEIPTS_MAX`].
    ReceiptHead(usize),
    /// The record of that receipt.
    Receipt(usize),
    /// The dongle key, as [`crate::vault`] keeps it.
    Secret,
    /// The verifier of the owner code, likewise.
    Verifier,
}

impl Place {
    pub(super) const fn index(self) -> usize {
        match self {
            Self::Leaf => 0,
            Self::Ca => 1,
            Self::Anchor => 2,
            Self::Head(n) => 3 + n,
            Self::Grant(n) => 3 + GRANTS_MAX + n,
            Self::Crl => 3 + 2 * GRANTS_MAX,
            Self::ReceiptHead(n) => 4 + 2 * GRANTS_MAX + n,
            Self::Receipt(n) => 4 + 2 * GRANTS_MAX + RECEIPTS_MAX + n,
            Self::Secret => 4 + 2 * GRANTS_MAX + 2 * RECEIPTS_MAX,
            Self::Verifier => 5 + 2 * GRANTS_MAX + 2 * RECEIPTS_MAX,
        }
    }
}

/// The part of the state that is small and always in RAM.
#[derive(Clone)]
pub(crate) struct Meta {
    /// Rises with every commit but those that count tries, through every lifecycle.
    pub(crate) counter: u64,
    /// No time before this is believed, seconds since 1970. Only what an issuer signed raises it.
    pub(crate) time_floor: u64,
    /// Where the dongle is in its life.
    pub(crate) lifecycle: Lifecycle,
    /// Owner proofs looked at since the last right one.
    pub(crate) tries: u8,
    /// One bit per place of a receipt: a host keeps what is there.
    pub(crate) acknowledged: u16,
}

const _: () = assert!(RECEIPTS_MAX == u16::BITS as usize);

impl Meta {
    /// A dongle that nothing was ever committed to.
    pub(super) const EMPTY: Self = Self {
        counter: 0,
        time_floor: 0,
        lifecycle: Lifecycle::Blank,
        tries: 0,
        acknowledged: 0,
    };

    /// Without what belongs to a key: what a new one begins with.
    fn emptied(self) -> Self {
        Self {
            counter: self.counter,
            time_floor: self.time_floor,
            lifecycle: self.lifecycle,
            ..Self::EMPTY
        }
    }

    /// counter (8, little endian), lifecycle, tries, acknowledged (2, little endian), 4 zeros, time floor (8, little
    /// endian).
    pub(super) fn encode(&self) -> [u8; META_LEN] {
        let mut bytes = [0; META_LEN];
        bytes[..8].copy_from_slice(&self.counter.to_le_bytes());
        bytes[8] = self.lifecycle.code();
        bytes[9] = self.tries;
        bytes[10..12].copy_from_slice(&self.acknowledged.to_le_bytes());
        bytes[16..].copy_from_slice(&self.time_floor.to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8; META_LEN]) -> Option<Self> {
        Some(Self {
            counter: u64::from_le_bytes(bytes[..8].try_into().ok()?),
            lifecycle: Lifecycle::from_code(bytes[8])?,
            tries: bytes[9],
            acknowledged: u16::from_le_bytes(bytes[10..12].try_into().ok()?),
            time_floor: u64::from_le_bytes(bytes[16..].try_into().ok()?),
        })
    }
}

/// One atomic change of the state.
pub(crate) enum Item<'a> {
    /// A new dongle key, as it is kept. The chain, the grants and the owner code go with the old one.
    Key(&'a [u8]),
    /// The certificates for that key, and whom to believe.
    Chain {
        leaf: &'a [u8],
        ca: &'a [u8],
        anchor: &'a [u8],
    },
    /// The serial of the certificate is this dongle's from now on: the lifecycle says so.
    Serial,
    /// The owner code with this verifier, as it is kept, is about to be given out.
    OwnerCode(&'a [u8]),
    /// A grant, whole: what [`crate::grants`] keeps beside it, and the record as the issuer signed it. The receipts
    /// at the places in `evict` go: they name a grant that this one takes the place of.
    Grant {
        place: usize,
        head: &'a [u8],
        record: &'a [u8],
        issued_at: u64,
        evict: u16,
    },
    /// Channels are given away: what is kept beside the grant at `grant` becomes `given`, and the receipt for it is at
    /// `place`, not acknowledged. The owner proof was right.
    Receipt {
        grant: usize,
        given: &'a [u8],
        place: usize,
        head: &'a [u8],
        record: &'a [u8],
    },
    /// A host keeps the receipt at this place.
    Acknowledged(usize),
    /// An owner proof is about to be looked at.
    Try,
    /// It was right, and nothing has been done on it yet.
    ProofRight,
    /// A revocation list.
    Crl(&'a [u8]),
    /// An issuer says that it is this late, seconds since 1970.
    Time(u64),
    /// Back to the factory: key, chain, grants, receipts, owner code and revocation list go.
    Recycle,
}

/// What becomes of one [`Place`] in a commit.
#[derive(Clone, Copy)]
pub(super) enum Entry<'a> {
    /// These many bytes stay as they are.
    Keep(u16),
    /// These bytes replace it.
    New(&'a [u8]),
}

impl Entry<'_> {
    pub(super) fn len(&self) -> u16 {
        match self {
            Self::Keep(len) => *len,
            // Bounded by the callers, far below: certificates and records have their limits.
            Self::New(bytes) => u16::try_from(bytes.len()).unwrap_or(u16::MAX),
        }
    }
}

impl<'a> Item<'a> {
    /// What [`Meta`] becomes.
    pub(super) fn meta(&self, old: &Meta, lifecycle: Lifecycle) -> Meta {
        let tries = match self {
            Self::Try => Some(old.tries.saturating_add(1).min(OWNER_TRIES)),
            Self::ProofRight => Some(0),
            _ => None,
        };
        if let Some(tries) = tries {
            return Meta {
                tries,
                ..old.clone()
            };
        }
        let old = Meta {
            counter: old.counter + 1,
            lifecycle,
            ..old.clone()
        };
        match self {
            Self::Key(_) | Self::Recycle => old.emptied(),
            Self::OwnerCode(_) => Meta { tries: 0, ..old },
            Self::Grant {
                issued_at, evict, ..
            } => Meta {
                time_floor: old.time_floor.max(*issued_at),
                acknowledged: old.acknowledged & !evict,
                ..old
            },
            Self::Receipt { place, .. } => Meta {
                tries: 0,
                acknowledged: old.acknowledged & !(1 << place),
                ..old
            },
            Self::Acknowledged(place) => Meta {
                acknowledged: old.acknowledged | 1 << place,
                ..old
            },
            Self::Time(now) => Meta {
                time_floor: old.time_floor.max(*now),
                ..old
            },
            Self::Chain { .. } | Self::Serial | Self::Crl(_) | Self::Try | Self::ProofRight => old,
        }
    }

    /// What becomes of the place with this index, which now has `old` bytes.
    pub(super) fn entry(&self, index: usize, old: u16) -> Entry<'a> {
        match *self {
            Self::Key(kept) if index == Place::Secret.index() => Entry::New(kept),
            Self::Key(_) | Self::Recycle => Entry::New(&[]),
            Self::OwnerCode(kept) if index == Place::Verifier.index() => Entry::New(kept),
            Self::Chain { leaf, .. } if index == Place::Leaf.index() => Entry::New(leaf),
            Self::Chain { ca, .. } if index == Place::Ca.index() => Entry::New(ca),
            Self::Chain { anchor, .. } if index == Place::Anchor.index() => Entry::New(anchor),
            Self::Grant { place, head, .. } if index == Place::Head(place).index() => {
                Entry::New(head)
            }
            Self::Grant { place, record, .. } if index == Place::Grant(place).index() => {
                Entry::New(record)
            }
            Self::Grant { evict, .. } if is_in(evict, index) => Entry::New(&[]),
            Self::Receipt { grant, given, .. } if index == Place::Head(grant).index() => {
                Entry::New(given)
            }
            Self::Receipt { place, head, .. } if index == Place::ReceiptHead(place).index() => {
                Entry::New(head)
            }
            Self::Receipt { place, record, .. } if index == Place::Receipt(place).index() => {
                Entry::New(record)
            }
            Self::Crl(list) if index == Place::Crl.index() => Entry::New(list),
            _ => Entry::Keep(old),
        }
    }
}

/// Whether `index` is the place of a receipt in `evict`.
fn is_in(evict: u16, index: usize) -> bool {
    (0..RECEIPTS_MAX)
        .filter(|n| evict & 1 << n != 0)
        .any(|n| [Place::ReceiptHead(n).index(), Place::Receipt(n).index()].contains(&index))
}

/// Reads the body at `at`, whose digest has been checked; `None` if it is not of this format.
pub(super) fn read(
    flash: &mut impl Flash,
    at: u32,
    length: u32,
) -> Result<Option<(Meta, [Span; PLACES])>, FlashFault> {
    let mut bytes = [0; META_LEN];
    flash.read(at, &mut bytes)?;
    let Some(meta) = Meta::decode(&bytes) else {
        return Ok(None);
    };
    let mut spans = [Span::default(); PLACES];
    let mut next = META_LEN as u32;
    for span in &mut spans {
        let mut len = [0; 2];
        flash.read(at + next, &mut len)?;
        *span = Span {
            at: at + next + 2,
            len: u16::from_le_bytes(len),
        };
        next += 2 + u32::from(span.len);
        if next > length {
            return Ok(None);
        }
    }
    Ok((next == length).then_some((meta, spans)))
}
