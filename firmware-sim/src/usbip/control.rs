//! Endpoint 0: control transfers, one after the other (USB 2.0 §8.5.3).
//!
//! ```text
//! setup ─ read ─▶ data to the host ─ short packet, or all of it ─▶ its status packet ─ read ─▶ done
//!            ├──▶ data to the device ─ all read ─▶ status packet written ─▶ done
//!            └──▶ no data ───────────────────────▶ status packet written ─▶ done
//! ```

use super::wire::{Kind, Reply, Submit, UrbStatus};
use std::collections::VecDeque;
use usb_device::{Result, UsbError};

/// Bytes in one packet of endpoint 0.
const PACKET: usize = 64;

/// The control endpoint, both directions.
#[derive(Default)]
pub(super) struct Control {
    current: Option<Transfer>,
    waiting: VecDeque<Transfer>,
    /// The host's status packet of a transfer that ended well is not read yet.
    status_packet: bool,
    /// The device's last packet was taken.
    in_complete: bool,
}

struct Transfer {
    seq: u32,
    setup: [u8; 8],
    setup_read: bool,
    data: Data,
}

enum Data {
    ToHost {
        wanted: usize,
        sent: Vec<u8>,
    },
    ToDevice {
        packets: VecDeque<Vec<u8>>,
        total: usize,
    },
}

impl Transfer {
    /// None if setup packet and URB contradict each other.
    fn new(submit: Submit) -> Option<Self> {
        let to_host = submit.setup[0] & 0x80 != 0;
        let length = usize::from(u16::from_le_bytes([submit.setup[6], submit.setup[7]]));
        let data = match submit.kind {
            Kind::In(room) if to_host && length > 0 => Data::ToHost {
                wanted: length.min(room),
                sent: Vec::new(),
            },
            // Without data, a host may call it either direction.
            Kind::In(_) if length == 0 => Data::ToDevice {
                packets: VecDeque::new(),
                total: 0,
            },
            Kind::Out(bytes) if bytes.len() == length && (length == 0 || !to_host) => {
                Data::ToDevice {
                    packets: bytes.chunks(PACKET).map(<[u8]>::to_vec).collect(),
                    total: length,
                }
            }
            Kind::In(_) | Kind::Out(_) => return None,
        };
        Some(Self {
            seq: submit.seq,
            setup: submit.setup,
            setup_read: false,
            data,
        })
    }
}

impl Control {
    pub(super) fn submit(&mut self, submit: Submit, replies: &mut VecDeque<Reply>) {
        let seq = submit.seq;
        match Transfer::new(submit) {
            Some(transfer) => self.waiting.push_back(transfer),
            None => replies.push_back(ended(seq, UrbStatus::Stalled)),
        }
        self.next();
    }

    /// Whether `victim` was waiting or under way.
    pub(super) fn unlink(&mut self, victim: u32) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|transfer| transfer.seq != victim);
        let current = self.current.take_if(|transfer| transfer.seq == victim);
        let found = current.is_some() || self.waiting.len() < before;
        self.next();
        found
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn next(&mut self) {
        if self.current.is_none() && !self.status_packet {
            self.current = self.waiting.pop_front();
        }
    }

    /// Whether the device has a setup packet to read.
    pub(super) fn has_setup(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(|transfer| !transfer.setup_read)
    }

    /// Whether the device has another packet to read.
    pub(super) fn has_packet(&self) -> bool {
        let data = self.current.as_ref().is_some_and(|transfer| {
            transfer.setup_read
                && matches!(&transfer.data, Data::ToDevice { packets, .. } if !packets.is_empty())
        });
        self.status_packet || data
    }

    /// Whether a packet of the device was taken since the last call.
    pub(super) fn take_in_complete(&mut self) -> bool {
        std::mem::take(&mut self.in_complete)
    }

    pub(super) fn has_in_complete(&self) -> bool {
        self.in_complete
    }

    /// The device reads a packet.
    pub(super) fn read(&mut self) -> Result<Vec<u8>> {
        if std::mem::take(&mut self.status_packet) {
            self.next();
            return Ok(Vec::new());
        }
        let transfer = self.current.as_mut().ok_or(UsbError::WouldBlock)?;
        if !std::mem::replace(&mut transfer.setup_read, true) {
            return Ok(transfer.setup.to_vec());
        }
        match &mut transfer.data {
            Data::ToDevice { packets, .. } => packets.pop_front().ok_or(UsbError::WouldBlock),
            Data::ToHost { .. } => Err(UsbError::WouldBlock),
        }
    }

    /// The device writes a packet.
    pub(super) fn write(&mut self, packet: &[u8], replies: &mut VecDeque<Reply>) -> Result<()> {
        let current = self.current.as_mut();
        let Some(transfer) = current.filter(|transfer| transfer.setup_read) else {
            return Err(UsbError::WouldBlock);
        };
        match &mut transfer.data {
            Data::ToHost { wanted, sent } => {
                sent.extend(packet);
                if packet.len() == PACKET && sent.len() < *wanted {
                    self.in_complete = true;
                    return Ok(());
                }
                sent.truncate(*wanted);
                replies.push_back(Reply::Submit {
                    seq: transfer.seq,
                    status: UrbStatus::Done,
                    moved: sent.len(),
                    data: std::mem::take(sent),
                });
                self.status_packet = true;
            }
            Data::ToDevice { packets, total } => {
                if !packets.is_empty() {
                    return Err(UsbError::WouldBlock);
                }
                replies.push_back(Reply::Submit {
                    seq: transfer.seq,
                    status: UrbStatus::Done,
                    moved: *total,
                    data: Vec::new(),
                });
            }
        }
        self.in_complete = true;
        self.current = None;
        self.next();
        Ok(())
    }

    /// The device does not do this one. It says so for both directions, and the next setup packet lifts it.
    pub(super) fn stall(&mut self, replies: &mut VecDeque<Reply>) {
        if let Some(transfer) = self.current.take_if(|transfer| transfer.setup_read) {
            replies.push_back(ended(transfer.seq, UrbStatus::Stalled));
            self.next();
        }
    }
}

pub(super) fn ended(seq: u32, status: UrbStatus) -> Reply {
    Reply::Submit {
        seq,
        status,
        moved: 0,
        data: Vec::new(),
    }
}
