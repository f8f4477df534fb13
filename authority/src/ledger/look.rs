//! Questions to the register.

use super::{Entry, Id, Kind, Register, Seen};

impl Register {
    /// The entry that answered the request with this nonce.
    pub(crate) fn answer_to(&self, nonce: Id) -> Option<u64> {
        self.find(|entry| entry.answers == Some(nonce))
    }

    /// The entry that took this licence or receipt.
    pub(crate) fn taken(&self, identity: Id) -> Option<u64> {
        self.find(|entry| entry.absorbs.contains(&identity))
    }

    /// The return of this holder that waits for its confirmation.
    pub(crate) fn open_return(&self, holder: Id, product: &str) -> Option<u64> {
        let mut opened = self
            .entries()
            .filter(|(_, entry)| entry.kind == Kind::ReturnOpened && entry.is_of(holder, product));
        opened
            .find(|(_, entry)| self.confirmation_of(entry).is_none())
            .map(|(number, _)| number)
    }

    /// The entry that confirmed this return.
    pub(crate) fn confirmation_of(&self, opened: &Entry) -> Option<u64> {
        self.find(|entry| {
            entry.kind == Kind::ReturnConfirmed && entry.desk_nonce == opened.desk_nonce
        })
    }

    /// The return whose licence carries this nonce.
    pub(crate) fn return_with(&self, desk_nonce: Id) -> Option<(u64, &Entry)> {
        self.entries().find(|(_, entry)| {
            entry.kind == Kind::ReturnOpened && entry.desk_nonce == Some(desk_nonce)
        })
    }

    /// What was issued to this holder and is not absorbed by something later.
    pub(crate) fn live(&self, holder: Id, product: &str) -> impl Iterator<Item = (u64, &Entry)> {
        self.issued_to(holder, product).filter(|(_, entry)| {
            entry
                .issued
                .is_some_and(|issued| self.taken(issued.identity).is_none())
        })
    }

    /// The highest revision that was issued to this holder; 0 for none.
    pub(crate) fn revision(&self, holder: Id, product: &str) -> u64 {
        let issued = self.issued_to(holder, product);
        let revisions = issued.filter_map(|(_, entry)| Some(entry.issued?.revision));
        revisions.max().unwrap_or(0)
    }

    /// The newest revision of the profile of `product`; 0 for none.
    pub(crate) fn profile_revision(&self, product: &str) -> u64 {
        let of_product = self.entries().filter(|(_, entry)| entry.product == product);
        let revisions = of_product.filter_map(|(_, entry)| entry.profile_revision);
        revisions.max().unwrap_or(0)
    }

    /// The entry with this number, from 1.
    pub(crate) fn entry(&self, number: u64) -> Option<&Entry> {
        self.entries()
            .find(|(found, _)| *found == number)
            .map(|(_, entry)| entry)
    }

    /// The highest counter that a dongle with this serial proved.
    pub(crate) fn last_seen(&self, serial: &str) -> Option<&Seen> {
        self.entries()
            .filter_map(|(_, entry)| entry.seen.as_ref())
            .filter(|seen| seen.serial == serial)
            .max_by_key(|seen| seen.counter)
    }

    fn issued_to(&self, holder: Id, product: &str) -> impl Iterator<Item = (u64, &Entry)> {
        self.entries()
            .filter(move |(_, entry)| entry.issued.is_some() && entry.is_of(holder, product))
    }

    fn find(&self, is_it: impl Fn(&Entry) -> bool) -> Option<u64> {
        self.entries()
            .find(|(_, entry)| is_it(entry))
            .map(|(number, _)| number)
    }
}

impl Entry {
    fn is_of(&self, holder: Id, product: &str) -> bool {
        self.holder == Some(holder) && self.product == product
    }
}
