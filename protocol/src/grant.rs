//! Grants: counts of features that the vendor's issuer gives to one dongle.

mod line;
mod read;

pub(crate) use line::FIELDS;
pub use line::{Line, Plan};

use crate::cbor::{self, Full};
use crate::claim::{
    self, ABSORBS, CNF, CONVERT, CUSTOMER, FLAGS, IAT, ISS, LINES, PRODUCT, PROFILE_REVISION,
    PROJECT, REQUEST_NONCE, REVISION, SUB,
};
use crate::limits::{ABSORBS_MAX, LINES_MAX, NONCE_LEN};
use crate::list::List;

/// Flag: the free channels of the profile do not count beside this grant.
pub const NO_FREE_CHANNELS: u32 = 1;

/// Whether and how the channels may be converted to a software licence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Convert {
    /// Not at all.
    #[default]
    None = 0,
    /// Through the vendor's desk.
    Desk = 1,
    /// Offline, on the dongle's own authority.
    Offline = 2,
}

/// The claims of a grant. The same type is written by an issuer and read by dongle and host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant<'b> {
    /// The vendor's name.
    pub vendor: &'b str,
    /// Serial of the dongle that holds it.
    pub serial: &'b str,
    /// Thumbprint of that dongle's key ([`crate::id::thumbprint`]).
    pub thumbprint: [u8; 32],
    /// When it was issued, seconds since 1970.
    pub issued_at: u64,
    /// Product id.
    pub product: &'b str,
    /// Number of this grant for (holder, product), from 1.
    pub revision: u64,
    /// Least revision of the product profile that it is to be read with.
    pub profile_revision: u64,
    /// Nonce of the request that it answers.
    pub request_nonce: Option<[u8; NONCE_LEN]>,
    /// What is granted.
    pub lines: List<Line<'b>, LINES_MAX>,
    /// May the channels be converted.
    pub convert: Convert,
    /// [`NO_FREE_CHANNELS`] or 0.
    pub flags: u32,
    /// Identities of receipts ([`crate::receipt::identity`]) and licences (their digests) that never count
    /// beside it.
    pub absorbs: List<[u8; 32], ABSORBS_MAX>,
    /// Customer, for people.
    pub customer: &'b str,
    /// Project, for people.
    pub project: &'b str,
}

impl Grant<'_> {
    /// Writes the claims into `out`; returns their length.
    ///
    /// # Errors
    /// [`Full`] if `out` is too small.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(13 + u64::from(self.request_nonce.is_some()))?;
            e.i64(ISS)?
                .str(self.vendor)?
                .i64(SUB)?
                .str(self.serial)?
                .i64(IAT)?
                .u64(self.issued_at)?;
            e.i64(CNF)?;
            claim::write_holder(e, &self.thumbprint)?;
            e.i64(PRODUCT)?
                .str(self.product)?
                .i64(REVISION)?
                .u64(self.revision)?;
            e.i64(PROFILE_REVISION)?.u64(self.profile_revision)?;
            if let Some(nonce) = &self.request_nonce {
                e.i64(REQUEST_NONCE)?.bytes(nonce)?;
            }
            e.i64(LINES)?.array(self.lines.len() as u64)?;
            for line in &*self.lines {
                line.encode(e)?;
            }
            e.i64(CONVERT)?
                .u8(self.convert as u8)?
                .i64(FLAGS)?
                .u32(self.flags)?;
            e.i64(ABSORBS)?.array(self.absorbs.len() as u64)?;
            for digest in &*self.absorbs {
                e.bytes(digest)?;
            }
            e.i64(CUSTOMER)?
                .str(self.customer)?
                .i64(PROJECT)?
                .str(self.project)?
                .ok()
        })
    }
}
