//! The host's side: the answer to one request on one channel.

use super::assembly::{Assembly, Step};
use super::command;
use super::error::{ErrorCode, FrameError};
use super::packet::{Body, Packet};
use crate::report::Report;

/// Collects the answer to one request. Reports of other channels are other hosts' answers, which
/// every open handle of a HID device sees too: they are passed over.
///
/// The `(state, event)` table, for packets of our own channel:
///
/// | event | waiting | collecting | over |
/// | --- | --- | --- | --- |
/// | KEEPALIVE | `KeepAlive` | `Interrupted` | pending |
/// | ERROR | `Device` | `Device` | pending |
/// | the request's command | begins | `Interrupted` | pending |
/// | another command | `WrongCommand` | `Interrupted` | pending |
/// | the next continuation | `Stray` | goes on | pending |
/// | another continuation | `Stray` | `Sequence` | pending |
///
/// How long to wait, and for how many reports, is the caller's to bound.
pub struct Exchange {
    channel: u32,
    command: u8,
    assembly: Assembly,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Waiting,
    Collecting,
    /// Answered or failed; later packets are not part of this exchange.
    Over,
}

/// What came of one report.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// More reports are needed, or this one was not for us.
    Pending,
    /// The device works on it; the byte is its status (CTAP 2.1 §11.2.9.1.7).
    KeepAlive(u8),
    /// The whole answer.
    Done(&'a [u8]),
    /// There is no answer to be had any more.
    Failed(FrameError),
}

impl Exchange {
    /// Awaits the answer to `command` (without bit 7) on `channel`.
    #[must_use]
    pub const fn new(channel: u32, command: u8) -> Self {
        Self {
            channel,
            command,
            assembly: Assembly::new(),
            state: State::Waiting,
        }
    }

    /// Takes one report.
    pub fn feed(&mut self, report: &Report) -> Progress<'_> {
        let packet = Packet::parse(report);
        if packet.channel != self.channel {
            return Progress::Pending;
        }
        match (self.state, packet.body) {
            (State::Over, _) => Progress::Pending,
            (
                State::Waiting | State::Collecting,
                Body::Start {
                    command: command::ERROR,
                    length,
                    data,
                },
            ) => self.fail(if length == 1 {
                FrameError::Device {
                    code: ErrorCode::from_byte(data[0]),
                }
            } else {
                FrameError::Notice
            }),
            (State::Collecting, Body::Start { .. }) => self.fail(FrameError::Interrupted),
            (
                State::Waiting,
                Body::Start {
                    command: command::KEEPALIVE,
                    length,
                    data,
                },
            ) => {
                if length == 1 {
                    Progress::KeepAlive(data[0])
                } else {
                    self.fail(FrameError::Notice)
                }
            }
            (State::Waiting, Body::Start { command, .. }) if command != self.command => {
                self.fail(FrameError::WrongCommand {
                    asked: self.command,
                    answered: command,
                })
            }
            (State::Waiting, Body::Start { length, data, .. }) => {
                match self.assembly.start(length, data) {
                    Ok(step) => self.advance(step),
                    Err(_) => self.fail(FrameError::Length { length }),
                }
            }
            (State::Waiting, Body::Next { .. }) => self.fail(FrameError::Stray),
            (State::Collecting, Body::Next { sequence, data }) => {
                match self.assembly.next(sequence, data) {
                    Ok(step) => self.advance(step),
                    Err(wrong) => self.fail(FrameError::Sequence {
                        due: wrong.due,
                        came: sequence,
                    }),
                }
            }
        }
    }

    fn advance(&mut self, step: Step) -> Progress<'_> {
        match step {
            Step::More => {
                self.state = State::Collecting;
                Progress::Pending
            }
            Step::Whole => {
                self.state = State::Over;
                Progress::Done(self.assembly.message())
            }
        }
    }

    fn fail(&mut self, error: FrameError) -> Progress<'_> {
        self.state = State::Over;
        Progress::Failed(error)
    }
}
