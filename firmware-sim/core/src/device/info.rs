//! What anyone may ask: `hello` and `certificate`.

use super::factory::hex;
use super::{Device, Outcome, decode, ok};
use crate::platform::Platform;
use crate::store::Place;
use sha2::{Digest, Sha256};
use tallykey_protocol::command::{certificate, hello};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::{CERT_MAX, MESSAGE_MAX, SERIAL_MAX};
use tallykey_protocol::status::Status;

/// Version of this firmware.
pub(super) const FIRMWARE: &str = env!("CARGO_PKG_VERSION");

impl<P: Platform> Device<P> {
    pub(super) fn hello(&mut self, channel: u32, request: &[u8], out: &mut [u8]) -> Outcome {
        let versions: hello::Request = decode(request)?;
        hello::negotiate(versions, hello::VERSION_MIN, hello::VERSION)
            .ok_or(Status::VersionUnsupported)?;
        let lifecycle = self.lifecycle();
        let reply = hello::Reply {
            min: hello::VERSION_MIN,
            current: hello::VERSION,
            chip_id: self.platform.chip_id(),
            serial: self.serial(),
            lifecycle,
            simulated: self.platform.simulated(),
            firmware: FIRMWARE,
            message_max: MESSAGE_MAX as u16,
        };
        let length = ok(&reply, out)?;
        let digests = [
            Sha256::digest(request).into(),
            Sha256::digest(&out[..length]).into(),
        ];
        self.sessions.said_hello(channel, digests);
        Ok(length)
    }

    /// The serial that it has been given.
    fn serial(&self) -> Option<&str> {
        // A certificate alone is no identity yet: `personalise` makes it one.
        let certified = self.identity.certified.as_ref();
        certified
            .filter(|_| self.lifecycle() != Lifecycle::Blank)
            .map(|certified| certified.serial())
    }

    /// What USB shows as the serial: its own, or the chip id while it has none.
    pub(crate) fn usb_serial<'o>(&self, out: &'o mut [u8; SERIAL_MAX]) -> &'o str {
        let Some(serial) = self.serial() else {
            let id = out.first_chunk_mut();
            return id.map_or("", |id| hex(&self.platform.chip_id(), id));
        };
        let out = &mut out[..serial.len()];
        out.copy_from_slice(serial.as_bytes());
        core::str::from_utf8(out).unwrap_or_default()
    }

    pub(super) fn certificate(
        &mut self,
        request: &certificate::Request,
        out: &mut [u8],
    ) -> Outcome {
        let digest = self
            .identity
            .certified
            .as_ref()
            .ok_or(Status::NoSuchItem)?
            .digest;
        if request.known == Some(digest) {
            return ok(
                &certificate::Reply {
                    digest,
                    chain: None,
                },
                out,
            );
        }
        let (leaf, ca) = self.work.split_at_mut(CERT_MAX);
        let flash = self.platform.flash();
        let leaf = self
            .store
            .read(flash, Place::Leaf, leaf)?
            .ok_or(Status::NoSuchItem)?;
        let ca = self
            .store
            .read(flash, Place::Ca, &mut ca[..CERT_MAX])?
            .ok_or(Status::NoSuchItem)?;
        ok(
            &certificate::Reply {
                digest,
                chain: Some([leaf, ca]),
            },
            out,
        )
    }
}
