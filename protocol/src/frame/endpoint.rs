//! The device's side: reports of any number of hosts in, whole messages out.

use super::assembly::{Assembly, Step};
use super::channels::Channels;
use super::error::{ErrorCode, error_report};
use super::init::{DeviceInfo, NONCE_LEN, init_reply};
use super::packet::{Body, Packet, START_DATA};
use super::{BROADCAST, command};
use crate::limits::{LOCK_MAX_S, MESSAGE_TIME_MS, PACKET_GAP_MS};
use crate::report::Report;

/// The framing half of a device (CTAP 2.1 §11.2): one message is assembled at a time.
///
/// The `(state, event)` table; an event is a packet and where it came from:
///
/// | event | idle | assembling on this channel | holding one of this channel | another channel's |
/// | --- | --- | --- | --- | --- |
/// | INIT, 8 bytes, broadcast | new channel | – | – | `ChannelBusy` |
/// | INIT, 8 bytes, known channel | same channel | drops it, same channel | drops it, same channel | `ChannelBusy` |
/// | PING, WINK, LOCK, vendor | begins | drops it, `InvalidSequence` | `ChannelBusy` | `ChannelBusy` |
/// | CANCEL | out | drops it, no answer | out | no answer |
/// | any other command | `InvalidCommand` | drops it, `InvalidSequence` | `ChannelBusy` | `ChannelBusy` |
/// | the next continuation | no answer | goes on | no answer | no answer |
/// | another continuation | no answer | drops it, `InvalidSequence` | no answer | no answer |
/// | time over | – | drops it, `MessageTimeout` | – | – |
///
/// While a channel has the lock, every other is answered as in the last column.
///
/// Before the table: a start on a channel never given out, on channel 0, or on the broadcast
/// channel other than INIT is `InvalidChannel`; its continuations get no answer.
pub struct Endpoint {
    info: DeviceInfo,
    channels: Channels,
    assembly: Assembly,
    state: State,
    lock: Option<Lock>,
}

/// A channel that keeps the others out (§11.2.9.2.2).
#[derive(Clone, Copy)]
struct Lock {
    channel: u32,
    /// When it ends, ms.
    end: u64,
}

#[derive(Clone, Copy)]
enum State {
    Idle,
    Assembling {
        channel: u32,
        command: u8,
        /// When the next packet must be here, ms.
        due: u64,
        /// When the whole message must be here, ms.
        end: u64,
    },
    /// The message is whole and its answer is not there yet.
    Holding {
        channel: u32,
        command: u8,
    },
}

/// A whole request that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held<'a> {
    /// The channel to answer on.
    pub channel: u32,
    /// Command code without bit 7.
    pub command: u8,
    /// The message, at most 7,609 bytes.
    pub payload: &'a [u8],
}

/// What came of one report.
#[derive(Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// Nothing to do or to send.
    Nothing,
    /// Send this report: INIT's answer or an ERROR packet.
    Reply(Report),
    /// A whole message: PING, WINK, LOCK, CANCEL or a vendor command (without bit 7).
    Message {
        /// The channel to answer on.
        channel: u32,
        /// Command code without bit 7.
        command: u8,
        /// The message, at most 7,609 bytes.
        payload: &'a [u8],
    },
}

impl Endpoint {
    /// A device after a bus reset: no channel given out, nothing under way.
    #[must_use]
    pub const fn new(info: DeviceInfo) -> Self {
        Self {
            info,
            channels: Channels::new(),
            assembly: Assembly::new(),
            state: State::Idle,
            lock: None,
        }
    }

    /// Keeps the message that has just come out, for as long as its answer takes.
    pub const fn hold(&mut self, channel: u32, command: u8) {
        self.state = State::Holding { channel, command };
    }

    /// The request whose answer is still due.
    #[must_use]
    pub fn held(&self) -> Option<Held<'_>> {
        match self.state {
            State::Holding { channel, command } => Some(Held {
                channel,
                command,
                payload: self.assembly.message(),
            }),
            State::Idle | State::Assembling { .. } => None,
        }
    }

    /// Ends holding: the request was answered, or is not to be.
    pub fn release(&mut self) {
        if let State::Holding { .. } = self.state {
            self.state = State::Idle;
        }
    }

    /// Gives the lock to `channel` for these seconds; 0 takes it back.
    pub const fn lock(&mut self, channel: u32, seconds: u8, now_ms: u64) {
        let end = now_ms.saturating_add(seconds as u64 * 1000);
        self.lock = if seconds == 0 {
            None
        } else {
            Some(Lock { channel, end })
        };
    }

    /// Takes one report. `now_ms` only ever rises; `random` becomes the id if a channel is given.
    pub fn receive(&mut self, report: &Report, now_ms: u64, random: u32) -> Input<'_> {
        let packet = Packet::parse(report);
        let channel = packet.channel;
        // A message that ran out of time must not keep this packet out, even where the device
        // did not get round to `tick`.
        if let Some(late) = self.tick(now_ms)
            && report[..4] == late[..4]
            && matches!(packet.body, Body::Next { .. })
        {
            return Input::Reply(late);
        }
        match packet.body {
            Body::Next { sequence, data } => match self.state {
                State::Assembling {
                    channel: own,
                    command,
                    end,
                    ..
                } if own == channel => match self.assembly.next(sequence, data) {
                    Ok(step) => self.advance(step, channel, command, now_ms, end),
                    Err(_) => self.drop_with(channel, ErrorCode::InvalidSequence),
                },
                // §11.2.5.4: spurious continuation packets are ignored.
                State::Assembling { .. } | State::Holding { .. } | State::Idle => Input::Nothing,
            },
            Body::Start {
                command,
                length,
                data,
            } => self.start(channel, command, length, data, now_ms, random),
        }
    }

    /// Gives up a message whose time is over; the report, if any, tells its host.
    pub fn tick(&mut self, now_ms: u64) -> Option<Report> {
        match self.state {
            State::Assembling { channel, due, .. } if now_ms >= due => {
                self.state = State::Idle;
                Some(error_report(channel, ErrorCode::MessageTimeout))
            }
            State::Assembling { .. } | State::Holding { .. } | State::Idle => None,
        }
    }

    fn start(
        &mut self,
        channel: u32,
        command: u8,
        length: u16,
        data: &[u8; START_DATA],
        now_ms: u64,
        random: u32,
    ) -> Input<'_> {
        let known = self.channels.knows(channel);
        if command == command::CANCEL {
            return self.cancel(channel, known, length);
        }
        let joins = channel == BROADCAST && command == command::INIT;
        if !known && !joins {
            return Input::Reply(error_report(channel, ErrorCode::InvalidChannel));
        }
        let busy = Input::Reply(error_report(channel, ErrorCode::ChannelBusy));
        if self
            .lock
            .is_some_and(|lock| lock.channel != channel && now_ms < lock.end)
        {
            return busy;
        }
        match (self.state, command) {
            (State::Assembling { channel: own, .. } | State::Holding { channel: own, .. }, _)
                if own != channel =>
            {
                busy
            }
            (_, command::INIT) => self.init(channel, length, data, random),
            (State::Holding { .. }, _) => busy,
            (State::Assembling { .. }, _) => self.drop_with(channel, ErrorCode::InvalidSequence),
            (State::Idle, command::WINK) if length != 0 => {
                self.drop_with(channel, ErrorCode::InvalidLength)
            }
            (State::Idle, command::LOCK) if length != 1 => {
                self.drop_with(channel, ErrorCode::InvalidLength)
            }
            (State::Idle, command::LOCK) if data[0] > LOCK_MAX_S => {
                self.drop_with(channel, ErrorCode::InvalidParameter)
            }
            (
                State::Idle,
                command::PING
                | command::WINK
                | command::LOCK
                | command::VENDOR_FIRST..=command::VENDOR_LAST,
            ) => match self.assembly.start(length, data) {
                Ok(step) => {
                    let end = now_ms.saturating_add(MESSAGE_TIME_MS);
                    self.advance(step, channel, command, now_ms, end)
                }
                Err(_) => self.drop_with(channel, ErrorCode::InvalidLength),
            },
            (State::Idle, _) => self.drop_with(channel, ErrorCode::InvalidCommand),
        }
    }

    /// §11.2.9.1.5: CANCEL is never answered, whatever is wrong with it.
    fn cancel(&mut self, channel: u32, known: bool, length: u16) -> Input<'_> {
        match self.state {
            State::Assembling { channel: own, .. } if own == channel => {
                self.state = State::Idle;
                Input::Nothing
            }
            State::Holding { channel: own, .. } if own != channel => Input::Nothing,
            State::Idle | State::Holding { .. } if known && length == 0 => Input::Message {
                channel,
                command: command::CANCEL,
                payload: &[],
            },
            State::Assembling { .. } | State::Holding { .. } | State::Idle => Input::Nothing,
        }
    }

    fn init(
        &mut self,
        channel: u32,
        length: u16,
        data: &[u8; START_DATA],
        random: u32,
    ) -> Input<'_> {
        let nonce = match data.first_chunk::<NONCE_LEN>() {
            Some(nonce) if usize::from(length) == NONCE_LEN => nonce,
            _ => return self.drop_with(channel, ErrorCode::InvalidLength),
        };
        self.state = State::Idle;
        let given = if channel == BROADCAST {
            self.channels.give(random)
        } else {
            channel
        };
        Input::Reply(init_reply(channel, given, nonce, self.info))
    }

    fn advance(
        &mut self,
        step: Step,
        channel: u32,
        command: u8,
        now_ms: u64,
        end: u64,
    ) -> Input<'_> {
        match step {
            Step::More => {
                self.state = State::Assembling {
                    channel,
                    command,
                    due: now_ms.saturating_add(PACKET_GAP_MS).min(end),
                    end,
                };
                Input::Nothing
            }
            Step::Whole => {
                self.state = State::Idle;
                self.channels.used(channel);
                Input::Message {
                    channel,
                    command,
                    payload: self.assembly.message(),
                }
            }
        }
    }

    fn drop_with(&mut self, channel: u32, code: ErrorCode) -> Input<'_> {
        self.state = State::Idle;
        Input::Reply(error_report(channel, code))
    }
}
