//! The trust bundle: what a host pins of its vendor. It is not signed: whoever sets the host's settings
//! is the one who trusts.

use crate::cbor::{self, Full, Malformed};
use crate::id;
use crate::limits::CERT_MAX;

/// Format of the bundle.
const FORMAT: u8 = 1;

/// A vendor to trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustBundle<'b> {
    /// The vendor's name.
    pub vendor: &'b str,
    /// The vendor's root certificate in DER.
    pub root: &'b [u8],
    /// A test vendor: its dongles may be simulated, and everything from it is shown as simulated.
    pub test: bool,
}

impl<'b> TrustBundle<'b> {
    /// Writes the bundle into `out`; returns its length.
    ///
    /// # Errors
    /// [`Full`] if `out` is too small.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Full> {
        cbor::write(out, |e| {
            e.map(4)?.u8(1)?.u8(FORMAT)?.u8(2)?.str(self.vendor)?;
            e.u8(3)?.bytes(self.root)?.u8(4)?.bool(self.test)?.ok()
        })
    }

    /// Reads a bundle.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let (mut format, mut vendor, mut root, mut test) = (None, None, None, None);
        cbor::read_map(bytes, |key, d| {
            match key {
                1 => format = Some(cbor::code(d, "format")?),
                2 => vendor = Some(cbor::text(d, id::is_label, "vendor")?),
                3 => root = Some(cbor::slice(d, CERT_MAX, "root")?),
                4 => test = Some(cbor::flag(d, "test")?),
                key => return Err(Malformed::UnknownKey(key)),
            }
            Ok(())
        })?;
        if format != Some(FORMAT) {
            return Err(Malformed::Field("format"));
        }
        Ok(Self {
            vendor: cbor::need(vendor, "vendor")?,
            root: cbor::need(root, "root")?,
            test: cbor::need(test, "test")?,
        })
    }
}
