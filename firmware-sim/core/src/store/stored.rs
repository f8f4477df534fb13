//! What a dongle remembers, read without starting one.

use super::image::PLACES;
use super::{BootFault, Span, Store, check};
use crate::platform::Flash;
use sha2::{Digest, Sha256};

/// What a boot finds in a flash: for benches that must tell states apart and need no dongle for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The monotonic counter.
    pub counter: u64,
    /// No time before this is believed, seconds since 1970.
    pub time_floor: u64,
    /// SHA-256 over the whole state. Secrets are in it, so it is for comparing and for nothing else.
    pub digest: [u8; 32],
}

/// Reads what `flash` holds. Like every boot it finishes what a power cut left unfinished.
///
/// # Errors
/// [`BootFault`] as for a dongle with this flash.
pub fn stored(flash: &mut impl Flash) -> Result<Stored, BootFault> {
    let store = Store::boot(flash)?;
    let mut hasher = Sha256::new().chain_update(store.meta().encode());
    let spans = store
        .active
        .map_or([Span::default(); PLACES], |active| active.spans);
    for span in spans {
        let length = hasher.chain_update(span.len.to_le_bytes());
        hasher =
            Sha256::new().chain_update(check::digest(flash, length, span.at, span.len.into())?);
    }
    Ok(Stored {
        counter: store.meta().counter,
        time_floor: store.meta().time_floor,
        digest: hasher.finalize().into(),
    })
}
