//! The device's USB controller, without I/O and clock: transfers of a host on one side, packets of the device on
//! the other. A transfer that the other side is not ready for waits; that is what NAK means on a bus.

use super::control::{Control, ended};
use super::wire::{Kind, Reply, Submit, UrbStatus};
use std::collections::VecDeque;
use usb_device::bus::PollResult;
use usb_device::{Result, UsbDirection, UsbError};

/// Endpoints of each direction, endpoint 0 among them.
pub(super) const ENDPOINTS: usize = 16;

/// Transfers and cancellations a host may have under way, replies that it has not taken included. Linux has
/// three or four with a HID device.
const IN_FLIGHT_MAX: usize = 64;

/// A host wanted more at a time than [`IN_FLIGHT_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {IN_FLIGHT_MAX} transfers at a time")]
pub(super) struct TooMany;

/// Number of a frame of 1 ms. Without pacing there is only frame 0.
pub(super) type Frame = u64;

#[derive(Default)]
pub(super) struct Controller {
    /// Transactions of an endpoint keep to frames.
    paced: bool,
    control: Control,
    to_host: [Option<ToHost>; ENDPOINTS],
    to_device: [Option<ToDevice>; ENDPOINTS],
    reset: bool,
    /// Nothing moves.
    suspended: bool,
    /// What the device has been told of that.
    told_suspended: bool,
    /// Endpoints whose packet the host has taken, one bit each.
    in_complete: u16,
    replies: VecDeque<Reply>,
    in_flight: usize,
}

#[derive(Default)]
struct ToHost {
    size: usize,
    /// Given by the device, not yet taken by the host.
    packet: Option<Vec<u8>>,
    waiting: VecDeque<(u32, usize)>,
    stalled: bool,
    not_before: Frame,
}

#[derive(Default)]
struct ToDevice {
    size: usize,
    waiting: VecDeque<Outgoing>,
    stalled: bool,
    not_before: Frame,
}

struct Outgoing {
    seq: u32,
    total: usize,
    packets: VecDeque<Vec<u8>>,
}

impl Controller {
    pub(super) fn new(paced: bool) -> Self {
        Self {
            paced,
            ..Self::default()
        }
    }

    /// The first frame in which something that happens now can have an effect.
    fn after(&self, now: Frame) -> Frame {
        if self.paced { now + 1 } else { 0 }
    }

    /// Stops everything (USB 2.0 §7.1.7.6), or lets it go on.
    pub(super) fn set_suspended(&mut self, suspended: bool) {
        self.suspended = suspended;
    }

    /// A host came or went, or the device got power: nothing of before is left.
    pub(super) fn begin_anew(&mut self) {
        for endpoint in self.to_host.iter_mut().flatten() {
            *endpoint = ToHost {
                size: endpoint.size,
                ..ToHost::default()
            };
        }
        for endpoint in self.to_device.iter_mut().flatten() {
            *endpoint = ToDevice {
                size: endpoint.size,
                ..ToDevice::default()
            };
        }
        self.control.clear();
        self.replies.clear();
        (self.in_flight, self.in_complete, self.reset) = (0, 0, true);
    }
}

/// The host's side.
impl Controller {
    /// # Errors
    /// [`TooMany`]: this host is to be let go.
    pub(super) fn submit(
        &mut self,
        submit: Submit,
        now: Frame,
    ) -> std::result::Result<(), TooMany> {
        self.count()?;
        let (seq, number, after) = (submit.seq, submit.endpoint, self.after(now));
        if number == 0 {
            self.control.submit(submit, &mut self.replies);
            return Ok(());
        }
        match submit.kind {
            Kind::In(room) => match &mut self.to_host[number] {
                Some(endpoint) if !endpoint.stalled => {
                    if endpoint.waiting.is_empty() {
                        endpoint.not_before = endpoint.not_before.max(after);
                    }
                    endpoint.waiting.push_back((seq, room));
                }
                _ => self.replies.push_back(ended(seq, UrbStatus::Stalled)),
            },
            Kind::Out(bytes) => match &mut self.to_device[number] {
                Some(endpoint) if !endpoint.stalled => {
                    if endpoint.waiting.is_empty() {
                        endpoint.not_before = endpoint.not_before.max(after);
                    }
                    endpoint
                        .waiting
                        .push_back(Outgoing::new(seq, &bytes, endpoint.size));
                }
                _ => self.replies.push_back(ended(seq, UrbStatus::Stalled)),
            },
        }
        self.advance(now);
        Ok(())
    }

    /// # Errors
    /// [`TooMany`].
    pub(super) fn unlink(&mut self, seq: u32, victim: u32) -> std::result::Result<(), TooMany> {
        self.count()?;
        let mut found = self.control.unlink(victim);
        for endpoint in self.to_host.iter_mut().flatten() {
            let before = endpoint.waiting.len();
            endpoint.waiting.retain(|(seq, _)| *seq != victim);
            found |= endpoint.waiting.len() < before;
        }
        for endpoint in self.to_device.iter_mut().flatten() {
            let before = endpoint.waiting.len();
            endpoint.waiting.retain(|transfer| transfer.seq != victim);
            found |= endpoint.waiting.len() < before;
        }
        // An unlinked transfer has no other reply; one that is not found has been replied to.
        let status = if found {
            self.in_flight -= 1;
            UrbStatus::Unlinked
        } else {
            UrbStatus::Done
        };
        self.replies.push_back(Reply::Unlink { seq, status });
        Ok(())
    }

    fn count(&mut self) -> std::result::Result<(), TooMany> {
        if self.in_flight >= IN_FLIGHT_MAX {
            return Err(TooMany);
        }
        self.in_flight += 1;
        Ok(())
    }

    pub(super) fn next_reply(&mut self) -> Option<Reply> {
        self.replies.pop_front()
    }

    /// The host has taken a reply.
    pub(super) fn reply_taken(&mut self) {
        // Zero after a reset between the two.
        self.in_flight = self.in_flight.saturating_sub(1);
    }
}

/// Time.
impl Controller {
    /// Lets waiting transfers take the packets that are there.
    pub(super) fn advance(&mut self, now: Frame) {
        if self.suspended {
            return;
        }
        let after = self.after(now);
        for (number, endpoint) in self.to_host.iter_mut().enumerate() {
            let Some(endpoint) = endpoint else { continue };
            if now < endpoint.not_before || endpoint.waiting.is_empty() {
                continue;
            }
            let Some(packet) = endpoint.packet.take() else {
                continue;
            };
            let Some((seq, room)) = endpoint.waiting.pop_front() else {
                continue;
            };
            self.replies.push_back(if packet.len() > room {
                ended(seq, UrbStatus::Overflow)
            } else {
                Reply::Submit {
                    seq,
                    status: UrbStatus::Done,
                    moved: packet.len(),
                    data: packet,
                }
            });
            endpoint.not_before = after;
            self.in_complete |= 1 << number;
        }
    }

    /// Whether only the next frame has to come for something to happen.
    pub(super) fn waits_for_a_frame(&self, now: Frame) -> bool {
        let to_host = self.to_host.iter().flatten().any(|endpoint| {
            now < endpoint.not_before && endpoint.packet.is_some() && !endpoint.waiting.is_empty()
        });
        let to_device = self
            .to_device
            .iter()
            .flatten()
            .any(|endpoint| now < endpoint.not_before && !endpoint.waiting.is_empty());
        !self.suspended && (to_host || to_device)
    }
}

/// The device's side, as `UsbBus` has it.
impl Controller {
    pub(super) fn allocate(
        &mut self,
        direction: UsbDirection,
        wanted: Option<usize>,
        size: usize,
    ) -> Result<usize> {
        let taken = |number: &usize| match direction {
            UsbDirection::In => self.to_host[*number].is_some(),
            UsbDirection::Out => self.to_device[*number].is_some(),
        };
        let number = match wanted {
            Some(number) => number,
            None => (1..ENDPOINTS)
                .find(|number| !taken(number))
                .ok_or(UsbError::EndpointOverflow)?,
        };
        if number >= ENDPOINTS || taken(&number) {
            return Err(UsbError::InvalidEndpoint);
        }
        match direction {
            UsbDirection::In => {
                self.to_host[number] = Some(ToHost {
                    size,
                    ..ToHost::default()
                });
            }
            UsbDirection::Out => {
                self.to_device[number] = Some(ToDevice {
                    size,
                    ..ToDevice::default()
                });
            }
        }
        Ok(number)
    }

    /// Whether [`Self::poll`] would say something.
    pub(super) fn has_event(&self, now: Frame) -> bool {
        self.suspended != self.told_suspended || !self.suspended && self.has_work(now)
    }

    fn has_work(&self, now: Frame) -> bool {
        self.reset
            || self.in_complete != 0
            || self.control.has_setup()
            || self.control.has_packet()
            || self.control.has_in_complete()
            || self.readable(now) != 0
    }

    fn readable(&self, now: Frame) -> u16 {
        let mut bits = 0;
        for (number, endpoint) in self.to_device.iter().enumerate() {
            if endpoint
                .as_ref()
                .is_some_and(|endpoint| endpoint.is_readable(now))
            {
                bits |= 1 << number;
            }
        }
        bits
    }

    pub(super) fn poll(&mut self, now: Frame) -> PollResult {
        self.advance(now);
        let told = std::mem::replace(&mut self.told_suspended, self.suspended);
        match (told, self.suspended) {
            (false, true) => return PollResult::Suspend,
            (true, false) => return PollResult::Resume,
            (true, true) => return PollResult::None,
            (false, false) => {}
        }
        if std::mem::take(&mut self.reset) {
            return PollResult::Reset;
        }
        let ep_setup = u16::from(self.control.has_setup());
        let control_out = ep_setup == 0 && self.control.has_packet();
        let ep_out = self.readable(now) | u16::from(control_out);
        let ep_in_complete =
            std::mem::take(&mut self.in_complete) | u16::from(self.control.take_in_complete());
        if ep_setup | ep_out | ep_in_complete == 0 {
            return PollResult::None;
        }
        PollResult::Data {
            ep_out,
            ep_in_complete,
            ep_setup,
        }
    }

    pub(super) fn write(&mut self, number: usize, packet: &[u8], now: Frame) -> Result<()> {
        let after = self.after(now);
        let endpoint = self.to_host.get_mut(number).and_then(Option::as_mut);
        let endpoint = endpoint.ok_or(UsbError::InvalidEndpoint)?;
        if packet.len() > endpoint.size {
            return Err(UsbError::BufferOverflow);
        }
        if number == 0 {
            return self.control.write(packet, &mut self.replies);
        }
        if endpoint.packet.is_some() {
            return Err(UsbError::WouldBlock);
        }
        endpoint.packet = Some(packet.to_vec());
        endpoint.not_before = endpoint.not_before.max(after);
        self.advance(now);
        Ok(())
    }

    pub(super) fn read(&mut self, number: usize, into: &mut [u8], now: Frame) -> Result<usize> {
        let after = self.after(now);
        let endpoint = self.to_device.get_mut(number).and_then(Option::as_mut);
        let endpoint = endpoint.ok_or(UsbError::InvalidEndpoint)?;
        let packet = if number == 0 {
            self.control.read()?
        } else if !self.suspended && endpoint.is_readable(now) {
            endpoint.not_before = after;
            let (packet, done) = endpoint.take().ok_or(UsbError::WouldBlock)?;
            self.replies.extend(done);
            packet
        } else {
            return Err(UsbError::WouldBlock);
        };
        let Some(room) = into.get_mut(..packet.len()) else {
            if number == 0 {
                // More than the device takes: on a bus this transfer would not end well either.
                self.control.stall(&mut self.replies);
            }
            return Err(UsbError::BufferOverflow);
        };
        room.copy_from_slice(&packet);
        Ok(packet.len())
    }

    pub(super) fn set_stalled(&mut self, direction: UsbDirection, number: usize, stalled: bool) {
        if number == 0 {
            if stalled {
                self.control.stall(&mut self.replies);
            }
            return;
        }
        let mut halted = Vec::new();
        match direction {
            UsbDirection::In => {
                if let Some(Some(endpoint)) = self.to_host.get_mut(number) {
                    endpoint.stalled = stalled;
                    if stalled {
                        halted.extend(endpoint.waiting.drain(..).map(|(seq, _)| seq));
                    }
                }
            }
            UsbDirection::Out => {
                if let Some(Some(endpoint)) = self.to_device.get_mut(number) {
                    endpoint.stalled = stalled;
                    if stalled {
                        halted.extend(endpoint.waiting.drain(..).map(|transfer| transfer.seq));
                    }
                }
            }
        }
        let replies = halted.into_iter().map(|seq| ended(seq, UrbStatus::Stalled));
        self.replies.extend(replies);
    }

    pub(super) fn is_stalled(&self, direction: UsbDirection, number: usize) -> bool {
        match direction {
            UsbDirection::In => {
                matches!(self.to_host.get(number), Some(Some(endpoint)) if endpoint.stalled)
            }
            UsbDirection::Out => {
                matches!(self.to_device.get(number), Some(Some(endpoint)) if endpoint.stalled)
            }
        }
    }
}

impl ToDevice {
    fn is_readable(&self, now: Frame) -> bool {
        now >= self.not_before && !self.waiting.is_empty()
    }

    /// The next packet, and the reply to its transfer if it was the last.
    fn take(&mut self) -> Option<(Vec<u8>, Option<Reply>)> {
        let transfer = self.waiting.front_mut()?;
        let packet = transfer.packets.pop_front()?;
        if !transfer.packets.is_empty() {
            return Some((packet, None));
        }
        let Outgoing { seq, total, .. } = self.waiting.pop_front()?;
        let done = Reply::Submit {
            seq,
            status: UrbStatus::Done,
            moved: total,
            data: Vec::new(),
        };
        Some((packet, Some(done)))
    }
}

impl Outgoing {
    fn new(seq: u32, bytes: &[u8], size: usize) -> Self {
        let mut packets: VecDeque<_> = bytes.chunks(size.max(1)).map(<[u8]>::to_vec).collect();
        if packets.is_empty() {
            packets.push_back(Vec::new());
        }
        Self {
            seq,
            total: bytes.len(),
            packets,
        }
    }
}
