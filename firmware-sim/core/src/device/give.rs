//! Giving channels away and keeping the receipts: `convert`, `retire`, `receipt`, `acknowledge`.

use super::pause::{Stage, make_room};
use super::{Device, Keep, Outcome, decode, issuer::Trust, licence::sign, ok};
use crate::grants;
use crate::identity;
use crate::lifecycle::After;
use crate::platform::Platform;
use crate::receipts::{self, Head, Ring};
use crate::store::{GIVING, Item};
use crate::vault::Secret;
use sha2::{Digest, Sha256};
use tallykey_protocol::cbor::Full;
use tallykey_protocol::command::order::{self, Order, TriesLeft};
use tallykey_protocol::command::{Command, acknowledge, encode_reply, receipt};
use tallykey_protocol::cose::Sign1;
use tallykey_protocol::grant::Grant;
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::{OWNER_TRIES, PROOF_MAX, RECEIPT_MAX};
use tallykey_protocol::list::List;
use tallykey_protocol::owner;
use tallykey_protocol::receipt::{Kind, Receipt};
use tallykey_protocol::status::Status;

impl<P: Platform> Device<P> {
    /// `convert` and `retire`. Everything that can be judged is judged before the owner proof, so that only an
    /// order that would be done costs a try; a person is asked last.
    pub(super) fn give(
        &mut self,
        command: Command,
        request: &order::Request<'_>,
        after: After,
        out: &mut [u8],
    ) -> Outcome {
        let order: Order<'_> = decode(request.order)?;
        if (order.kind == Kind::Retire) != (command == Command::Retire) {
            return Err(Status::Malformed);
        }
        let content = Sha256::new()
            .chain_update([command.code()])
            .chain_update(request.order)
            .finalize()
            .into();
        let ring = Ring::read(&self.store, self.platform.flash())?;
        let done = ring
            .iter()
            .find(|(_, head)| head.request_id == order.request_id);
        if let Some((place, head)) = done {
            // No owner proof: what was done is shown to any session, and nothing is lowered.
            return match head.content == content {
                true => self.show(place, |record| order::Reply { record }, out),
                false => Err(Status::RequestReused),
            };
        }

        if order.counter != self.store.meta().counter {
            return Err(Status::Stale);
        }
        let places = grants::all(&self.store, self.platform.flash())?;
        let (grant_place, held) = grants::find(&places, order.product).ok_or(Status::NoSuchItem)?;
        let (held_after, given) = self.judge(&order, grant_place, held)?;
        let place = ring.next_place().ok_or(Status::ReceiptsFull)?;
        match self.stage {
            Stage::Confirmed => {}
            Stage::Withheld => return Err(Status::NotConfirmed),
            Stage::First | Stage::Erasing | Stage::Erased | Stage::Asking { .. } => {
                // All of it: what comes after the try must not begin it again.
                make_room(&self.store, &mut self.stage, GIVING)?;
                if let Some(left) = self.try_owner(command, request)? {
                    return encode_reply(out, Status::OwnerProofWrong, &TriesLeft { left })
                        .map_err(|Full| Status::NoRoom);
                }
                self.confirm()?;
            }
        }

        let left_elsewhere = grants::live(&places)
            .filter(|(n, _)| *n != grant_place)
            .any(|(_, other)| other.left > 0);
        let next = match after.or {
            Some(retired) if held_after.left == 0 && !left_elsewhere => retired,
            _ => after.next,
        };
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
        let receipt = Receipt {
            serial: certified.serial(),
            product: order.product,
            revision: held.revision,
            grant: held.digest,
            counter: store.meta().counter + 1,
            request_id: order.request_id,
            given,
            target: order.target,
        };
        let (claims, record) = work.split_at_mut(PROOF_MAX);
        let length = receipt.encode(claims).map_err(|Full| Status::NoRoom)?;
        let record = sign(
            key,
            order.kind.typ(),
            &claims[..length],
            &mut record[..RECEIPT_MAX],
        )?;
        let digest = Sign1::parse(record, RECEIPT_MAX)
            .map_err(|_| Status::NoRoom)?
            .digest();
        let head = Head {
            kind: order.kind,
            counter: receipt.counter,
            request_id: order.request_id,
            content,
            grant: held.digest,
            digest,
        };
        let mut bytes = [0; grants::HEAD_MAX];
        let item = Item::Receipt {
            grant: grant_place,
            given: held_after.encode(&mut bytes),
            place,
            head: &head.encode(),
            record,
        };
        let mut keep = Keep {
            store,
            flash: platform.flash(),
            stage,
            broken,
        };
        keep.commit(next, &item)?;
        ok(&order::Reply { record }, out)
    }

    /// What `order` makes of the grant at `place`. The record is verified again: the counts in it decide.
    fn judge(
        &mut self,
        order: &Order<'_>,
        place: usize,
        held: &grants::Held,
    ) -> Result<grants::Gift, Status> {
        let (anchor, record) = self.work.split_at_mut(PROOF_MAX);
        let flash = self.platform.flash();
        let trust = Trust::read(&self.store, flash, anchor)?;
        let record =
            grants::record(&self.store, flash, place, record)?.ok_or(Status::StorageFailed)?;
        // Held is held: an issuer that was revoked since takes nothing back.
        let (grant, _) =
            Grant::verify(record, &trust.root).map_err(|error| grants::refusal(&error))?;
        grants::give(order, held, &grant)
    }

    /// Looks at an owner proof, after counting that it does. `None` if it is right, else the tries left.
    fn try_owner(
        &mut self,
        command: Command,
        request: &order::Request<'_>,
    ) -> Result<Option<u8>, Status> {
        let transcript = *self.sessions.transcript().ok_or(Status::NoSession)?;
        let verifier = identity::secret(&self.store, &mut self.platform, Secret::Verifier)
            .map_err(|_| Status::StorageFailed)?
            .ok_or(Status::NoSuchItem)?;
        let meta = self.store.meta();
        if meta.tries >= OWNER_TRIES {
            return Err(Status::OwnerLocked);
        }
        let lifecycle = meta.lifecycle;
        self.commit(lifecycle, &Item::Try)?;
        let right = owner::is_proof(
            &request.proof,
            &verifier,
            &transcript,
            command,
            request.order,
        );
        Ok((!right).then(|| OWNER_TRIES - self.store.meta().tries))
    }

    pub(super) fn receipt(&mut self, request: &receipt::Request, out: &mut [u8]) -> Outcome {
        let ring = Ring::read(&self.store, self.platform.flash())?;
        let receipt::Request::Read { counter } = *request else {
            return ok(&receipt::Reply::List(list(&ring)?), out);
        };
        let (place, _) = ring
            .iter()
            .find(|(_, head)| head.counter == counter)
            .ok_or(Status::NoSuchItem)?;
        self.show(place, receipt::Reply::Record, out)
    }

    /// Answers with the record of the receipt at `place`.
    fn show<'w, R: tallykey_protocol::command::Encode>(
        &'w mut self,
        place: usize,
        reply: impl FnOnce(&'w [u8]) -> R,
        out: &mut [u8],
    ) -> Outcome {
        let flash = self.platform.flash();
        let record = receipts::record(&self.store, flash, place, &mut self.work)?;
        ok(&reply(record.ok_or(Status::StorageFailed)?), out)
    }

    pub(super) fn acknowledge(
        &mut self,
        request: &acknowledge::Request,
        next: Lifecycle,
        out: &mut [u8],
    ) -> Outcome {
        let ring = Ring::read(&self.store, self.platform.flash())?;
        let (place, _) = ring
            .iter()
            .find(|(_, head)| head.counter == request.counter && head.digest == request.digest)
            .ok_or(Status::NoSuchItem)?;
        if !ring.is_acknowledged(place) {
            self.commit(next, &Item::Acknowledged(place))?;
        }
        ok(&acknowledge::Reply {}, out)
    }
}

/// The ring, oldest first.
fn list(
    ring: &Ring,
) -> Result<List<receipt::Entry, { tallykey_protocol::limits::RECEIPTS_MAX }>, Status> {
    let mut entries = List::default();
    for (place, head) in ring.iter() {
        entries
            .push(receipt::Entry {
                counter: head.counter,
                kind: head.kind,
                request_id: head.request_id,
                acknowledged: ring.is_acknowledged(place),
            })
            .map_err(|Full| Status::NoRoom)?;
    }
    entries.sort_unstable_by_key(|entry| entry.counter);
    Ok(entries)
}
