//! The commands: which may run now, in or out of a session, and what each does.

mod factory;
mod give;
mod info;
mod issuer;
mod licence;
mod opening;
mod pause;
mod testing;

use crate::identity::{self, Identity};
use crate::lifecycle::{self, After};
use crate::platform::{Flash, FlashFault, Platform};
use crate::session::Sessions;
use crate::store::{BootFault, Item, Store};
use crate::vault::Secret;
use pause::Stage;
use tallykey_protocol::cbor::{Full, Malformed};
use tallykey_protocol::command::{
    Command, Decode, Encode, close, encode_reply, heartbeat, self_test,
};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::{MESSAGE_OVERHEAD, PROOF_MAX};
use tallykey_protocol::status::Status;

/// Longest reply before its MAC: a proof and the heads around it.
pub(crate) const REPLY_MAX: usize = PROOF_MAX + MESSAGE_OVERHEAD;

/// Everything behind the framing.
pub(crate) struct Device<P> {
    pub(crate) platform: P,
    store: Store,
    identity: Identity,
    sessions: Sessions,
    /// Random number of this power-up.
    boot_id: [u8; 16],
    stage: Stage,
    /// A commit failed and the flash may hold either state: nothing is answered from RAM any more.
    broken: bool,
    /// Two of the longest records: what a command reads or writes down, and what it makes of it.
    work: [u8; 2 * PROOF_MAX],
}

/// What a command left in the reply buffer, or why it did not.
type Outcome = Result<usize, Status>;

impl<P: Platform> Device<P> {
    pub(crate) fn boot(mut platform: P) -> Result<Self, (P, BootFault)> {
        match Self::start(&mut platform) {
            Ok((store, identity, boot_id)) => Ok(Self {
                platform,
                store,
                identity,
                sessions: Sessions::new(),
                boot_id,
                stage: Stage::First,
                broken: false,
                work: [0; 2 * PROOF_MAX],
            }),
            Err(fault) => Err((platform, fault)),
        }
    }

    fn start(platform: &mut P) -> Result<(Store, Identity, [u8; 16]), BootFault> {
        let store = Store::boot(platform.flash())?;
        let identity = Identity::load(&store, platform)?;
        // Not kept in RAM: only that it can be read when it is needed.
        identity::secret(&store, platform, Secret::Verifier)?;
        let mut boot_id = [0; 16];
        platform.random(&mut boot_id).map_err(BootFault::Random)?;
        Ok((store, identity, boot_id))
    }

    /// Answers one request into `out`; returns the length of the answer, or none while the request has to
    /// wait: then it is to be brought again once [`Self::wait_on`] says no. `plain` holds a session's reply before its
    /// MAC.
    pub(crate) fn answer(
        &mut self,
        channel: u32,
        command: Command,
        request: &[u8],
        plain: &mut [u8; REPLY_MAX],
        out: &mut [u8],
    ) -> Option<usize> {
        self.tick();
        let outcome = if command.in_session() {
            self.in_session(channel, command, request, plain, out)
        } else {
            self.run(channel, command, request, out)
        };
        let length = outcome.unwrap_or_else(|status| refuse(status, out));
        if self.is_waiting() {
            return None;
        }
        self.stage = Stage::First;
        Some(length)
    }

    /// Ends a lease whose time is over. While its request waits it does not run.
    pub(crate) fn tick(&mut self) {
        let now_ms = self.platform.now_ms();
        if !self.is_waiting() {
            self.sessions.expire(now_ms);
        }
    }

    /// Whether a host on another channel has the dongle.
    pub(crate) fn is_anothers(&self, channel: u32) -> bool {
        self.sessions.is_anothers(channel)
    }

    /// Forgets who spoke and who held the lease.
    pub(crate) fn bus_reset(&mut self) {
        self.sessions = Sessions::new();
        self.wait_no_more();
    }

    /// A refusal before the MAC is known to be good goes out bare: there is no one to make a MAC for.
    fn in_session(
        &mut self,
        channel: u32,
        command: Command,
        request: &[u8],
        plain: &mut [u8; REPLY_MAX],
        out: &mut [u8],
    ) -> Outcome {
        let (sequence, request) = match self.stage {
            Stage::First => self.sessions.unwrap(channel, command, request)?,
            _ => self.sessions.unwrap_again(command, request)?,
        };
        let length = self
            .run(channel, command, request, plain)
            .unwrap_or_else(|status| refuse(status, plain));
        let length = self.sessions.wrap(sequence, command, &plain[..length], out);
        // A recycled dongle has no one to have a session with.
        if command == Command::Close || self.lifecycle() == Lifecycle::Blank {
            self.sessions.end();
        }
        length
    }

    fn run(&mut self, channel: u32, command: Command, request: &[u8], out: &mut [u8]) -> Outcome {
        let after = lifecycle::after(self.lifecycle(), command).ok_or(Status::WrongLifecycle)?;
        let After { next, .. } = after;
        if self.broken {
            return Err(Status::StorageFailed);
        }
        match command {
            Command::Hello => self.hello(channel, request, out),
            Command::Certificate => self.certificate(&decode(request)?, out),
            Command::Open => self.open(channel, &decode(request)?, out),
            Command::Heartbeat => self.heartbeat(&decode(request)?, out),
            Command::Prove => self.prove(&decode(request)?, out),
            Command::Grant => self.grant(&decode(request)?, out),
            Command::Receipt => self.receipt(&decode(request)?, out),
            Command::Update => self.update(&decode(request)?, next, out),
            Command::Convert | Command::Retire => self.give(command, &decode(request)?, after, out),
            Command::Acknowledge => self.acknowledge(&decode(request)?, next, out),
            Command::Instruct => self.instruct(&decode(request)?, after, out),
            Command::Time => self.time(&decode(request)?, next, out),
            Command::Revoke => self.revoke(&decode(request)?, next, out),
            Command::SelfTest => {
                decode(request).and_then(|self_test::Request {}| self.self_test(out))
            }
            Command::Close => {
                decode(request).and_then(|close::Request {}| ok(&close::Reply {}, out))
            }
            Command::MakeKey => self.make_key(&decode(request)?, next, out),
            Command::Certify => self.certify(&decode(request)?, next, out),
            Command::Personalise => self.personalise(&decode(request)?, next, out),
            Command::Seal => decode(request)
                .and_then(|_: tallykey_protocol::command::Empty| self.seal(next, out)),
        }
    }

    fn heartbeat(&mut self, request: &heartbeat::Request, out: &mut [u8]) -> Outcome {
        let now_ms = self.platform.now_ms();
        self.sessions.renew(now_ms);
        ok(
            &heartbeat::Reply {
                nonce: request.nonce,
                counter: self.store.meta().counter,
            },
            out,
        )
    }

    pub(crate) fn lifecycle(&self) -> Lifecycle {
        self.store.meta().lifecycle
    }

    /// The one way to change anything that is remembered.
    fn commit(&mut self, next: Lifecycle, item: &Item<'_>) -> Result<(), Status> {
        let mut keep = Keep {
            store: &mut self.store,
            flash: self.platform.flash(),
            stage: &mut self.stage,
            broken: &mut self.broken,
        };
        keep.commit(next, item)
    }
}

/// What a commit needs of the device, where the item borrows from another part of it.
struct Keep<'d, F> {
    store: &'d mut Store,
    flash: &'d mut F,
    stage: &'d mut Stage,
    broken: &'d mut bool,
}

impl<F: Flash> Keep<'_, F> {
    fn commit(&mut self, next: Lifecycle, item: &Item<'_>) -> Result<(), Status> {
        pause::make_room(self.store, self.stage, self.store.size(item))?;
        self.store
            .commit(self.flash, next, item)
            .map_err(|FlashFault| {
                *self.broken = true;
                Status::StorageFailed
            })
    }
}

fn decode<'b, T: Decode<'b>>(request: &'b [u8]) -> Result<T, Status> {
    T::decode(request).map_err(|_: Malformed| Status::Malformed)
}

/// Leaves a reply that says yes.
fn ok(body: &impl Encode, out: &mut [u8]) -> Outcome {
    encode_reply(out, Status::Ok, body).map_err(|Full| Status::NoRoom)
}

/// Leaves a reply that says no.
fn refuse(status: Status, out: &mut [u8]) -> usize {
    out.first_mut().map_or(0, |first| {
        *first = status.code();
        1
    })
}
