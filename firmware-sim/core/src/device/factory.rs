//! The factory's commands: `make-key`, `certify`, `personalise`, `seal`.

use super::{Device, Outcome, ok};
use crate::identity::Identity;
use crate::key::DongleKey;
use crate::owner::OwnerCode;
use crate::platform::{Platform, RandomFault};
use crate::store::{Item, Place};
use crate::vault::{Bytes, Kept, Secret, Vault};
use tallykey_protocol::cert::{Certificate, Role, verify_chain, write_request};
use tallykey_protocol::command::{certify, make_key, personalise, seal};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::GRANTS_MAX;
use tallykey_protocol::status::Status;
use zeroize::Zeroizing;

impl<P: Platform> Device<P> {
    pub(super) fn make_key(
        &mut self,
        request: &make_key::Request,
        next: Lifecycle,
        out: &mut [u8],
    ) -> Outcome {
        let (scalar, key) = new_key(&mut self.platform)?;
        let mut chip_id = [0; 16];
        let chip_id = hex(&self.platform.chip_id(), &mut chip_id);
        let sign = |digest: &[u8; 32]| key.sign(digest).ok_or(RandomFault);
        let length = write_request(&mut self.work, chip_id, key.public(), &request.nonce, sign)
            .map_err(|_| Status::NoRoom)?;
        let kept = self.kept(Secret::Key, &scalar)?;
        self.commit(next, &kept.item())?;
        self.identity = Identity {
            key: Some(key),
            certified: None,
        };
        ok(
            &make_key::Reply {
                request: &self.work[..length],
            },
            out,
        )
    }

    pub(super) fn certify(
        &mut self,
        request: &certify::Request<'_>,
        next: Lifecycle,
        out: &mut [u8],
    ) -> Outcome {
        let key = self.identity.key.as_ref().ok_or(Status::NoSuchItem)?;
        let [leaf, ca] = request.chain;
        let root = Certificate::parse(request.root).map_err(|_| Status::ChainInvalid)?;
        root.verify_root().map_err(|_| Status::ChainInvalid)?;
        let certificate = verify_chain(leaf, &[ca], &root, Role::Dongle, None)
            .map_err(|_| Status::ChainInvalid)?;
        let own_chip = certificate.chip_id() == Some(&self.platform.chip_id()[..]);
        if certificate.public_key() != key.public() || !own_chip {
            return Err(Status::KeyMismatch);
        }
        self.commit(
            next,
            &Item::Chain {
                leaf,
                ca,
                anchor: request.root,
            },
        )?;
        self.identity =
            Identity::load(&self.store, &mut self.platform).map_err(|_| Status::StorageFailed)?;
        ok(&certify::Reply {}, out)
    }

    pub(super) fn personalise(
        &mut self,
        request: &personalise::Request<'_>,
        next: Lifecycle,
        out: &mut [u8],
    ) -> Outcome {
        let certified = self.identity.certified.as_ref().ok_or(Status::NoSuchItem)?;
        if certified.serial() != request.serial {
            return Err(Status::SerialMismatch);
        }
        self.commit(next, &Item::Serial)?;
        ok(&personalise::Reply {}, out)
    }

    /// Every call makes a new code: one that was answered and lost on its way must not stay good.
    pub(super) fn seal(&mut self, next: Lifecycle, out: &mut [u8]) -> Outcome {
        if (0..GRANTS_MAX).any(|n| self.store.has(Place::Grant(n))) {
            return Err(Status::TooLate);
        }
        let code = self.new_owner_code(next)?;
        let owner_code = core::str::from_utf8(&code.text[..]).map_err(|_| Status::RandomFailed)?;
        ok(&seal::Reply { owner_code }, out)
    }

    /// Makes a new owner code and keeps its verifier; the one before is void.
    pub(super) fn new_owner_code(&mut self, next: Lifecycle) -> Result<OwnerCode, Status> {
        let certified = self.identity.certified.as_ref().ok_or(Status::NoSuchItem)?;
        let code = OwnerCode::make(&mut self.platform, certified.serial())
            .map_err(|RandomFault| Status::RandomFailed)?;
        let kept = self.kept(Secret::Verifier, &code.verifier)?;
        self.commit(next, &kept.item())?;
        Ok(code)
    }

    fn kept(&mut self, secret: Secret, plain: &Bytes) -> Result<Kept, Status> {
        Vault::of(&mut self.platform)
            .keep(secret, plain, |nonce| self.platform.random(nonce))
            .map_err(|RandomFault| Status::RandomFailed)
    }
}

/// A new key with its scalar. Drawn again until it is below the order of the curve, which nearly every
/// draw is (FIPS 186-5 §A.2.2); a source that fails that often is broken.
pub(super) fn new_key(
    platform: &mut impl Platform,
) -> Result<(Zeroizing<[u8; 32]>, DongleKey), Status> {
    let mut scalar = Zeroizing::new([0; 32]);
    for _ in 0..4 {
        platform
            .random(&mut scalar[..])
            .map_err(|RandomFault| Status::RandomFailed)?;
        if let Some(key) = DongleKey::from_scalar(&scalar) {
            return Ok((scalar, key));
        }
    }
    Err(Status::RandomFailed)
}

pub(super) fn hex<'o>(bytes: &[u8; 8], out: &'o mut [u8; 16]) -> &'o str {
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
        pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    core::str::from_utf8(out).unwrap_or_default()
}
