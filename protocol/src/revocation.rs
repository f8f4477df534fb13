//! The revocation list of dongles: which are lost, stolen or dead, and up to which counter each is still believed.
//! The root's own list ([`crate::cert::Crl`]) is another: that one is about CAs and issuers.

use crate::array::{Array, Item};
use crate::cbor::{self, Decoder, Encoder, Full, Malformed, Written};
use crate::cert::{Anchor, Role};
use crate::claim::{EPOCH, IAT, ISS, REVOKED};
use crate::cose::{Sign1, Typ};
use crate::id;
use crate::issued::{self, IssuedError};
use crate::limits::{REVOCATION_MAX, REVOCATIONS_MAX, TIME_MAX};

/// One dongle on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Thumbprint of its key ([`crate::id::thumbprint`]).
    pub thumbprint: [u8; 32],
    /// The last counter honoured: proofs and receipts above it are void, earlier conversions stay good.
    pub counter: u64,
}

/// The claims of a revocation list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevocationList<'b> {
    /// The vendor's name.
    pub vendor: &'b str,
    /// When it was issued, seconds since 1970.
    pub issued_at: u64,
    /// Number of the list, from 1: a host takes only a higher one than it has.
    pub epoch: u64,
    /// The dongles, by rising thumbprint.
    pub revoked: Array<'b, Revoked>,
}

impl<'b> RevocationList<'b> {
    /// Reads `record` and verifies it up to `anchor`. Whether the epoch has risen is the caller's to compare.
    ///
    /// # Errors
    /// [`IssuedError`]; nothing inside may be believed then.
    pub fn verify<'a>(
        record: &'b [u8],
        anchor: impl Into<Anchor<'a>>,
    ) -> Result<Self, IssuedError> {
        let sign1 = Sign1::parse(record, REVOCATION_MAX)?;
        let list = Self::decode(sign1.payload())?;
        let (anchor, issued_at) = (anchor.into(), list.issued_at);
        issued::verify(&sign1, Typ::Revocation, &[Role::Issuer], anchor, issued_at)?;
        Ok(list)
    }

    /// The last counter honoured of the key with this thumbprint; `None` if it is not revoked.
    #[must_use]
    pub fn last_honoured(&self, thumbprint: &[u8; 32]) -> Option<u64> {
        self.revoked
            .iter()
            .find(|revoked| revoked.thumbprint == *thumbprint)
            .map(|revoked| revoked.counter)
    }

    /// Whether what the key with this thumbprint signed at `counter` is void.
    #[must_use]
    pub fn voids(&self, thumbprint: &[u8; 32], counter: u64) -> bool {
        self.last_honoured(thumbprint)
            .is_some_and(|last| counter > last)
    }

    /// Writes the claims into `out`; returns their length.
    ///
    /// # Errors
    /// [`Full`] if `out` is too small.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(4)?.i64(ISS)?.str(self.vendor)?;
            e.i64(IAT)?.u64(self.issued_at)?;
            e.i64(EPOCH)?.u64(self.epoch)?.i64(REVOKED)?;
            self.revoked.encode(e)
        })
    }

    fn decode(claims: &'b [u8]) -> Result<Self, Malformed> {
        let (mut vendor, mut issued_at, mut epoch, mut revoked) = (None, None, None, None);
        let rises = |a: &Revoked, b: &Revoked| a.thumbprint < b.thumbprint;
        cbor::read_map(claims, |key, d| {
            match key {
                ISS => vendor = Some(cbor::text(d, id::is_label, "vendor")?),
                IAT => issued_at = Some(cbor::number(d, TIME_MAX, "issued at")?),
                EPOCH => epoch = Some(cbor::number(d, u64::MAX, "epoch")?),
                REVOKED => revoked = Some(Array::decode(d, REVOCATIONS_MAX, "revoked", rises)?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        Ok(Self {
            vendor: cbor::need(vendor, "vendor")?,
            issued_at: cbor::need(issued_at, "issued at")?,
            epoch: cbor::need(epoch.filter(|epoch| *epoch > 0), "epoch")?,
            revoked: cbor::need(revoked, "revoked")?,
        })
    }
}

impl Item<'_> for Revoked {
    fn encode(&self, e: &mut Encoder<'_>) -> Written {
        e.array(2)?.bytes(&self.thumbprint)?.u64(self.counter)?.ok()
    }

    fn decode(d: &mut Decoder<'_>) -> Result<Self, Malformed> {
        cbor::tuple(d, 2, "revoked")?;
        Ok(Self {
            thumbprint: cbor::bytes(d, "revoked")?,
            counter: cbor::number(d, u64::MAX, "revoked")?,
        })
    }
}
