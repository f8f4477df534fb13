//! The buffer in which one message grows, for device and host alike.

use super::packet::{NEXT_DATA, START_DATA};
use crate::limits::MESSAGE_MAX;

/// Bytes of a message and how many of them are here. `filled <= total <= MESSAGE_MAX`, always.
pub(super) struct Assembly {
    buffer: [u8; MESSAGE_MAX],
    total: usize,
    filled: usize,
    due: u8,
}

/// Whether a packet was the last of its message.
pub(super) enum Step {
    More,
    Whole,
}

/// The announced length is above [`MESSAGE_MAX`].
pub(super) struct Oversized;

/// A continuation packet with another number than the next.
pub(super) struct OutOfOrder {
    pub(super) due: u8,
}

impl Assembly {
    pub(super) const fn new() -> Self {
        Self {
            buffer: [0; MESSAGE_MAX],
            total: 0,
            filled: 0,
            due: 0,
        }
    }

    /// Begins a message; what was there before is forgotten.
    pub(super) fn start(
        &mut self,
        length: u16,
        data: &[u8; START_DATA],
    ) -> Result<Step, Oversized> {
        let total = usize::from(length);
        if total > MESSAGE_MAX {
            return Err(Oversized);
        }
        self.total = total;
        self.filled = 0;
        self.due = 0;
        Ok(self.append(data))
    }

    pub(super) fn next(
        &mut self,
        sequence: u8,
        data: &[u8; NEXT_DATA],
    ) -> Result<Step, OutOfOrder> {
        if sequence != self.due {
            return Err(OutOfOrder { due: self.due });
        }
        self.due = self.due.wrapping_add(1);
        Ok(self.append(data))
    }

    /// The bytes that are here; the whole message after [`Step::Whole`].
    pub(super) fn message(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// Bytes past the announced length are padding and not looked at: §11.2.4 asks for zeros but
    /// gives no error for others.
    fn append(&mut self, data: &[u8]) -> Step {
        let taken = data.len().min(self.total - self.filled);
        self.buffer[self.filled..self.filled + taken].copy_from_slice(&data[..taken]);
        self.filled += taken;
        if self.filled == self.total {
            Step::Whole
        } else {
            Step::More
        }
    }
}
