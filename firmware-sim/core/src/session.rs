//! Channels that said hello, and the one lease. RAM only: a reset ends both.

use tallykey_protocol::command::Command;
use tallykey_protocol::limits::{CHANNELS_MAX, LEASE_MS};
use tallykey_protocol::session::{Direction, Keys, open, seal};
use tallykey_protocol::status::Status;

/// Who spoke, and who holds the dongle.
pub(crate) struct Sessions {
    hellos: [Option<Hello>; CHANNELS_MAX],
    oldest: usize,
    lease: Option<Lease>,
}

/// SHA-256 of the last hello on a channel, request and reply: `open` binds them.
#[derive(Clone, Copy)]
struct Hello {
    channel: u32,
    digests: [[u8; 32]; 2],
}

/// The session of the one host that has the dongle.
struct Lease {
    channel: u32,
    keys: Keys,
    /// Digest of the transcript that the keys come from.
    transcript: [u8; 32],
    /// Highest sequence number seen.
    sequence: u64,
    opened_ms: u64,
    renewed_ms: u64,
}

impl Sessions {
    pub(crate) const fn new() -> Self {
        Self {
            hellos: [None; CHANNELS_MAX],
            oldest: 0,
            lease: None,
        }
    }

    /// Keeps what was said on `channel`. The oldest other channel makes room.
    pub(crate) fn said_hello(&mut self, channel: u32, digests: [[u8; 32]; 2]) {
        let hello = Some(Hello { channel, digests });
        match self
            .hellos
            .iter_mut()
            .find(|h| h.is_some_and(|h| h.channel == channel))
        {
            Some(place) => *place = hello,
            None => {
                self.hellos[self.oldest] = hello;
                self.oldest = (self.oldest + 1) % CHANNELS_MAX;
            }
        }
    }

    /// The hello of `channel`.
    pub(crate) fn hello(&self, channel: u32) -> Option<[[u8; 32]; 2]> {
        self.hellos
            .iter()
            .flatten()
            .find(|hello| hello.channel == channel)
            .map(|hello| hello.digests)
    }

    /// Ends a lease whose host fell silent.
    pub(crate) fn expire(&mut self, now_ms: u64) {
        if self
            .lease
            .as_ref()
            .is_some_and(|lease| now_ms.saturating_sub(lease.renewed_ms) >= LEASE_MS)
        {
            self.lease = None;
        }
    }

    /// How long ago the lease was opened, if there is one.
    pub(crate) fn age_ms(&self, now_ms: u64) -> Option<u64> {
        self.lease
            .as_ref()
            .map(|lease| now_ms.saturating_sub(lease.opened_ms))
    }

    /// Gives the dongle to the host on `channel`.
    pub(crate) fn begin(&mut self, channel: u32, keys: Keys, transcript: [u8; 32], now_ms: u64) {
        self.lease = Some(Lease {
            channel,
            keys,
            transcript,
            sequence: 0,
            opened_ms: now_ms,
            renewed_ms: now_ms,
        });
    }

    /// Digest of the transcript of the session.
    pub(crate) fn transcript(&self) -> Option<&[u8; 32]> {
        self.lease.as_ref().map(|lease| &lease.transcript)
    }

    /// Whether a host on another channel has the dongle.
    pub(crate) fn is_anothers(&self, channel: u32) -> bool {
        self.lease
            .as_ref()
            .is_some_and(|lease| lease.channel != channel)
    }

    /// Checks a session message and returns its sequence number and payload.
    ///
    /// A message that does not pass changes nothing: who cannot make a MAC cannot end a session either.
    pub(crate) fn unwrap<'b>(
        &mut self,
        channel: u32,
        command: Command,
        message: &'b [u8],
    ) -> Result<(u64, &'b [u8]), Status> {
        let lease = self
            .lease
            .as_mut()
            .filter(|lease| lease.channel == channel)
            .ok_or(Status::NoSession)?;
        let (sequence, payload) = open(&lease.keys, Direction::ToDongle, command, message)
            .map_err(|_| Status::MacInvalid)?;
        if sequence <= lease.sequence {
            return Err(Status::SequenceStale);
        }
        lease.sequence = sequence;
        Ok((sequence, payload))
    }

    /// The last message of the session once more, which [`Self::unwrap`] has passed.
    pub(crate) fn unwrap_again<'b>(
        &self,
        command: Command,
        message: &'b [u8],
    ) -> Result<(u64, &'b [u8]), Status> {
        let lease = self.lease.as_ref().ok_or(Status::NoSession)?;
        open(&lease.keys, Direction::ToDongle, command, message).map_err(|_| Status::MacInvalid)
    }

    /// Wraps the reply to the message with this sequence number.
    pub(crate) fn wrap(
        &self,
        sequence: u64,
        command: Command,
        reply: &[u8],
        out: &mut [u8],
    ) -> Result<usize, Status> {
        let lease = self.lease.as_ref().ok_or(Status::NoSession)?;
        seal(
            &lease.keys,
            Direction::ToHost,
            sequence,
            command,
            reply,
            out,
        )
        .map_err(|_| Status::NoRoom)
    }

    /// A valid heartbeat came, or cannot come.
    pub(crate) fn renew(&mut self, now_ms: u64) {
        if let Some(lease) = &mut self.lease {
            lease.renewed_ms = now_ms;
        }
    }

    /// The host closed the session.
    pub(crate) fn end(&mut self) {
        self.lease = None;
    }
}
