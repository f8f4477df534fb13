//! `open`: session and lease.

use super::{Device, Outcome, factory::new_key, ok};
use crate::platform::{Platform, RandomFault};
use tallykey_protocol::cbor::Full;
use tallykey_protocol::command::{encode_reply, open};
use tallykey_protocol::limits::NONCE_LEN;
use tallykey_protocol::proof::{Kind, Opening};
use tallykey_protocol::session::{Keys, Transcript, public_key};
use tallykey_protocol::status::Status;

impl<P: Platform> Device<P> {
    pub(super) fn open(
        &mut self,
        channel: u32,
        request: &open::Request,
        out: &mut [u8],
    ) -> Outcome {
        let hello = self.sessions.hello(channel).ok_or(Status::HelloFirst)?;
        let now_ms = self.platform.now_ms();
        if let Some(age_ms) = self.sessions.age_ms(now_ms) {
            return encode_reply(out, Status::Busy, &open::Busy { age_ms })
                .map_err(|Full| Status::NoRoom);
        }
        let certificate = self
            .identity
            .certified
            .as_ref()
            .ok_or(Status::NoSuchItem)?
            .digest;
        let (scalar, _) = new_key(&mut self.platform)?;
        let ephemeral =
            p256::SecretKey::from_slice(&scalar[..]).map_err(|_| Status::RandomFailed)?;
        let dongle_ephemeral = public_key(&ephemeral);
        let mut dongle_nonce = [0; NONCE_LEN];
        self.platform
            .random(&mut dongle_nonce)
            .map_err(|RandomFault| Status::RandomFailed)?;

        let transcript = Transcript {
            hello: &hello,
            channel,
            host_id: &request.host_id,
            host_nonce: &request.nonce,
            dongle_nonce: &dongle_nonce,
            host_ephemeral: &request.ephemeral,
            dongle_ephemeral: &dongle_ephemeral,
            certificate: &certificate,
        }
        .digest();
        let keys = Keys::agree(&ephemeral, &request.ephemeral, &transcript)
            .map_err(|_| Status::PointInvalid)?;
        let opening = Opening {
            transcript,
            dongle_nonce,
            host_ephemeral: request.ephemeral,
            dongle_ephemeral,
        };
        let proof = self.sign_proof(Kind::Open, request.nonce, Some(opening))?;
        let length = ok(&open::Reply { proof }, out)?;
        self.sessions.begin(channel, keys, transcript, now_ms);
        Ok(length)
    }
}
