//! `self-test`.

use super::{Device, Outcome, ok};
use crate::platform::Platform;
use crate::store::Store;
use tallykey_protocol::command::self_test;
use tallykey_protocol::cose;

impl<P: Platform> Device<P> {
    /// Writes nothing: a host that asks all day wears nothing out.
    pub(super) fn self_test(&mut self, out: &mut [u8]) -> Outcome {
        // What a restart would find, read and checked as a restart does.
        let found = Store::boot(self.platform.flash());
        let counter = found
            .as_ref()
            .is_ok_and(|found| found.meta().counter == self.store.meta().counter);
        let mut draws = [[0; 32]; 2];
        let random = draws
            .iter_mut()
            .all(|draw| self.platform.random(draw).is_ok())
            && draws[0] != draws[1];
        let key = self.identity.key.as_ref().map(|key| {
            // Fixed bytes: what comes out is thrown away, and proves nothing to anyone.
            let digest = [0x5A; 32];
            key.sign(&digest).is_some_and(|signature| {
                cose::verify_digest(key.public(), &digest, &signature).is_ok()
            })
        });
        let reply = self_test::Reply {
            flash: found.is_ok(),
            random,
            key,
            counter,
        };
        ok(&reply, out)
    }
}
