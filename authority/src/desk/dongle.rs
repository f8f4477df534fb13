//! A dongle that a request brings: its update, and whether it is still believed.

use tallykey_protocol::{
    armour::{self, Label},
    cbor::Full,
    grant::{Convert, Grant},
    lifecycle::Lifecycle,
    limits::REVOCATION_MAX,
    list::List,
    proof::Proof,
    request::{Attested, Dongle, Purpose, Request},
    revocation::{RevocationList, Revoked},
};
use tallykey_signing::{next_grant, sign_grant, update};

use super::{Asked, Desk, DeskError, Order, Refusal};
use crate::ledger::{Entry, Id, Issued, Kind, Seen};

impl Desk {
    /// The next grant of a dongle that was plugged in when the request was made, with the counts of `order`.
    pub(crate) fn update(
        &self,
        asked: &Asked,
        serial: &str,
        order: &Order,
    ) -> Result<Entry, DeskError> {
        let purposes = [Purpose::New, Purpose::Update, Purpose::Repair];
        let request = self.request(asked, &purposes)?;
        order.check()?;
        self.known(request.product, order)?;
        let (dongle, attested, proof) = self.plugged(&request, serial)?;
        let serial = attested.serial;
        if proof.lifecycle != Lifecycle::Sealed {
            let lifecycle = proof.lifecycle.name();
            let serial = serial.to_owned();
            return Err(Refusal::NotInUse { serial, lifecycle }.into());
        }
        let holder = Id(attested.thumbprint);
        let state = proof
            .grants
            .iter()
            .find(|held| held.product == request.product);
        let revision = state.map_or(0, |state| state.revision);
        for (entry, issued) in self.register.live(holder, request.product) {
            let issued = issued
                .issued
                .map(|issued| (issued.revision, issued.identity.0));
            if issued.is_some_and(|(issued, _)| issued > revision) {
                return Err(Refusal::RequestOpen { entry }.into());
            }
            let same = state.map(|state| (state.revision, state.digest));
            if issued.is_some_and(|(issued, _)| issued == revision) && issued != same {
                let serial = serial.to_owned();
                return Err(Refusal::OtherHistory { serial, revision }.into());
            }
        }
        let root = self.trust.root();
        let held = match state {
            Some(state) => {
                let missing = || Refusal::NoGrant {
                    serial: serial.to_owned(),
                };
                let record = dongle.grant(&state.digest).ok_or_else(missing)?;
                let read = Grant::verify(record, &root);
                read.map_err(|source| Refusal::Grant { source })?.0
            }
            None => Grant {
                vendor: &self.trust.vendor,
                serial,
                thumbprint: attested.thumbprint,
                issued_at: self.now,
                product: request.product,
                revision: 0,
                profile_revision: request.profile_revision,
                request_nonce: None,
                lines: List::default(),
                convert: Convert::None,
                flags: 0,
                absorbs: List::default(),
                customer: "",
                project: "",
            },
        };
        let mut lines = held.lines.to_vec();
        let given = |line| {
            let given = state.iter().flat_map(|state| state.given.iter());
            let of_line = given.filter(|given| given.line == line);
            of_line.map(|given| given.count).sum()
        };
        let changes = order.apply(&mut lines, given, self.now);
        if let Some(change) = changes.iter().find(|change| change.after < change.before) {
            return Err(Refusal::CountFalls {
                feature: change.feature.clone(),
                before: change.before,
                after: change.after,
            }
            .into());
        }
        if changes.is_empty() {
            return Err(Refusal::NothingChanges.into());
        }
        let fitting = List::of(&lines).map_err(|Full| Refusal::TooMuch {
            lines: lines.len(),
            absorbs: 0,
        })?;
        let grant = Grant {
            request_nonce: Some(request.nonce),
            customer: order.customer.as_deref().unwrap_or(held.customer),
            ..next_grant(&held, fitting, self.now)
        };
        let bytes = sign_grant(&grant, &self.issuer())?;
        let read = Grant::verify(&bytes, &root);
        let (_, digest) = read.map_err(tallykey_signing::RecordError::from)?;
        Ok(Entry {
            holder: Some(holder),
            name: serial.to_owned(),
            customer: grant.customer.to_owned(),
            issued: Some(Issued {
                identity: Id(digest),
                revision: grant.revision,
            }),
            changes,
            seen: Some(seen(&attested, &proof)),
            file: update(&[&bytes], self.trust.der())?,
            ..self.answer(&request, Kind::Update)
        })
    }

    /// The dongle with this serial, and its proof for this request.
    pub(super) fn plugged<'a>(
        &self,
        request: &Request<'a>,
        serial: &str,
    ) -> Result<(Dongle<'a>, Attested<'a>, Proof<'a>), DeskError> {
        let root = self.trust.root();
        for dongle in request.dongles {
            let attested = dongle.verify(request, &root);
            let attested = attested.map_err(|source| Refusal::Dongle { source })?;
            if attested.serial != serial {
                continue;
            }
            let serial = serial.to_owned();
            let Some(proof) = attested.proof else {
                return Err(Refusal::NotPlugged { serial }.into());
            };
            if proof.simulated && !self.trust.test {
                return Err(Refusal::Simulated { serial }.into());
            }
            self.not_revoked(&serial, &attested.thumbprint, proof.counter)?;
            return Ok((dongle, attested, proof));
        }
        let serial = serial.to_owned();
        Err(Refusal::NoSuchDongle { serial }.into())
    }

    /// Refuses what a dongle signed above the last counter that is honoured.
    pub(super) fn not_revoked(
        &self,
        serial: &str,
        thumbprint: &[u8; 32],
        counter: u64,
    ) -> Result<(), DeskError> {
        let (_, revoked) = self.revoked()?;
        let found = revoked
            .iter()
            .find(|revoked| revoked.thumbprint == *thumbprint);
        match found {
            Some(Revoked { counter: last, .. }) if counter > *last => Err(Refusal::Revoked {
                serial: serial.to_owned(),
                last: *last,
                counter,
            }
            .into()),
            _ => Ok(()),
        }
    }

    /// Epoch and dongles of the newest revocation list.
    pub(super) fn revoked(&self) -> Result<(u64, Vec<Revoked>), DeskError> {
        let mut lists = self.register.entries().rev();
        let Some((entry, list)) = lists.find(|(_, entry)| entry.kind == Kind::Revocation) else {
            return Ok((0, Vec::new()));
        };
        let mut buffer = vec![0; REVOCATION_MAX];
        let record = armour::single(list.file.as_bytes(), Label::Revocation, &mut buffer);
        let record = record.map_err(|source| DeskError::Armour { entry, source })?;
        let list = RevocationList::verify(record, &self.trust.root());
        let list = list.map_err(|source| DeskError::Entry { entry, source })?;
        Ok((list.epoch, list.revoked.iter().collect()))
    }
}

/// What a dongle proved of itself.
pub(super) fn seen(attested: &Attested<'_>, proof: &Proof<'_>) -> Seen {
    Seen {
        serial: attested.serial.to_owned(),
        thumbprint: Id(attested.thumbprint),
        counter: proof.counter,
    }
}
