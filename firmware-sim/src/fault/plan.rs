//! Report faults: which reports of which way, and what becomes of them.

use super::{Counter, Counters};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::{NonZeroU8, NonZeroU32};
use std::str::FromStr;
use tallykey_protocol::limits::REPORT_LEN;
use tallykey_protocol::report::Report;

/// Report faults that may wait at a time: what a person can keep in mind, with much to spare.
const ARMED_MAX: usize = 64;

/// The way of a report, as USB names it: from the host's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the dongle to the host
    In,
    /// From the host to the dongle
    Out,
}

/// Which reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct At {
    /// Way of the report, as USB names it: in is to the host, out is to the dongle
    #[arg(value_name = "in|out", hide_possible_values = true)]
    pub direction: Direction,
    /// Number of the report on that way, from 1, counted from when the fault is armed
    #[arg(value_name = "N")]
    pub report: NonZeroU32,
    /// How many reports in a row
    #[arg(long, value_name = "COUNT", default_value_t = NonZeroU32::MIN)]
    #[serde(default = "once")]
    pub repeat: NonZeroU32,
}

const fn once() -> NonZeroU32 {
    NonZeroU32::MIN
}

/// What becomes of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is lost.
    Drop,
    /// It comes twice.
    Duplicate,
    /// It, and what follows it, comes later.
    Delay {
        /// By how much, in the part's ms.
        ms: u64,
    },
    /// A byte of it changes.
    Corrupt {
        /// Which.
        byte: Offset,
        /// What is turned over in it.
        mask: Mask,
    },
}

/// A place in a report, 0 to 63.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Offset(u8);

/// No place in a report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a report has the bytes 0 to {}", REPORT_LEN - 1)]
pub struct NoOffset;

impl TryFrom<u8> for Offset {
    type Error = NoOffset;

    fn try_from(byte: u8) -> Result<Self, NoOffset> {
        if usize::from(byte) < REPORT_LEN {
            Ok(Self(byte))
        } else {
            Err(NoOffset)
        }
    }
}

impl From<Offset> for u8 {
    fn from(offset: Offset) -> Self {
        offset.0
    }
}

impl FromStr for Offset {
    type Err = NoOffset;

    fn from_str(text: &str) -> Result<Self, NoOffset> {
        text.parse::<u8>().map_err(|_| NoOffset)?.try_into()
    }
}

/// Bits of a byte to turn over, one at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mask(NonZeroU8);

/// No bits of a byte.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("say which bits of the byte turn over: 1 to 255, or 0x01 to 0xff")]
pub struct NoMask;

impl FromStr for Mask {
    type Err = NoMask;

    fn from_str(text: &str) -> Result<Self, NoMask> {
        let number = match text.strip_prefix("0x") {
            Some(hex) => u8::from_str_radix(hex, 16),
            None => text.parse(),
        };
        let bits = number.ok().and_then(NonZeroU8::new);
        bits.map(Self).ok_or(NoMask)
    }
}

/// A fault that waits for its reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Armed {
    at: At,
    change: Change,
    /// Reports of its way since it was armed.
    seen: u64,
}

impl Armed {
    fn first(&self) -> u64 {
        u64::from(self.at.report.get())
    }

    fn last(&self) -> u64 {
        self.first() + u64::from(self.at.repeat.get()) - 1
    }
}

impl fmt::Display for Armed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let change = match self.change {
            Change::Drop => "drop",
            Change::Duplicate => "duplicate",
            Change::Delay { .. } => "delay",
            Change::Corrupt { .. } => "corrupt",
        };
        let way = match self.at.direction {
            Direction::In => "in",
            Direction::Out => "out",
        };
        write!(f, "{change} {way} {}", self.at.report)?;
        match self.change {
            Change::Drop | Change::Duplicate => {}
            Change::Delay { ms } => write!(f, " {ms}")?,
            Change::Corrupt { byte, mask } => {
                write!(f, " --byte {} --xor {:#04x}", byte.0, mask.0)?;
            }
        }
        if self.at.repeat > NonZeroU32::MIN {
            write!(f, " --repeat {}", self.at.repeat)?;
        }
        write!(f, " ({} seen)", self.seen)
    }
}

/// More report faults than can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{ARMED_MAX} report faults are armed already")]
pub struct TooMany;

/// What becomes of one report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passing {
    /// How often it comes.
    pub(super) copies: usize,
    /// How much later, ms.
    pub(super) delay_ms: u64,
}

/// The report faults that are armed, in the order in which they were.
#[derive(Default)]
pub(super) struct Plan {
    armed: Vec<Armed>,
}

impl Plan {
    /// # Errors
    /// [`TooMany`].
    pub(super) fn arm(&mut self, at: At, change: Change) -> Result<(), TooMany> {
        if self.armed.len() >= ARMED_MAX {
            return Err(TooMany);
        }
        let seen = 0;
        self.armed.push(Armed { at, change, seen });
        Ok(())
    }

    pub(super) fn armed(&self) -> &[Armed] {
        &self.armed
    }

    /// Decides about the next report of a way, and changes it if that is its fault.
    pub(super) fn meet(
        &mut self,
        direction: Direction,
        report: &mut Report,
        counters: &mut Counters,
    ) -> Passing {
        let (mut dropped, mut copies, mut delay_ms) = (false, 1, 0);
        let of_this_way = self.armed.iter_mut();
        for armed in of_this_way.filter(|armed| armed.at.direction == direction) {
            armed.seen += 1;
            if !(armed.first()..=armed.last()).contains(&armed.seen) {
                continue;
            }
            let counter = match armed.change {
                Change::Drop => {
                    dropped = true;
                    Counter::Dropped
                }
                Change::Duplicate => {
                    copies += 1;
                    Counter::Duplicated
                }
                Change::Delay { ms } => {
                    delay_ms = ms.saturating_add(delay_ms);
                    Counter::Delayed
                }
                Change::Corrupt { byte, mask } => {
                    report[usize::from(byte.0)] ^= mask.0.get();
                    Counter::Corrupted
                }
            };
            counters.add(counter, 1);
        }
        self.armed.retain(|armed| armed.seen < armed.last());
        Passing {
            copies: if dropped { 0 } else { copies },
            delay_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(direction: Direction, report: u32, repeat: u32) -> At {
        let number = |n| NonZeroU32::new(n).expect("not zero");
        At {
            direction,
            report: number(report),
            repeat: number(repeat),
        }
    }

    #[test]
    fn a_fault_meets_its_reports_and_no_others() {
        let mut plan = Plan::default();
        let mut counters = Counters::default();
        plan.arm(at(Direction::In, 2, 2), Change::Drop)
            .expect("room");
        let mut copies = |direction| {
            plan.meet(direction, &mut [0; REPORT_LEN], &mut counters)
                .copies
        };
        let ways = [Direction::Out, Direction::In, Direction::Out, Direction::In];
        assert_eq!(ways.map(&mut copies), [1, 1, 1, 0]);
        assert_eq!([Direction::In; 2].map(&mut copies), [0, 1]);
        assert_eq!(plan.armed(), []);
        assert_eq!(counters.get(Counter::Dropped), 2);
    }

    #[test]
    fn faults_of_one_report_add_up() {
        let mut plan = Plan::default();
        let mut counters = Counters::default();
        let first = at(Direction::Out, 1, 1);
        let byte = Offset(7);
        let mask = "0x81".parse().expect("a mask");
        for change in [
            Change::Duplicate,
            Change::Delay { ms: 5 },
            Change::Delay { ms: 6 },
            Change::Corrupt { byte, mask },
        ] {
            plan.arm(first, change).expect("room");
        }
        let mut report = [1; REPORT_LEN];
        let passing = plan.meet(Direction::Out, &mut report, &mut counters);
        assert_eq!((passing.copies, passing.delay_ms), (2, 11));
        assert_eq!(
            report.map(|byte| byte == 0x80).iter().position(|x| *x),
            Some(7)
        );
        assert_eq!(counters.get(Counter::Delayed), 2);
    }

    #[test]
    fn the_numbers_that_cannot_be_are_refused() {
        assert_eq!("64".parse::<Offset>(), Err(NoOffset));
        assert_eq!("63".parse::<Offset>(), Ok(Offset(63)));
        for none in ["0", "0x00", "256", "0x100", "x"] {
            assert_eq!(none.parse::<Mask>(), Err(NoMask), "{none}");
        }
        let mut plan = Plan::default();
        let arm = |_| plan.arm(at(Direction::In, 1, 1), Change::Drop);
        let armed: Vec<_> = (0..=ARMED_MAX).map(arm).collect();
        assert_eq!(armed[ARMED_MAX - 1], Ok(()));
        assert_eq!(armed[ARMED_MAX], Err(TooMany));
    }
}
