//! The second phase of a return: the server shows, in a request that it signs, that it has the licence with the
//! lower counts and none that it replaced.

use tallykey_protocol::{
    armour::{self, Label},
    id::thumbprint,
    licence::Licence,
    limits::LICENCE_MAX,
    request::{Installed, Purpose, Request},
};

use super::{Asked, Desk, DeskError, Refusal};
use crate::ledger::{Entry, Id, Kind};

impl Desk {
    /// Confirms the return whose nonce the request echoes; what fell is credited with this entry, once.
    pub(crate) fn confirm_return(&self, asked: &Asked) -> Result<Entry, DeskError> {
        let purposes = [Purpose::ReturnConfirmation];
        let request = self.request(asked, &purposes)?;
        let nonce = request.desk_nonce.ok_or(Refusal::UnknownReturn)?;
        let found = self.register.return_with(Id(nonce));
        let (opened, entry) = found.ok_or(Refusal::UnknownReturn)?;
        if entry.holder != Some(Id(thumbprint(&request.host_key))) {
            return Err(Refusal::OtherServer { entry: opened }.into());
        }
        if let Some(entry) = self.register.confirmation_of(entry) {
            return Err(Refusal::StaleConfirmation { opened, entry }.into());
        }
        self.shows(&request, opened, entry)?;
        let fell = entry
            .changes
            .iter()
            .filter(|change| change.after < change.before);
        Ok(Entry {
            desk_nonce: Some(Id(nonce)),
            customer: entry.customer.clone(),
            changes: fell.cloned().collect(),
            ..self.answer(&request, Kind::ReturnConfirmed)
        })
    }

    fn shows(&self, request: &Request<'_>, opened: u64, entry: &Entry) -> Result<(), DeskError> {
        let mut buffer = [0; LICENCE_MAX];
        let record = armour::single(entry.file.as_bytes(), Label::Licence, &mut buffer);
        let record = record.map_err(|source| DeskError::Armour {
            entry: opened,
            source,
        })?;
        let read = Licence::verify(record, &self.trust.root());
        let (licence, identity) = read.map_err(|source| DeskError::Entry {
            entry: opened,
            source,
        })?;
        let lowered = request.installed.iter().any(|held| {
            let told = held.lines.iter().map(|line| (line.line, line.count));
            let granted = licence
                .lines
                .iter()
                .map(|held| (held.line.id, held.line.count));
            (held.identity, held.revision) == (identity, licence.revision) && told.eq(granted)
        });
        if !lowered {
            return Err(Refusal::NotLowered { entry: opened }.into());
        }
        let replaced = |held: Installed<'_>| self.register.taken(Id(held.identity)).is_some();
        match request.installed.iter().any(replaced) {
            true => Err(Refusal::StillInstalled { entry: opened }.into()),
            false => Ok(()),
        }
    }
}
