//! The whole device: reports in, reports out.

use crate::device::{Device, REPLY_MAX};
use crate::outbox::Outbox;
use crate::platform::Platform;
use crate::store::BootFault;
use tallykey_protocol::command::Command;
use tallykey_protocol::frame::{
    DeviceInfo, Endpoint, ErrorCode, Input, capability, command, error_report, keepalive,
    keepalive_report,
};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_protocol::limits::{KEEPALIVE_MS, SERIAL_MAX};
use tallykey_protocol::report::Report;
use tallykey_protocol::status::Status;

/// A dongle on the hardware `P`.
///
/// RAM, all of it here: two buffers of the longest message (one for each way), one reply before it is
/// wrapped, and the device's working room: under 36 KiB, which a test checks. Stack comes on top: a proof is put
/// together and signed there.
pub struct Dongle<P> {
    endpoint: Endpoint,
    outbox: Outbox,
    /// A session's reply before its MAC.
    plain: [u8; REPLY_MAX],
    device: Device<P>,
    /// When the host of a held request is to hear of it again, ms.
    alive_ms: u64,
}

/// What INIT says: the version of this crate; WINK works, CTAPHID_MSG does not.
const INFO: DeviceInfo = DeviceInfo {
    version: [
        number(env!("CARGO_PKG_VERSION_MAJOR")),
        number(env!("CARGO_PKG_VERSION_MINOR")),
        number(env!("CARGO_PKG_VERSION_PATCH")),
    ],
    capabilities: capability::WINK | capability::NO_MSG,
};

/// Read when this is compiled: the wire has one byte for each.
const fn number(text: &str) -> u8 {
    match u8::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("a part of the version is above 255"),
    }
}

impl<P: Platform> Dongle<P> {
    /// Starts from what the flash holds.
    ///
    /// # Errors
    /// The platform back, and [`BootFault`]: nothing may be done with this flash.
    pub fn boot(platform: P) -> Result<Self, (P, BootFault)> {
        Ok(Self {
            device: Device::boot(platform)?,
            endpoint: Endpoint::new(INFO),
            outbox: Outbox::new(),
            plain: [0; REPLY_MAX],
            alive_ms: 0,
        })
    }

    /// Takes one report from the host, and does at once what it completes: for a part that is fast at signing and
    /// erasing. What asks a person is still held afterwards.
    pub fn receive(&mut self, report: &Report) {
        self.accept(report);
        self.work();
        while self.held().is_some() && !self.is_asking() {
            self.work();
        }
    }

    /// Takes one report from the host. A command that it completes is *held* until [`Self::work`]; whoever runs this
    /// core may let time pass before that, and calls [`Self::tick`] meanwhile.
    pub fn accept(&mut self, report: &Report) {
        let Self {
            endpoint,
            outbox,
            device,
            alive_ms,
            ..
        } = self;
        let now_ms = device.platform.now_ms();
        let mut random = [0; 4];
        // Channel ids are names, not secrets: where the source fails, framing picks the next free one.
        let _ = device.platform.random(&mut random);
        match endpoint.receive(report, now_ms, u32::from_le_bytes(random)) {
            Input::Nothing => {}
            Input::Reply(reply) => outbox.send_urgent(reply),
            Input::Message { channel, .. } if outbox.busy_for_other(channel) => {
                outbox.send_urgent(error_report(channel, ErrorCode::ChannelBusy));
            }
            Input::Message {
                channel,
                command: command::PING,
                payload,
            } => {
                outbox.send(channel, command::PING, |out| copy(payload, out));
            }
            Input::Message {
                channel,
                command: command::WINK,
                ..
            } => {
                device.platform.wink();
                outbox.send(channel, command::WINK, |_| 0);
            }
            Input::Message {
                channel,
                command: command::LOCK,
                payload,
            } => {
                // Not against the host that has the lease: it must be able to renew it.
                device.tick();
                if device.is_anothers(channel) {
                    outbox.send_urgent(error_report(channel, ErrorCode::ChannelBusy));
                } else {
                    let seconds = payload.first().copied().unwrap_or_default();
                    endpoint.lock(channel, seconds, now_ms);
                    outbox.send(channel, command::LOCK, |_| 0);
                }
            }
            // Nothing that a held request asks for has been done yet. Without one there is nothing to cancel.
            Input::Message {
                command: command::CANCEL,
                ..
            } => {
                if let Some(held) = endpoint.held() {
                    outbox.send(held.channel, held.command, |out| {
                        copy(&[Status::Cancelled.code()], out)
                    });
                    endpoint.release();
                }
            }
            Input::Message {
                channel,
                command: code,
                ..
            } => match Command::from_code(code) {
                Some(_) => {
                    outbox.give_up();
                    endpoint.hold(channel, code);
                    *alive_ms = now_ms.saturating_add(KEEPALIVE_MS);
                }
                None => outbox.send_urgent(error_report(channel, ErrorCode::InvalidCommand)),
            },
        }
        // Cancelled, or dropped by INIT.
        if self.endpoint.held().is_none() {
            self.device.wait_no_more();
        }
    }

    /// The command that is held.
    #[must_use]
    pub fn held(&self) -> Option<Command> {
        Command::from_code(self.endpoint.held()?.command)
    }

    /// Whether the command that is held waits for a person at the button.
    #[must_use]
    pub const fn is_asking(&self) -> bool {
        self.device.is_asking()
    }

    /// Does what is held, and leaves its answer for [`Self::next_report`]. What waits for a bank of the flash to be erased,
    /// one sector a call, or for a person at the button, stays held and goes on at a later call.
    pub fn work(&mut self) {
        let Self {
            endpoint,
            outbox,
            plain,
            device,
            alive_ms,
        } = self;
        let Some(held) = endpoint.held() else {
            return;
        };
        if device.wait_on() {
            return;
        }
        if let Some(command) = Command::from_code(held.command)
            && !outbox.send_if(held.channel, held.command, |out| {
                device.answer(held.channel, command, held.payload, plain, out)
            })
        {
            // §11.2.9.1.7: also whenever the status changes.
            if device.is_asking() {
                outbox.send_urgent(keepalive_report(held.channel, keepalive::UP_NEEDED));
                *alive_ms = device.platform.now_ms().saturating_add(KEEPALIVE_MS);
            }
            return;
        }
        endpoint.release();
    }

    /// The next report for the host, in order.
    pub fn next_report(&mut self) -> Option<Report> {
        self.outbox.next()
    }

    /// Gives up what waited too long, and tells the host of a held request every 100 ms that it is not forgotten. To
    /// be called now and then while no report comes.
    pub fn tick(&mut self) {
        let now_ms = self.device.platform.now_ms();
        if let Some(report) = self.endpoint.tick(now_ms) {
            self.outbox.send_urgent(report);
        }
        if let Some(held) = self.endpoint.held()
            && now_ms >= self.alive_ms
        {
            let status = match self.device.is_asking() {
                true => keepalive::UP_NEEDED,
                false => keepalive::PROCESSING,
            };
            let report = keepalive_report(held.channel, status);
            self.outbox.send_urgent(report);
            self.alive_ms = now_ms.saturating_add(KEEPALIVE_MS);
        }
        self.device.tick();
    }

    /// The bus was reset: channels, hellos and the lease end, and whatever was not fetched is dropped.
    pub fn bus_reset(&mut self) {
        self.endpoint = Endpoint::new(INFO);
        self.outbox.clear();
        self.device.bus_reset();
    }

    /// The USB serial string: the certificate's serial, or the chip id in hex before `personalise`.
    pub fn usb_serial<'o>(&self, out: &'o mut [u8; SERIAL_MAX]) -> &'o str {
        self.device.usb_serial(out)
    }

    /// How far it has come in its life.
    pub fn lifecycle(&self) -> Lifecycle {
        self.device.lifecycle()
    }

    /// The hardware, for what runs this core.
    pub const fn platform(&mut self) -> &mut P {
        &mut self.device.platform
    }

    /// Stops, and gives the hardware back.
    pub fn into_platform(self) -> P {
        self.device.platform
    }
}

fn copy(from: &[u8], into: &mut [u8]) -> usize {
    let length = from.len().min(into.len());
    into[..length].copy_from_slice(&from[..length]);
    length
}
