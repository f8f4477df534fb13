//! Software licences: counts of features that the vendor's issuer gives to one machine or, naming no machine,
//! to the devices with certain MAC addresses. A grant, but for its holder.

mod line;
mod read;

pub use line::{Line, Mac, Macs};

use crate::cbor::{self, Full};
use crate::claim::{
    self, ABSORBS, BINDING, CNF, CONVERT, CUSTOMER, DESK_NONCE, FLAGS, IAT, ISS, LINES, PRODUCT,
    PROFILE_REVISION, PROJECT, REQUEST_NONCE, REVISION,
};
use crate::grant::Convert;
use crate::limits::{LICENCE_ABSORBS_MAX, LICENCE_LINES_MAX, NONCE_LEN};
use crate::list::List;
use crate::target::Binding;

/// Whom a licence is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A machine.
    Machine {
        /// Thumbprint of its host key ([`crate::id::thumbprint`]).
        thumbprint: [u8; 32],
        /// What it is made of; at least one component.
        binding: Binding,
    },
    /// No machine: each line names the devices that it is for.
    Macs,
}

/// The claims of a software licence. The same type is written by an issuer and read by a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Licence<'b> {
    /// The vendor's name.
    pub vendor: &'b str,
    /// When it was issued, seconds since 1970.
    pub issued_at: u64,
    /// Whom it is for.
    pub holder: Holder,
    /// Product id.
    pub product: &'b str,
    /// Number of this licence for (holder, product), from 1.
    pub revision: u64,
    /// Least revision of the product profile that it is to be read with.
    pub profile_revision: u64,
    /// Nonce of the request that it answers.
    pub request_nonce: Option<[u8; NONCE_LEN]>,
    /// What is granted, ids rising; none if everything was returned.
    pub lines: List<Line<'b>, LICENCE_LINES_MAX>,
    /// May the channels go elsewhere: not at all, or through the desk; a file cannot do it offline.
    pub convert: Convert,
    /// [`crate::grant::NO_FREE_CHANNELS`] or 0.
    pub flags: u32,
    /// Identities of receipts ([`crate::receipt::identity`]) and licences (their digests) that never count
    /// beside it.
    pub absorbs: List<[u8; 32], LICENCE_ABSORBS_MAX>,
    /// Customer, for people.
    pub customer: &'b str,
    /// Project, for people.
    pub project: &'b str,
    /// The desk waits for a request that echoes this: the first phase of a return.
    pub desk_nonce: Option<[u8; NONCE_LEN]>,
}

impl Licence<'_> {
    /// Writes the claims into `out`; returns their length.
    ///
    /// # Errors
    /// [`Full`] if `out` is too small.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        let machine = match self.holder {
            Holder::Machine {
                thumbprint,
                binding,
            } => Some((thumbprint, binding)),
            Holder::Macs => None,
        };
        let optional = 2 * u64::from(machine.is_some())
            + u64::from(self.request_nonce.is_some())
            + u64::from(self.desk_nonce.is_some());
        cbor::write(out, |e| {
            e.map(11 + optional)?.i64(ISS)?.str(self.vendor)?;
            e.i64(IAT)?.u64(self.issued_at)?;
            if let Some((thumbprint, _)) = &machine {
                e.i64(CNF)?;
                claim::write_holder(e, thumbprint)?;
            }
            e.i64(PRODUCT)?.str(self.product)?;
            e.i64(REVISION)?.u64(self.revision)?;
            e.i64(PROFILE_REVISION)?.u64(self.profile_revision)?;
            if let Some(nonce) = &self.request_nonce {
                e.i64(REQUEST_NONCE)?.bytes(nonce)?;
            }
            e.i64(LINES)?.array(self.lines.len() as u64)?;
            for line in &*self.lines {
                line.encode(e)?;
            }
            e.i64(CONVERT)?.u8(self.convert as u8)?;
            e.i64(FLAGS)?.u32(self.flags)?;
            e.i64(ABSORBS)?.array(self.absorbs.len() as u64)?;
            for identity in &*self.absorbs {
                e.bytes(identity)?;
            }
            e.i64(CUSTOMER)?.str(self.customer)?;
            e.i64(PROJECT)?.str(self.project)?;
            if let Some((_, binding)) = &machine {
                e.i64(BINDING)?;
                binding.encode(e)?;
            }
            if let Some(nonce) = &self.desk_nonce {
                e.i64(DESK_NONCE)?.bytes(nonce)?;
            }
            Ok(())
        })
    }
}
