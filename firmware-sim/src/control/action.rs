//! What can be done to a simulated dongle: one grammar for `ctl`, for `serve --fault` and for the control socket.

use super::Refusal;
use crate::dongle::SimDongle;
use crate::fault::{At, Change, Mask, Mode, Offset};
use crate::flash::{PowerCut, Tear};
use crate::platform::Button;
use clap::{Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

/// Longest work that can be asked for, ms: longer than any host waits.
const TIME_MAX_MS: u64 = 600_000;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Pull it out: power and session are gone
    Unplug,
    /// Plug it in again, after pulling it out if it is in
    Replug,
    /// Suspend it: nothing moves until `resume`, and nothing is forgotten
    Suspend,
    /// End `suspend`
    Resume,
    /// Reset the bus: channels and session are gone
    Reset,
    /// Lose reports
    Drop {
        /// Which.
        #[command(flatten)]
        at: At,
    },
    /// Let reports come twice
    Duplicate {
        /// Which.
        #[command(flatten)]
        at: At,
    },
    /// Let reports, and what follows them, come later
    Delay {
        /// Which.
        #[command(flatten)]
        at: At,
        /// How much later, in milliseconds
        #[arg(value_name = "MS")]
        ms: u64,
    },
    /// Turn bits of reports over
    Corrupt {
        /// Which.
        #[command(flatten)]
        at: At,
        /// Byte of the report, 0 to 63; the message of a first report starts at 7
        #[arg(long, value_name = "BYTE", default_value = "7")]
        byte: Offset,
        /// Bits to turn over in it
        #[arg(long = "xor", value_name = "BITS", default_value = "0x01")]
        mask: Mask,
    },
    /// Take reports and lose them, and answer nothing, until `release`
    Stall {
        /// Until this many reports were lost
        #[arg(long, value_name = "COUNT")]
        reports: Option<NonZeroU64>,
    },
    /// End `stall`
    Release,
    /// Take the power away in the middle of a flash write; `replug` gives it back
    Cut {
        /// Which write, from 1, counted from now: units programmed and sectors erased
        #[arg(value_name = "N")]
        write: NonZeroU64,
        /// What of it reaches the cells: none, all, bit:NUMBER, subset:SEED
        #[arg(long, value_name = "WHAT", default_value = "none")]
        tear: TearAt,
    },
    /// Let signatures take time: 2.6 to 600 on real parts
    SignTime {
        /// Milliseconds
        #[arg(value_name = "MS", value_parser = clap::value_parser!(u64).range(..=TIME_MAX_MS))]
        ms: u64,
    },
    /// Let the erasure of a sector take time: 22 to 400 on real parts
    EraseTime {
        /// Milliseconds
        #[arg(value_name = "MS", value_parser = clap::value_parser!(u64).range(..=TIME_MAX_MS))]
        ms: u64,
    },
    /// Press the button, or say what becomes of it from now on
    Button {
        /// What.
        #[arg(value_enum, value_name = "WHAT")]
        to: Knob,
    },
    /// Put a hostile device in its place, until `clear`
    Hostile {
        /// What that does.
        #[command(subcommand)]
        mode: Mode,
    },
    /// End every fault and set the counters to zero; plug, sign and erase time and button stay
    Clear,
}

/// What is done with the button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Knob {
    /// Press it now, when the dongle asks
    Press,
    /// Press it as soon as the dongle asks
    Accept,
    /// Decline as soon as the dongle asks
    Reject,
    /// Let the dongle wait for `button press`
    Ask,
    /// Have none: nobody is asked
    Absent,
}

/// What of an interrupted write reaches the cells, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TearAt(Tear);

/// Words for no such thing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("say none, all, bit:NUMBER or subset:SEED")]
pub struct BadTear;

impl FromStr for TearAt {
    type Err = BadTear;

    fn from_str(text: &str) -> Result<Self, BadTear> {
        Ok(Self(match text.split_once(':') {
            None if text == "none" => Tear::None,
            None if text == "all" => Tear::All,
            Some(("bit", number)) => Tear::Bit(number.parse().map_err(|_| BadTear)?),
            Some(("subset", seed)) => Tear::Subset(seed.parse().map_err(|_| BadTear)?),
            _ => return Err(BadTear),
        }))
    }
}

impl TryFrom<String> for TearAt {
    type Error = BadTear;

    fn try_from(text: String) -> Result<Self, BadTear> {
        text.parse()
    }
}

impl fmt::Display for TearAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Tear::None => f.write_str("none"),
            Tear::All => f.write_str("all"),
            Tear::Bit(number) => write!(f, "bit:{number}"),
            Tear::Subset(seed) => write!(f, "subset:{seed}"),
        }
    }
}

impl From<TearAt> for String {
    fn from(tear: TearAt) -> Self {
        tear.to_string()
    }
}

/// Reads an action in the words of `ctl`: `drop in 3 --repeat 2`.
///
/// # Errors
/// What clap says of them, for people.
pub fn parse_action(words: &str) -> Result<Action, String> {
    #[derive(Parser)]
    #[command(no_binary_name = true, disable_help_flag = true)]
    struct Words {
        #[command(subcommand)]
        action: Action,
    }
    let parsed = Words::try_parse_from(words.split_whitespace());
    parsed.map(|words| words.action).map_err(|error| {
        let text = error.to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        text.lines().next().unwrap_or_default().to_owned()
    })
}

impl Action {
    /// Does it.
    ///
    /// # Errors
    /// [`Refusal`] if that cannot be done to the dongle as it is.
    pub fn apply(&self, dongle: &SimDongle) -> Result<(), Refusal> {
        match self {
            Self::Unplug => dongle.unplug(),
            Self::Replug => dongle
                .replug()
                .map_err(|why| Refusal::CannotStart { why })?,
            Self::Suspend => dongle.suspend().map_err(|_| Refusal::NotPluggedIn)?,
            Self::Resume => dongle.resume().map_err(|_| Refusal::NotPluggedIn)?,
            Self::Reset if !dongle.is_plugged() => return Err(Refusal::NotPluggedIn),
            Self::Reset => dongle.bus_reset(),
            Self::Drop { at } => arm(dongle, *at, Change::Drop)?,
            Self::Duplicate { at } => arm(dongle, *at, Change::Duplicate)?,
            Self::Delay { at, ms } => arm(dongle, *at, Change::Delay { ms: *ms })?,
            Self::Corrupt { at, byte, mask } => {
                let (byte, mask) = (*byte, *mask);
                arm(dongle, *at, Change::Corrupt { byte, mask })?;
            }
            Self::Stall { reports } => dongle.stall(reports.map(NonZeroU64::get)),
            Self::Release => dongle.release(),
            Self::Cut { write, tear } => dongle.cut(PowerCut::after(write.get() - 1, tear.0)),
            Self::SignTime { ms } => dongle.set_sign_time((*ms).min(TIME_MAX_MS)),
            Self::EraseTime { ms } => dongle.set_erase_time((*ms).min(TIME_MAX_MS)),
            Self::Button { to: Knob::Press } if !dongle.is_asking() => {
                return Err(Refusal::NotAsking);
            }
            Self::Button { to } => match to {
                Knob::Press => dongle.press(),
                Knob::Accept => dongle.set_button(Button::Accept),
                Knob::Reject => dongle.set_button(Button::Reject),
                Knob::Ask => dongle.set_button(Button::Ask),
                Knob::Absent => dongle.set_button(Button::Absent),
            },
            Self::Hostile { mode } => dongle.set_hostile(Some(mode.clone())),
            Self::Clear => dongle.clear(),
        }
        Ok(())
    }
}

fn arm(dongle: &SimDongle, at: At, change: Change) -> Result<(), Refusal> {
    dongle.arm(at, change).map_err(|_| Refusal::TooManyFaults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_an_action_are_one_with_its_json() {
        for (words, json) in [
            ("unplug", r#"{"verb":"unplug"}"#),
            (
                "drop in 3",
                r#"{"verb":"drop","at":{"direction":"in","report":3,"repeat":1}}"#,
            ),
            (
                "delay out 1 250 --repeat 2",
                r#"{"verb":"delay","at":{"direction":"out","report":1,"repeat":2},"ms":250}"#,
            ),
            (
                "corrupt in 2 --byte 63 --xor 0x80",
                r#"{"verb":"corrupt","at":{"direction":"in","report":2,"repeat":1},"byte":63,"mask":128}"#,
            ),
            ("stall --reports 4", r#"{"verb":"stall","reports":4}"#),
            (
                "cut 7 --tear subset:9",
                r#"{"verb":"cut","write":7,"tear":"subset:9"}"#,
            ),
            ("sign-time 250", r#"{"verb":"sign-time","ms":250}"#),
            (
                "hostile silence",
                r#"{"verb":"hostile","mode":{"mode":"silence"}}"#,
            ),
            (
                "hostile answers 00a0 ff",
                r#"{"verb":"hostile","mode":{"mode":"answers","answers":["00a0","ff"]}}"#,
            ),
            (
                "hostile vanish 5",
                r#"{"verb":"hostile","mode":{"mode":"vanish","after":5}}"#,
            ),
        ] {
            let action = parse_action(words).expect(words);
            assert_eq!(serde_json::to_string(&action).expect("text"), json);
            assert_eq!(serde_json::from_str::<Action>(json).expect(json), action);
        }
    }

    #[test]
    fn words_that_are_none_are_refused_in_one_line() {
        for words in [
            "",
            "drop",
            "drop sideways 3",
            "drop in 0",
            "drop in 1 --repeat 0",
            "delay in 1",
            "corrupt in 1 --byte 64",
            "corrupt in 1 --xor 0",
            "cut 0",
            "cut 1 --tear half",
            "sign-time 600001",
            "hostile politeness",
            "hostile answers 0",
            "hostile vanish 0",
        ] {
            let why = parse_action(words).expect_err(words);
            assert!(!why.is_empty() && !why.contains('\n'), "{words}: {why}");
        }
        for json in [
            r#"{"verb":"drop","at":{"direction":"in","report":0}}"#,
            r#"{"verb":"drop","at":{"direction":"in","report":1,"repaet":2}}"#,
            r#"{"verb":"corrupt","at":{"direction":"in","report":1},"byte":64,"mask":1}"#,
            r#"{"verb":"hostile","mode":{"mode":"answers","answers":["0g"]}}"#,
        ] {
            serde_json::from_str::<Action>(json).expect_err(json);
        }
    }
}
