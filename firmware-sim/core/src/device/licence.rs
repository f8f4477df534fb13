//! The commands of a session that show or change what the dongle gives: `prove`, `grant`, `update`.

use super::info::FIRMWARE;
use super::{Device, Keep, Outcome, issuer::Trust, ok};
use crate::grants;
use crate::key::DongleKey;
use crate::platform::Platform;
use crate::receipts::Ring;
use crate::store::Item;
use tallykey_protocol::cbor::Full;
use tallykey_protocol::command::{grant, prove, update};
use tallykey_protocol::cose::{self, Header, Typ};
use tallykey_protocol::grant::Grant;
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::{NONCE_LEN, PROOF_MAX};
use tallykey_protocol::list::List;
use tallykey_protocol::proof::{Kind, Opening, Proof, attested};
use tallykey_protocol::status::Status;

impl<P: Platform> Device<P> {
    pub(super) fn prove(&mut self, request: &prove::Request<'_>, out: &mut [u8]) -> Outcome {
        let nonce = match request.kind {
            // Never raw bytes of a caller: nobody can have another proof signed this way.
            Kind::Attest => attested(&request.nonce, request.statement),
            Kind::Open | Kind::Request | Kind::State => request.nonce,
        };
        let proof = self.sign_proof(request.kind, nonce, None)?;
        ok(&prove::Reply { proof }, out)
    }

    /// The proof of this `kind` over the state now, in the working room.
    pub(super) fn sign_proof(
        &mut self,
        kind: Kind,
        nonce: [u8; NONCE_LEN],
        opening: Option<Opening>,
    ) -> Result<&[u8], Status> {
        let key = self.identity.key.as_ref().ok_or(Status::NoSuchItem)?;
        let certified = self.identity.certified.as_ref().ok_or(Status::NoSuchItem)?;
        let places = grants::all(&self.store, self.platform.flash())?;
        let mut states = List::default();
        for (_, held) in grants::live(&places) {
            states.push(held.state()).map_err(|Full| Status::NoRoom)?;
        }
        let meta = self.store.meta();
        let proof = Proof {
            serial: certified.serial(),
            nonce,
            simulated: self.platform.simulated(),
            lifecycle: meta.lifecycle,
            firmware: FIRMWARE,
            firmware_digest: self.platform.firmware_digest(),
            grants: states,
            counter: meta.counter,
            boot_id: self.boot_id,
            time_floor: meta.time_floor,
            opening,
        };
        let (claims, record) = self.work.split_at_mut(PROOF_MAX);
        let length = proof.encode(claims).map_err(|Full| Status::NoRoom)?;
        sign(key, kind.typ(), &claims[..length], record)
    }

    pub(super) fn grant(&mut self, request: &grant::Request, out: &mut [u8]) -> Outcome {
        let flash = self.platform.flash();
        let places = grants::all(&self.store, flash)?;
        let place = match *request {
            grant::Request::Index(index) => grants::live(&places)
                .nth(index.into())
                .map(|(place, _)| place),
            grant::Request::Digest(digest) => places
                .iter()
                .position(|held| held.as_ref().is_some_and(|held| held.digest == digest)),
        };
        let place = place.ok_or(Status::NoSuchItem)?;
        let record =
            grants::record(&self.store, flash, place, &mut self.work)?.ok_or(Status::NoSuchItem)?;
        ok(&grant::Reply { record }, out)
    }

    pub(super) fn update(
        &mut self,
        request: &update::Request<'_>,
        next: Lifecycle,
        out: &mut [u8],
    ) -> Outcome {
        let Self {
            platform,
            store,
            identity,
            work,
            broken,
            stage,
            ..
        } = self;
        let key = identity.key.as_ref().ok_or(Status::NoSuchItem)?;
        let certified = identity.certified.as_ref().ok_or(Status::NoSuchItem)?;
        let flash = platform.flash();
        let (anchor, held_record) = work.split_at_mut(PROOF_MAX);
        let trust = Trust::read(store, flash, anchor)?;
        let (grant, digest) = Grant::verify(request.record, trust.anchor())
            .map_err(|error| grants::refusal(&error))?;
        if grant.serial != certified.serial() || grant.thumbprint != *key.thumbprint() {
            return Err(Status::WrongHolder);
        }

        let places = grants::all(store, flash)?;
        let old = grants::find(&places, grant.product);
        let new = match old {
            Some((place, held)) => {
                let record = grants::record(store, flash, place, held_record)?
                    .ok_or(Status::StorageFailed)?;
                // Held is held: an issuer that was revoked since does not stand in the way of the next.
                let (old, _) =
                    Grant::verify(record, &trust.root).map_err(|error| grants::refusal(&error))?;
                grants::follow(&grant, digest, Some((held, &old)))?
            }
            None => grants::follow(&grant, digest, None)?,
        };
        let ring = Ring::read(store, flash)?;
        let (place, evict) = grants::place_for(&places, &ring, old.map(|(place, _)| place))?;
        let mut head = [0; grants::HEAD_MAX];
        let item = Item::Grant {
            place,
            head: new.encode(&mut head),
            record: request.record,
            issued_at: grant.issued_at,
            evict,
        };
        let mut keep = Keep {
            store,
            flash,
            stage,
            broken,
        };
        keep.commit(next, &item)?;
        ok(
            &update::Reply {
                revision: grant.revision,
                counter: keep.store.meta().counter,
            },
            out,
        )
    }
}

/// Signs `claims` as a record of this `typ` into `record`.
pub(super) fn sign<'w>(
    key: &DongleKey,
    typ: Typ,
    claims: &[u8],
    record: &'w mut [u8],
) -> Result<&'w [u8], Status> {
    let header = Header {
        typ,
        key: key.public(),
        chain: &[],
    };
    let length = cose::assemble(record, &header, claims, |digest| {
        key.sign(digest).ok_or(Unsigned)
    })
    .map_err(|Unsigned| Status::NoRoom)?;
    Ok(&record[..length])
}

/// No signature, or no room for it.
struct Unsigned;

impl From<Full> for Unsigned {
    fn from(_: Full) -> Self {
        Self
    }
}
