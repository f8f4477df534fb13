//! The simulator's vendor. Its keys derive from a public constant: worthless as secrets and known to be.
//!
//! Only a build with the feature `sim` may trust this root, and only under `--simulate`.

mod product;

pub use product::profile;

use hkdf::Hkdf;
use sha2::Sha256;

use crate::{
    SoftwareKey,
    certificate::CertifyError,
    vendor::{Keys, Vendor},
};

/// When everything of this vendor was issued: 2020-01-01T00:00:00Z. Constant, so that its records are; long
/// past, so that a machine whose clock was reset still finds them valid.
pub const ISSUED_AT: u64 = 1_577_836_800;

/// The vendor's name, loud in every list.
const NAME: &str = "Tallykey simulator";

/// Changing it makes another vendor, whose dongles existing states do not know.
const PUBLIC_CONSTANT: &[u8] = b"tallykey simulator vendor, version 1: public, worth nothing";

/// The simulator's vendor, byte for byte the same every time.
///
/// # Errors
/// [`CertifyError`]; a test shows that it does not happen.
pub fn vendor() -> Result<Vendor, CertifyError> {
    let keys = Keys {
        root: key("root"),
        factory: key("factory"),
        issuer: key("issuer"),
        factory_issuer: key("factory issuer"),
    };
    Vendor::with_keys(NAME, true, ISSUED_AT, keys)
}

/// HKDF (RFC 5869) of the constant for `role`, counting up until the output is a scalar.
fn key(role: &str) -> SoftwareKey {
    let expander = Hkdf::<Sha256>::new(None, PUBLIC_CONSTANT);
    (0..=u8::MAX)
        .find_map(|attempt| {
            let mut scalar = [0; 32];
            expander
                .expand_multi_info(&[role.as_bytes(), &[attempt]], &mut scalar)
                .ok()?;
            SoftwareKey::from_bytes(&scalar).ok()
        })
        .expect("256 strings out of range in a row have a chance of 2^-8192")
}
