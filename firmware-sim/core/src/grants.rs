//! The grants that the dongle holds, and the rules by which a new one follows.

mod held;
mod rules;

pub(crate) use held::{HEAD_MAX, Held};
pub(crate) use rules::{follow, refusal};

use crate::platform::{Flash, FlashFault};
use crate::store::{Place, Store};
use tallykey_protocol::limits::GRANTS_MAX;

/// What is held at each place, without the records.
pub(crate) fn all(
    store: &Store,
    flash: &mut impl Flash,
) -> Result<[Option<Held>; GRANTS_MAX], FlashFault> {
    let mut held = [const { None }; GRANTS_MAX];
    for place in store.grants() {
        held[place] = head(store, flash, place)?;
    }
    Ok(held)
}

/// The grant for `product`, with its place.
pub(crate) fn find(
    store: &Store,
    flash: &mut impl Flash,
    product: &str,
) -> Result<Option<(usize, Held)>, FlashFault> {
    for place in store.grants() {
        if let Some(held) = head(store, flash, place)?
            && held.product() == product
        {
            return Ok(Some((place, held)));
        }
    }
    Ok(None)
}

/// Reads the record at `place` into the front of `into`.
pub(crate) fn record<'b>(
    store: &Store,
    flash: &mut impl Flash,
    place: usize,
    into: &'b mut [u8],
) -> Result<Option<&'b [u8]>, FlashFault> {
    store.read(flash, Place::Grant(place), into)
}

fn head(store: &Store, flash: &mut impl Flash, place: usize) -> Result<Option<Held>, FlashFault> {
    let mut head = [0; HEAD_MAX];
    Ok(store
        .read(flash, Place::Head(place), &mut head)?
        .and_then(Held::decode))
}
