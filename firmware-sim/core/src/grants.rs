//! The grants that the dongle holds, and the rules by which a new one follows and channels are given away.
//!
//! One grant per product is *live*: the one with the highest revision. One that went before is kept while a receipt in
//! the ring names it, because a composite licence needs both; its place is any that is free.

mod give;
mod held;
mod rules;

pub(crate) use give::{Gift, give};
pub(crate) use held::{HEAD_MAX, Held};
pub(crate) use rules::{follow, refusal};

use crate::platform::{Flash, FlashFault};
use crate::receipts;
use crate::store::{Place, Store};
use tallykey_protocol::limits::GRANTS_MAX;
use tallykey_protocol::status::Status;

/// What is at each place, without the records.
pub(crate) type Places = [Option<Held>; GRANTS_MAX];

/// Reads what is at each place.
pub(crate) fn all(store: &Store, flash: &mut impl Flash) -> Result<Places, FlashFault> {
    let mut places = [const { None }; GRANTS_MAX];
    for (n, place) in places.iter_mut().enumerate() {
        let mut head = [0; HEAD_MAX];
        *place = store
            .read(flash, Place::Head(n), &mut head)?
            .and_then(Held::decode);
    }
    Ok(places)
}

/// The live grants with their places, in the order in which proofs list them.
pub(crate) fn live(places: &Places) -> impl Iterator<Item = (usize, &Held)> {
    let outlived = |held: &Held| {
        places
            .iter()
            .flatten()
            .any(|other| other.product() == held.product() && other.revision > held.revision)
    };
    places
        .iter()
        .enumerate()
        .filter_map(|(n, held)| Some((n, held.as_ref()?)))
        .filter(move |(_, held)| !outlived(held))
}

/// The live grant for `product`, with its place.
pub(crate) fn find<'h>(places: &'h Places, product: &str) -> Option<(usize, &'h Held)> {
    live(places).find(|(_, held)| held.product() == product)
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

/// Where a new grant goes that follows the one at `old`, and which receipts it evicts: one bit for each place in the ring.
///
/// A grant that a receipt names is kept. Where there is no room for that, the grant goes whose receipts are all
/// acknowledged and oldest, and they with it: hosts keep them. What is not acknowledged stays.
pub(crate) fn place_for(
    places: &Places,
    ring: &receipts::Ring,
    old: Option<usize>,
) -> Result<(usize, u16), Status> {
    let named = |n: usize| {
        places[n]
            .as_ref()
            .map_or(0, |held| ring.naming(&held.digest))
    };
    if let Some(old) = old.filter(|old| named(*old) == 0) {
        return Ok((old, 0));
    }
    if let Some(free) = places.iter().position(Option::is_none) {
        return Ok((free, 0));
    }
    let outlived = (0..GRANTS_MAX).filter(|n| live(places).all(|(live, _)| live != *n));
    if let Some(unnamed) = outlived.clone().find(|n| named(*n) == 0) {
        return Ok((unnamed, 0));
    }
    let mut candidates = outlived.chain(old).peekable();
    if candidates.peek().is_none() {
        return Err(Status::NoRoom);
    }
    candidates
        .filter(|n| named(*n) & !ring.acknowledged == 0)
        .min_by_key(|n| ring.latest(named(*n)))
        .map(|n| (n, named(n)))
        .ok_or(Status::ReceiptsOpen)
}
