//! Devices made to hurt the host (threat A20), each in the place of the core.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;
use tallykey_protocol::command::{Encode, hello};
use tallykey_protocol::frame::{DeviceInfo, Endpoint, Input, Packets, keepalive, keepalive_report};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::MESSAGE_MAX;
use tallykey_protocol::report::Report;

/// Reports that an endless mode makes before its host has a turn.
const BURST: u32 = 64;

/// A serial that clears a terminal.
pub(crate) const CONTROL_SERIAL: &str = "SIM\u{1b}[2J";

/// What a hostile device does.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Mode {
    /// Answers nothing, not even the request for a channel
    Mute,
    /// Gives a channel, and then nothing
    Silence,
    /// Says without end that it is at work
    Keepalive,
    /// Sends fragments of somebody else's messages without end
    Fragments,
    /// Sends an answer that never ends
    Unending,
    /// Answers with messages of no bytes
    Empty,
    /// Answers on channels that nobody has; on USB, from the next attach, under another product's id
    WrongId,
    /// Has control characters in its serial, in hello and, from the next attach, on USB
    ControlSerial,
    /// Answers with these bytes, whatever it is asked, one after the other and from the start again
    Answers {
        /// Each in hex: 00a0 is a status and an empty map
        #[arg(required = true, value_name = "HEX")]
        answers: Vec<Answer>,
    },
    /// Is the real dongle, and pulls itself out in the middle
    Vanish {
        /// After how many reports, both ways together
        #[arg(value_name = "REPORTS")]
        after: NonZeroU64,
    },
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mute => "mute",
            Self::Silence => "silence",
            Self::Keepalive => "keepalive",
            Self::Fragments => "fragments",
            Self::Unending => "unending",
            Self::Empty => "empty",
            Self::WrongId => "wrong-id",
            Self::ControlSerial => "control-serial",
            Self::Answers { .. } => "answers",
            Self::Vanish { .. } => "vanish",
        })
    }
}

/// The bytes of one answer, as many as a message may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Answer(Vec<u8>);

/// Text that is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// It is not hex.
    #[error("say the bytes in hex, two digits each: 00a0")]
    NotHex,
    /// No message is that long.
    #[error("a message has at most {MESSAGE_MAX} bytes, and these are {length}")]
    TooLong {
        /// How many.
        length: usize,
    },
}

impl TryFrom<Vec<u8>> for Answer {
    type Error = BadAnswer;

    fn try_from(bytes: Vec<u8>) -> Result<Self, BadAnswer> {
        if bytes.len() <= MESSAGE_MAX {
            Ok(Self(bytes))
        } else {
            Err(BadAnswer::TooLong {
                length: bytes.len(),
            })
        }
    }
}

impl FromStr for Answer {
    type Err = BadAnswer;

    fn from_str(text: &str) -> Result<Self, BadAnswer> {
        if !text.len().is_multiple_of(2) || !text.bytes().all(|c| c.is_ascii_hexdigit()) {
            return Err(BadAnswer::NotHex);
        }
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| BadAnswer::NotHex);
        let bytes: Result<Vec<u8>, _> = (0..text.len()).step_by(2).map(byte).collect();
        bytes?.try_into()
    }
}

impl TryFrom<String> for Answer {
    type Error = BadAnswer;

    fn try_from(text: String) -> Result<Self, BadAnswer> {
        text.parse()
    }
}

impl From<Answer> for String {
    fn from(answer: Answer) -> Self {
        answer.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A hostile device: it speaks framing, and then does as its mode says.
pub(super) struct Impostor {
    mode: Mode,
    endpoint: Endpoint,
    /// Channel and command of the last request.
    asked: Option<(u32, u8)>,
    ready: VecDeque<Report>,
    /// Reports of an endless mode since it was asked.
    sent: usize,
    /// Requests so far.
    requests: usize,
    burst: u32,
}

impl Impostor {
    pub(super) fn new(mode: Mode) -> Self {
        let info = DeviceInfo {
            version: [0; 3],
            capabilities: 0,
        };
        Self {
            mode,
            endpoint: Endpoint::new(info),
            asked: None,
            ready: VecDeque::new(),
            sent: 0,
            requests: 0,
            burst: 0,
        }
    }

    pub(super) const fn mode(&self) -> &Mode {
        &self.mode
    }

    pub(super) fn bus_reset(&mut self) {
        *self = Self::new(self.mode.clone());
    }

    pub(super) fn accept(&mut self, report: &Report, now_ms: u64) {
        // Any channel id will do for a device that has one host at a time.
        match self.endpoint.receive(report, now_ms, 7) {
            Input::Nothing => {}
            Input::Reply(_) if self.mode == Mode::Mute => {}
            Input::Reply(reply) => self.ready.push_back(reply),
            Input::Message {
                channel, command, ..
            } => {
                self.asked = Some((channel, command));
                self.sent = 0;
                self.ready = self.answer(channel, command).into();
                self.requests += 1;
            }
        }
    }

    /// The host has had its turn.
    pub(super) fn turn(&mut self) {
        self.burst = BURST;
    }

    /// Whether there is more to say without being asked again.
    pub(super) fn is_endless(&self) -> bool {
        let endless = matches!(
            self.mode,
            Mode::Keepalive | Mode::Fragments | Mode::Unending
        );
        endless && self.asked.is_some()
    }

    pub(super) fn next_report(&mut self) -> Option<Report> {
        if let Some(report) = self.ready.pop_front() {
            return Some(report);
        }
        let (channel, command) = self.asked.filter(|_| self.is_endless())?;
        self.burst = self.burst.checked_sub(1)?;
        self.sent += 1;
        Some(self.endless(channel, command))
    }

    /// What a request is answered with, once.
    fn answer(&self, channel: u32, command: u8) -> Vec<Report> {
        match &self.mode {
            Mode::Empty => message(channel, command, &[]),
            Mode::WrongId => message(channel.wrapping_add(1), command, &hello("SIM-0001")),
            Mode::ControlSerial => message(channel, command, &hello(CONTROL_SERIAL)),
            Mode::Answers { answers } => {
                let answer = answers.get(self.requests % answers.len().max(1));
                answer.map_or_else(Vec::new, |answer| message(channel, command, &answer.0))
            }
            Mode::Mute
            | Mode::Silence
            | Mode::Keepalive
            | Mode::Fragments
            | Mode::Unending
            | Mode::Vanish { .. } => Vec::new(),
        }
    }

    /// The next of the reports that never end.
    fn endless(&self, channel: u32, asked: u8) -> Report {
        match self.mode {
            Mode::Fragments => {
                let mut fragment = message(channel.wrapping_add(1), asked, &[])[0];
                // A sequence number, where an initial packet has its command.
                fragment[4] = (self.sent % 128) as u8;
                fragment
            }
            Mode::Unending => {
                let whole = message(channel, asked, &[0x5A; MESSAGE_MAX]);
                // Never the last one: from the 128th on, the one before it again and again.
                whole[(self.sent - 1).min(whole.len() - 2)]
            }
            _ => keepalive_report(channel, keepalive::PROCESSING),
        }
    }
}

fn message(channel: u32, command: u8, payload: &[u8]) -> Vec<Report> {
    let packets = Packets::new(channel, command, payload);
    packets
        .expect("answers are no longer than a message")
        .collect()
}

/// A status that is good, and a hello.
fn hello(serial: &str) -> Vec<u8> {
    let reply = hello::Reply {
        min: hello::VERSION_MIN,
        current: hello::VERSION,
        chip_id: [0; 8],
        serial: Some(serial),
        lifecycle: Lifecycle::Sealed,
        simulated: true,
        firmware: "1",
        message_max: MESSAGE_MAX as u16,
    };
    let mut bytes = vec![0; MESSAGE_MAX];
    let length = reply.encode(&mut bytes[1..]).expect("a hello is short");
    bytes.truncate(1 + length);
    bytes
}
