//! One request and its answer over a [`ReportPort`]: framing, time-outs, and bounds that hold against
//! a device that never stops talking.

use std::time::{Duration, Instant};

use tallykey_protocol::command::Command;
use tallykey_protocol::frame::{
    BROADCAST, BadInit, ErrorCode, Exchange, FrameError, InitReply, NONCE_LEN, Packets, Progress,
    TooLong, command, init_request, keepalive,
};
use tallykey_protocol::limits::CONFIRM_MS;
use tallykey_protocol::report::Report;

use super::random::{self, NoRandom};
use crate::usb::{ReportPort, UsbError};

/// Reports taken for one answer, or within one idle interval: a bus at full speed moves one each
/// millisecond, so this is far above any honest answer and beside it those to other hosts.
const REPORTS_MAX: u32 = 16_384;

/// Requests repeated because another host's message was under way. It takes 0.1 s at most.
const BUSY_RETRIES: u32 = 10;

/// Between two of these.
const BUSY_PAUSE: Duration = Duration::from_millis(50);

/// How long a host waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// For an answer to begin, to go on, or for the next KEEPALIVE: silence beyond it is a miss.
    pub silence: Duration,
    /// For a whole answer, however alive the dongle says it is. A person at its button has [`CONFIRM_MS`] more.
    pub answer: Duration,
}

impl Default for Timing {
    /// A dongle sends KEEPALIVE each 100 ms while it signs, which takes a real part up to 600 ms.
    fn default() -> Self {
        Self {
            silence: Duration::from_millis(1_500),
            answer: Duration::from_secs(10),
        }
    }
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The bus failed.
    #[error(transparent)]
    Usb(#[from] UsbError),
    /// The dongle did not answer in time.
    #[error("the dongle did not answer within {} ms", waited.as_millis())]
    Silent {
        /// How long the host waited.
        waited: Duration,
    },
    /// The dongle sent more reports than any answer has.
    #[error("the dongle sent more than {REPORTS_MAX} reports without a whole answer")]
    Flood,
    /// The answer breaks the framing, or is an error of the framing.
    #[error("the dongle's answer is not usable: {0}")]
    Frame(#[from] FrameError),
    /// The answer to INIT is wrong.
    #[error("the dongle gave no usable channel: {0}")]
    Init(#[from] BadInit),
    /// The request does not fit one message.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// No channel without a random nonce.
    #[error(transparent)]
    Random(#[from] NoRandom),
}

/// A channel of our own on a dongle.
pub(super) struct Link {
    port: Box<dyn ReportPort>,
    channel: u32,
    timing: Timing,
}

impl Link {
    /// Asks the dongle for a channel.
    pub(super) fn new(port: Box<dyn ReportPort>, timing: Timing) -> Result<Self, LinkError> {
        let nonce: [u8; NONCE_LEN] = random::bytes()?;
        let mut link = Self {
            port,
            channel: BROADCAST,
            timing,
        };
        link.channel = link.patiently(|link| link.join(nonce))?;
        Ok(link)
    }

    /// The channel's id, as the transcript of `open` names it.
    pub(super) fn channel(&self) -> u32 {
        self.channel
    }

    /// Sends one request and returns its whole answer. `command` is without bit 7.
    pub(super) fn request(&mut self, command: u8, payload: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.patiently(|link| {
            for report in Packets::new(link.channel, command, payload)? {
                link.port.write(&report)?;
            }
            link.answer(command)
        })
    }

    /// Waits for one more answer to `command` without asking again: the one that came was late.
    pub(super) fn answer(&mut self, command: u8) -> Result<Vec<u8>, LinkError> {
        let mut wait = Wait::new(self.timing);
        let asks = Command::from_code(command).is_some_and(Command::needs_presence);
        let mut exchange = Exchange::new(self.channel, command);
        loop {
            match exchange.feed(&wait.report(self.port.as_mut())?) {
                Progress::Pending => {}
                Progress::KeepAlive(keepalive::UP_NEEDED) if asks => wait.asking(),
                Progress::KeepAlive(_) => wait.heard(),
                Progress::Done(answer) => return Ok(answer.to_vec()),
                Progress::Failed(error) => return Err(error.into()),
            }
        }
    }

    /// Makes the dongle blink.
    pub(super) fn wink(&mut self) -> Result<(), LinkError> {
        self.request(command::WINK, &[]).map(drop)
    }

    /// Lets time pass, so that a dongle that leaves is noticed at once. Reports that come are other
    /// hosts' answers.
    pub(super) fn idle(&mut self, time: Duration) -> Result<(), LinkError> {
        let end = Instant::now() + time;
        for _ in 0..REPORTS_MAX {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.port.read(left)?.is_none() {
                return Ok(());
            }
        }
        Err(LinkError::Flood)
    }

    /// INIT on the broadcast channel, where the answers of all hosts come: ours has our nonce.
    fn join(&mut self, nonce: [u8; NONCE_LEN]) -> Result<u32, LinkError> {
        self.port.write(&init_request(nonce))?;
        let mut wait = Wait::new(self.timing);
        loop {
            let mut exchange = Exchange::new(BROADCAST, command::INIT);
            match exchange.feed(&wait.report(self.port.as_mut())?) {
                Progress::Pending | Progress::KeepAlive(_) => {}
                Progress::Done(answer) => match InitReply::parse(answer, nonce) {
                    Ok(reply) => return Ok(reply.channel),
                    Err(BadInit::OtherNonce) => {}
                    Err(error) => return Err(error.into()),
                },
                Progress::Failed(error) => return Err(error.into()),
            }
        }
    }

    /// A dongle takes one message at a time. That another host's is under way says nothing against
    /// ours: the dongle has not looked at it.
    fn patiently<T>(
        &mut self,
        mut ask: impl FnMut(&mut Self) -> Result<T, LinkError>,
    ) -> Result<T, LinkError> {
        for _ in 0..BUSY_RETRIES {
            match ask(self) {
                Err(LinkError::Frame(FrameError::Device {
                    code: ErrorCode::ChannelBusy,
                })) => self.idle(BUSY_PAUSE)?,
                other => return other,
            }
        }
        ask(self)
    }
}

/// The bounds of one answer, in time and in reports.
struct Wait {
    timing: Timing,
    begin: Instant,
    end: Instant,
    silent_at: Instant,
    reports: u32,
}

impl Wait {
    fn new(timing: Timing) -> Self {
        let now = Instant::now();
        Self {
            timing,
            begin: now,
            end: now + timing.answer,
            silent_at: now + timing.silence,
            reports: 0,
        }
    }

    /// The dongle says that it waits for a person.
    fn asking(&mut self) {
        self.end = self.begin + self.timing.answer + Duration::from_millis(CONFIRM_MS);
        self.heard();
    }

    /// The dongle says that it is at work.
    fn heard(&mut self) {
        self.silent_at = Instant::now() + self.timing.silence;
    }

    fn report(&mut self, port: &mut dyn ReportPort) -> Result<Report, LinkError> {
        self.reports += 1;
        if self.reports > REPORTS_MAX {
            return Err(LinkError::Flood);
        }
        let until = self.silent_at.min(self.end);
        let left = until.saturating_duration_since(Instant::now());
        let report = if left.is_zero() {
            None
        } else {
            port.read(left)?
        };
        report.ok_or(LinkError::Silent {
            waited: if until == self.end {
                self.end - self.begin
            } else {
                self.timing.silence
            },
        })
    }
}

#[cfg(test)]
mod tests;
