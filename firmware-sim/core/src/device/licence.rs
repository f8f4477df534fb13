//! The commands of a session that show or change what the dongle gives: `prove`, `grant`, `update`.

use super::info::FIRMWARE;
use super::{Device, Outcome, commit, ok};
use crate::grants;
use crate::platform::Platform;
use crate::store::{Item, Place};
use tallykey_protocol::cbor::Full;
use tallykey_protocol::cert::Certificate;
use tallykey_protocol::command::{grant, prove, update};
use tallykey_protocol::cose::{self, Header};
use tallykey_protocol::grant::Grant;
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::{CERT_MAX, GRANTS_MAX, NONCE_LEN, PROOF_MAX};
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
        let held = grants::all(&self.store, self.platform.flash())?;
        let mut states = List::default();
        for held in held.iter().flatten() {
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
        let header = Header {
            typ: kind.typ(),
            key: key.public(),
            chain: &[],
        };
        let length = cose::assemble(record, &header, &claims[..length], |digest| {
            key.sign(digest).ok_or(Unsigned)
        })
        .map_err(|Unsigned| Status::NoRoom)?;
        Ok(&record[..length])
    }

    pub(super) fn grant(&mut self, request: &grant::Request, out: &mut [u8]) -> Outcome {
        let flash = self.platform.flash();
        let place = self
            .store
            .grants()
            .nth(request.index.into())
            .ok_or(Status::NoSuchItem)?;
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
            ..
        } = self;
        let key = identity.key.as_ref().ok_or(Status::NoSuchItem)?;
        let certified = identity.certified.as_ref().ok_or(Status::NoSuchItem)?;
        let (anchor, held_record) = work.split_at_mut(PROOF_MAX);
        let anchor = store.read(platform.flash(), Place::Anchor, &mut anchor[..CERT_MAX])?;
        let root = Certificate::parse(anchor.ok_or(Status::NoSuchItem)?)
            .map_err(|_| Status::ChainInvalid)?;
        let verify = |record| Grant::verify(record, &root).map_err(|error| grants::refusal(&error));
        let (grant, digest) = verify(request.record)?;
        if grant.serial != certified.serial() || grant.thumbprint != *key.thumbprint() {
            return Err(Status::WrongHolder);
        }

        let flash = platform.flash();
        let (place, new) = match grants::find(store, flash, grant.product)? {
            Some((place, held)) => {
                let record = grants::record(store, flash, place, held_record)?
                    .ok_or(Status::StorageFailed)?;
                let (old, _) = verify(record)?;
                (place, grants::follow(&grant, digest, Some((&held, &old)))?)
            }
            None => {
                let free = (0..GRANTS_MAX).find(|n| !store.has(Place::Grant(*n)));
                (
                    free.ok_or(Status::NoRoom)?,
                    grants::follow(&grant, digest, None)?,
                )
            }
        };
        let mut head = [0; grants::HEAD_MAX];
        let head = new.encode(&mut head);
        let item = Item::Grant {
            place,
            head,
            record: request.record,
            issued_at: grant.issued_at,
        };
        commit(store, platform, broken, next, &item)?;
        ok(
            &update::Reply {
                revision: grant.revision,
                counter: store.meta().counter,
            },
            out,
        )
    }
}

/// No signature, or no room for it.
struct Unsigned;

impl From<Full> for Unsigned {
    fn from(_: Full) -> Self {
        Self
    }
}
