//! The USB/IP protocol, version 1.1.1, in bytes (Linux kernel, Documentation/usb/usbip_protocol.rst). All numbers
//! are big-endian, except in the setup packet, which is USB's.

use std::io::{self, Read};

/// Where devices are exported: usually 3240.
const VERSION: u16 = 0x0111;

/// Longest transfer that is taken from a host. Ours are of 64 bytes, or descriptors.
pub(super) const TRANSFER_MAX: usize = 4096;

/// Full speed, in the kernel's `enum usb_device_speed`.
const SPEED_FULL: u32 = 2;

const OP_REQ_DEVLIST: u16 = 0x8005;
const OP_REP_DEVLIST: u16 = 0x0005;
const OP_REQ_IMPORT: u16 = 0x8003;
const OP_REP_IMPORT: u16 = 0x0003;
const CMD_SUBMIT: u32 = 1;
const CMD_UNLINK: u32 = 2;
const RET_SUBMIT: u32 = 3;
const RET_UNLINK: u32 = 4;

const BUSID_LEN: usize = 32;
const PATH_LEN: usize = 256;

/// USB/IP's status of an operation: the device is not for you now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum ImportRefused {
    /// Another host has it.
    Busy = 2,
    /// No such device.
    Absent = 4,
}

/// Why an URB ended, as the negative error number that Linux uses on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum UrbStatus {
    Done = 0,
    /// EPIPE: the endpoint stalled.
    Stalled = -32,
    /// EOVERFLOW: the device sent more than was asked for.
    Overflow = -75,
    /// ECONNRESET: unlinked.
    Unlinked = -104,
}

/// A device as it is shown to hosts.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) busid: String,
    pub(super) device: u32,
    pub(super) vendor: u16,
    pub(super) product: u16,
    pub(super) release: u16,
}

impl Record {
    fn write(&self, out: &mut Vec<u8>) {
        padded(
            out,
            &format!("/sys/devices/tallykey-sim/{}", self.busid),
            PATH_LEN,
        );
        padded(out, &self.busid, BUSID_LEN);
        for word in [1, self.device, SPEED_FULL] {
            out.extend(u32::to_be_bytes(word));
        }
        for half in [self.vendor, self.product, self.release] {
            out.extend(half.to_be_bytes());
        }
        // Class, subclass and protocol stand in the interface; not configured yet; one configuration, one interface.
        out.extend([0, 0, 0, 0, 1, 1]);
    }
}

fn padded(out: &mut Vec<u8>, text: &str, length: usize) {
    // Zero-terminated, so one byte less than there is.
    let text = &text.as_bytes()[..text.len().min(length - 1)];
    let end = out.len() + length;
    out.extend(text);
    out.resize(end, 0);
}

/// What a host asks before it drives a device.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Operation {
    List,
    Import { busid: String },
}

impl Operation {
    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let [_, _, high, low, ..] = array::<8>(from)?;
        match u16::from_be_bytes([high, low]) {
            OP_REQ_DEVLIST => Ok(Self::List),
            OP_REQ_IMPORT => {
                let field = array::<BUSID_LEN>(from)?;
                let text = field.split(|byte| *byte == 0).next().unwrap_or_default();
                let busid = String::from_utf8_lossy(text).into_owned();
                Ok(Self::Import { busid })
            }
            _ => Err(bad("an operation that is not known")),
        }
    }
}

fn operation_head(code: u16, status: u32) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(VERSION.to_be_bytes());
    out.extend(code.to_be_bytes());
    out.extend(status.to_be_bytes());
    out
}

/// The answer to [`Operation::List`].
pub(super) fn list_reply(records: &[Record]) -> Vec<u8> {
    let mut out = operation_head(OP_REP_DEVLIST, 0);
    out.extend(u32::to_be_bytes(records.len() as u32));
    for record in records {
        record.write(&mut out);
        // Its interface: HID, no boot protocol, padding.
        out.extend([3, 0, 0, 0]);
    }
    out
}

/// The answer to [`Operation::Import`].
pub(super) fn import_reply(outcome: Result<&Record, ImportRefused>) -> Vec<u8> {
    match outcome {
        Ok(record) => {
            let mut out = operation_head(OP_REP_IMPORT, 0);
            record.write(&mut out);
            out
        }
        Err(refused) => operation_head(OP_REP_IMPORT, refused as u32),
    }
}

/// What a host's controller sends to an imported device.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Submit(Submit),
    Unlink { seq: u32, victim: u32 },
}

/// A transfer that a host wants done (an URB).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Submit {
    pub(super) seq: u32,
    pub(super) endpoint: usize,
    pub(super) kind: Kind,
    /// For endpoint 0.
    pub(super) setup: [u8; 8],
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// At most this many bytes from the device.
    In(usize),
    /// These bytes to the device.
    Out(Vec<u8>),
}

impl Command {
    /// # Errors
    /// The connection failed, or this is no USB/IP, or more than a dongle needs.
    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let head = array::<48>(from)?;
        let word = |n: usize| {
            u32::from_be_bytes([
                head[4 * n],
                head[4 * n + 1],
                head[4 * n + 2],
                head[4 * n + 3],
            ])
        };
        let seq = word(1);
        match word(0) {
            CMD_SUBMIT => {
                let length = word(6) as usize;
                let (endpoint, packets) = (word(4) as usize, word(8));
                if length > TRANSFER_MAX || endpoint > 15 {
                    return Err(bad("a transfer that no dongle needs"));
                }
                if packets != 0 && packets != u32::MAX {
                    return Err(bad("an isochronous transfer"));
                }
                let kind = match word(3) {
                    0 => {
                        let mut data = vec![0; length];
                        from.read_exact(&mut data)?;
                        Kind::Out(data)
                    }
                    1 => Kind::In(length),
                    _ => return Err(bad("a direction that is not known")),
                };
                let mut setup = [0; 8];
                setup.copy_from_slice(&head[40..]);
                Ok(Self::Submit(Submit {
                    seq,
                    endpoint,
                    kind,
                    setup,
                }))
            }
            CMD_UNLINK => Ok(Self::Unlink {
                seq,
                victim: word(5),
            }),
            _ => Err(bad("a command that is not known")),
        }
    }
}

/// What goes back to the host's controller.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Submit {
        seq: u32,
        status: UrbStatus,
        /// Bytes moved, either way.
        moved: usize,
        /// From the device.
        data: Vec<u8>,
    },
    Unlink {
        seq: u32,
        status: UrbStatus,
    },
}

impl Reply {
    pub(super) fn encode(&self) -> Vec<u8> {
        let (command, seq, status, moved, data) = match self {
            Self::Submit {
                seq,
                status,
                moved,
                data,
            } => (RET_SUBMIT, *seq, *status, *moved, &data[..]),
            Self::Unlink { seq, status } => (RET_UNLINK, *seq, *status, 0, &[][..]),
        };
        let mut out = Vec::with_capacity(48 + data.len());
        // Device, direction, endpoint: zero in replies. Then what was moved; the rest is for isochronous transfers.
        for word in [command, seq, 0, 0, 0, status as i32 as u32, moved as u32] {
            out.extend(word.to_be_bytes());
        }
        out.resize(48, 0);
        out.extend(data);
        out
    }
}

fn array<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn bad(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
