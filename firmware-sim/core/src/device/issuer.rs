//! What an issuer or the root says to a sealed dongle: `instruct`, `time`, `revoke`.

use super::{Device, Outcome, ok};
use crate::grants;
use crate::identity::Identity;
use crate::lifecycle::After;
use crate::platform::{Flash, Platform};
use crate::receipts::Ring;
use crate::store::{Item, Place, Store};
use tallykey_protocol::cert::{Anchor, CertError, Certificate, Crl, Role};
use tallykey_protocol::command::{instruct, revoke, time};
use tallykey_protocol::grant::Grant;
use tallykey_protocol::id::PublicKey;
use tallykey_protocol::instruction::{Instruction, Kind};
use tallykey_protocol::issued::Signer;
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::{CERT_MAX, CRL_MAX, GRANTS_MAX, PROOF_MAX};
use tallykey_protocol::status::Status;
use tallykey_protocol::time::TimeToken;

/// Whom the dongle believes: its vendor's root, and what that has revoked.
pub(super) struct Trust<'w> {
    pub(super) root: Certificate<'w>,
    revoked: Option<Crl<'w>>,
}

const _: () = assert!(CERT_MAX + CRL_MAX <= PROOF_MAX);

impl<'w> Trust<'w> {
    /// Reads both into `room`, of which it takes [`CERT_MAX`] and [`CRL_MAX`] bytes.
    pub(super) fn read(
        store: &Store,
        flash: &mut impl Flash,
        room: &'w mut [u8],
    ) -> Result<Self, Status> {
        let (anchor, list) = room.split_at_mut(CERT_MAX);
        let anchor = store
            .read(flash, Place::Anchor, anchor)?
            .ok_or(Status::NoSuchItem)?;
        let list = store.read(flash, Place::Crl, &mut list[..CRL_MAX])?;
        Ok(Self {
            root: Certificate::parse(anchor).map_err(|_| Status::ChainInvalid)?,
            // Verified when it came.
            revoked: list
                .map(Crl::parse)
                .transpose()
                .map_err(|_| Status::StorageFailed)?,
        })
    }

    pub(super) fn anchor(&self) -> Anchor<'_> {
        Anchor {
            root: &self.root,
            revoked: self.revoked.as_ref(),
        }
    }
}

impl<P: Platform> Device<P> {
    pub(super) fn instruct(
        &mut self,
        request: &instruct::Request<'_>,
        after: After,
        out: &mut [u8],
    ) -> Outcome {
        let trust = Trust::read(&self.store, self.platform.flash(), &mut self.work)?;
        let (instruction, signer) = Instruction::verify(request.record, trust.anchor())
            .map_err(|error| grants::refusal(&error))?;
        let key = self.identity.key.as_ref().ok_or(Status::NoSuchItem)?;
        let certified = self.identity.certified.as_ref().ok_or(Status::NoSuchItem)?;
        if instruction.serial != certified.serial() || instruction.thumbprint != *key.thumbprint() {
            return Err(Status::WrongHolder);
        }
        if instruction.counter != self.store.meta().counter {
            return Err(Status::Stale);
        }
        match (instruction.kind, after.or) {
            (Kind::ResetOwnerCode, _) => self.reset_owner_code(after.next, out),
            (Kind::Recycle, Some(blank)) => self.recycle(signer, blank, out),
            (Kind::Recycle, None) => Err(Status::WrongLifecycle),
        }
    }

    fn reset_owner_code(&mut self, next: Lifecycle, out: &mut [u8]) -> Outcome {
        let code = self.new_owner_code(next)?;
        let owner_code = core::str::from_utf8(&code.text[..]).map_err(|_| Status::RandomFailed)?;
        ok(
            &instruct::Reply {
                counter: self.store.meta().counter,
                owner_code: Some(owner_code),
            },
            out,
        )
    }

    fn recycle(&mut self, signer: Signer, blank: Lifecycle, out: &mut [u8]) -> Outcome {
        if Ring::read(&self.store, self.platform.flash())?.is_open() {
            return Err(Status::ReceiptsOpen);
        }
        if signer.role == Role::FactoryIssuer && !self.holds_only_first_grants_of(&signer.key)? {
            return Err(Status::RoleNotAllowed);
        }
        self.commit(blank, &Item::Recycle)?;
        self.identity = Identity {
            key: None,
            certified: None,
        };
        ok(
            &instruct::Reply {
                counter: self.store.meta().counter,
                owner_code: None,
            },
            out,
        )
    }

    /// Whether every grant here is a revision 1 that `issuer` signed: what a factory gave, and nobody else has
    /// built on.
    fn holds_only_first_grants_of(&mut self, issuer: &PublicKey) -> Result<bool, Status> {
        let (anchor, record) = self.work.split_at_mut(PROOF_MAX);
        let flash = self.platform.flash();
        let trust = Trust::read(&self.store, flash, anchor)?;
        for place in (0..GRANTS_MAX).filter(|n| self.store.has(Place::Grant(*n))) {
            let record =
                grants::record(&self.store, flash, place, record)?.ok_or(Status::StorageFailed)?;
            let (grant, _, signer) = Grant::verify_signer(record, &trust.root)
                .map_err(|error| grants::refusal(&error))?;
            if grant.revision != 1 || signer.key != *issuer {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn time(
        &mut self,
        request: &time::Request<'_>,
        next: Lifecycle,
        out: &mut [u8],
    ) -> Outcome {
        let trust = Trust::read(&self.store, self.platform.flash(), &mut self.work)?;
        let token = TimeToken::verify(request.record, trust.anchor())
            .map_err(|error| grants::refusal(&error))?;
        // A token of the past is no mistake, and nothing to write.
        if token.now > self.store.meta().time_floor {
            self.commit(next, &Item::Time(token.now))?;
        }
        let time_floor = self.store.meta().time_floor;
        ok(&time::Reply { time_floor }, out)
    }

    pub(super) fn revoke(
        &mut self,
        request: &revoke::Request<'_>,
        next: Lifecycle,
        out: &mut [u8],
    ) -> Outcome {
        let trust = Trust::read(&self.store, self.platform.flash(), &mut self.work)?;
        let list = Crl::parse(request.list).map_err(|_| Status::RecordInvalid)?;
        list.verify(&trust.root).map_err(|error| match error {
            CertError::Signature => Status::SignatureInvalid,
            _ => Status::ChainInvalid,
        })?;
        if trust
            .revoked
            .is_some_and(|held| held.number() >= list.number())
        {
            return Err(Status::RevisionHeld);
        }
        self.commit(next, &Item::Crl(request.list))?;
        ok(
            &revoke::Reply {
                number: list.number(),
            },
            out,
        )
    }
}
