//! A message split into reports.

use super::error::TooLong;
use super::packet;
use crate::limits::MESSAGE_MAX;
use crate::report::Report;

/// The reports of one message, in order; at least one, also for an empty payload.
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    channel: u32,
    command: u8,
    length: u16,
    rest: &'a [u8],
    next: Next,
}

#[derive(Clone, Copy, Debug)]
enum Next {
    Start,
    Sequence(u8),
}

impl<'a> Packets<'a> {
    /// Splits `payload` for `channel`; `command` is given without bit 7.
    ///
    /// # Errors
    /// [`TooLong`] above [`MESSAGE_MAX`] bytes.
    pub fn new(channel: u32, command: u8, payload: &'a [u8]) -> Result<Self, TooLong> {
        match u16::try_from(payload.len()) {
            Ok(length) if payload.len() <= MESSAGE_MAX => Ok(Self {
                channel,
                command,
                length,
                rest: payload,
                next: Next::Start,
            }),
            _ => Err(TooLong {
                length: payload.len(),
            }),
        }
    }
}

impl Iterator for Packets<'_> {
    type Item = Report;

    fn next(&mut self) -> Option<Report> {
        let (report, taken) = match self.next {
            Next::Start => {
                self.next = Next::Sequence(0);
                packet::start(self.channel, self.command, self.length, self.rest)
            }
            Next::Sequence(_) if self.rest.is_empty() => return None,
            Next::Sequence(sequence) => {
                // 128 packets hold the longest message, so the number never wraps into use.
                self.next = Next::Sequence(sequence.wrapping_add(1));
                packet::next(self.channel, sequence, self.rest)
            }
        };
        self.rest = &self.rest[taken..];
        Some(report)
    }
}
