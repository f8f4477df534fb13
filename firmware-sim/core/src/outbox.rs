//! What the dongle has to say and the host has not fetched yet: at most one message, and the short reports
//! that framing owes. Both bounded, so that a host that writes and never reads costs nothing.

use tallykey_protocol::frame::Packets;
use tallykey_protocol::limits::MESSAGE_MAX;
use tallykey_protocol::report::Report;

/// Reports of framing kept. A host that reads gets one per report it writes; those of one that does not
/// are dropped, which its own time-outs cover.
const URGENT_MAX: usize = 8;

pub(crate) struct Outbox {
    message: [u8; MESSAGE_MAX],
    sending: Option<Sending>,
    urgent: [Report; URGENT_MAX],
    first: usize,
    waiting: usize,
}

#[derive(Clone, Copy)]
struct Sending {
    channel: u32,
    command: u8,
    length: usize,
    /// The next packet of it, from 0.
    next: usize,
}

impl Outbox {
    pub(crate) const fn new() -> Self {
        Self {
            message: [0; MESSAGE_MAX],
            sending: None,
            urgent: [[0; 64]; URGENT_MAX],
            first: 0,
            waiting: 0,
        }
    }

    /// Whether a message for a channel other than `channel` is still being fetched.
    pub(crate) fn busy_for_other(&self, channel: u32) -> bool {
        self.sending.is_some_and(|s| s.channel != channel)
    }

    /// Sends what `write` leaves in the buffer, as one message. What its channel has not fetched of an
    /// earlier message is dropped: by asking again, the host has given that up.
    pub(crate) fn send(
        &mut self,
        channel: u32,
        command: u8,
        write: impl FnOnce(&mut [u8]) -> usize,
    ) {
        self.send_if(channel, command, |out| Some(write(out)));
    }

    /// Sends what `write` leaves in the buffer, if it does; whether there is a message now.
    pub(crate) fn send_if(
        &mut self,
        channel: u32,
        command: u8,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> bool {
        self.sending = write(&mut self.message).map(|length| Sending {
            channel,
            command,
            length: length.min(MESSAGE_MAX),
            next: 0,
        });
        self.sending.is_some()
    }

    /// Drops what was not fetched of a message: its host asks for something else.
    pub(crate) const fn give_up(&mut self) {
        self.sending = None;
    }

    /// Sends one report of framing, before what is left of a message.
    pub(crate) fn send_urgent(&mut self, report: Report) {
        if self.waiting < URGENT_MAX {
            self.urgent[(self.first + self.waiting) % URGENT_MAX] = report;
            self.waiting += 1;
        }
    }

    /// The next report for the host.
    pub(crate) fn next(&mut self) -> Option<Report> {
        if self.waiting > 0 {
            let report = self.urgent[self.first];
            self.first = (self.first + 1) % URGENT_MAX;
            self.waiting -= 1;
            return Some(report);
        }
        let sending = self.sending.as_mut()?;
        let mut packets = Packets::new(
            sending.channel,
            sending.command,
            &self.message[..sending.length],
        )
        .ok()?
        .skip(sending.next);
        let report = packets.next();
        let last = packets.next().is_none();
        sending.next += 1;
        if last {
            self.sending = None;
        }
        report
    }

    /// Forgets everything: the host is gone.
    pub(crate) fn clear(&mut self) {
        self.sending = None;
        self.waiting = 0;
    }
}
